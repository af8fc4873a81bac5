// GitHub's own client on our transport: no log of its own, no retries, one credential per client.
import { Octokit } from '@octokit/rest';
import { requireSendable } from '../../internal/sdk/git/commit-status.ts';
import type { SendContext } from '../../internal/sdk/provider.ts';

/** The version of the REST API that this folder was written against. */
const API_VERSION = '2022-11-28';
/** The client would send a charset with its bodies, which Flux does not. */
const JSON_TYPE = { 'content-type': 'application/json' };

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A client for one API and one bearer token; throws ConfigFault for a token that no header can carry. */
export function createClient(context: SendContext, apiBase: string, token: string): Octokit {
  const credential = requireSendable(token);
  const client = new Octokit({
    baseUrl: apiBase,
    log: silent,
    request: { fetch: context.fetch, signal: context.signal, log: silent },
  });
  client.hook.before('request', (options) => {
    options.headers.authorization = `Bearer ${credential}`;
    options.headers['x-github-api-version'] = API_VERSION;
    // The client would add the versions of itself and of Node.
    options.headers['user-agent'] = 'tocsin';
    if (options.method !== 'GET') Object.assign(options.headers, JSON_TYPE);
  });
  return client;
}

// The client logs whole requests, credentials included; what it would say is in the outcome.
function ignore(): void {}
