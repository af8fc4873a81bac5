// What GitHub says of a token: https://docs.github.com/rest/repos/repos#get-a-repository, with the headers of
// https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import {
  ARCHIVED,
  CAN_WRITE,
  EXPIRED,
  type ForgeAnswer,
  IN_DOUBT,
  LACKS,
  LIMITED,
  MISSING,
  RENAMED,
  testForgeCheck,
} from '../../test/support/forge-check-suite.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import github from './github.provider.ts';
import dispatch from './githubdispatch.provider.ts';
import comment from './githubpullrequestcomment.provider.ts';

const NAME = 'example/fleet';
const API = 'https://api.github.com';
const spec = { address: 'https://github.com/example/fleet' };
const secret = { token: 'ghp_12345678' };
const PUSH = { admin: false, push: true, pull: true };

/** The repository as it is answered, with the scopes of a classic token; fine-grained tokens have none. */
function repository(changes: object = {}, scopes?: string): HttpResponse {
  const body = { full_name: NAME, private: true, archived: false, permissions: PUSH, ...changes };
  return toResponse(200, body, scopes === undefined ? {} : { 'x-oauth-scopes': scopes });
}

function answering(response: HttpResponse): ForgeAnswer {
  return ({ url }) => (url === `${API}/repos/example/fleet` ? response : undefined);
}

const readOnly = { permissions: { push: false, pull: true } };
const common = [
  { name: 'archived', answer: answering(repository({ archived: true }, 'repo')), want: ARCHIVED(NAME) },
  {
    name: 'renamed, and followed',
    answer: answering(repository({ full_name: 'example/estate' }, 'repo')),
    want: RENAMED(NAME, 'example/estate'),
  },
  {
    name: 'renamed',
    answer: ({ url }: { readonly url: string }) =>
      url === `${API}/repositories/7`
        ? repository({ full_name: 'example/estate' }, 'repo')
        : toResponse(301, { message: 'Moved Permanently' }, { location: `${API}/repositories/7` }),
    want: RENAMED(NAME, 'example/estate'),
  },
  {
    name: 'a redirect to another server',
    answer: answering(toResponse(301, {}, { location: 'https://example.org/' })),
    want: { kind: 'rejected' as const },
  },
  { name: 'missing', answer: answering(toResponse(404, { message: 'Not Found' })), want: MISSING(NAME) },
  { name: 'an expired token', answer: answering(toResponse(401, { message: 'Bad credentials ghp_12345678' })), want: EXPIRED },
  {
    name: 'a spent budget',
    answer: answering(toResponse(403, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767323100' })),
    want: LIMITED,
  },
  {
    name: 'an organisation that asks for single sign-on',
    answer: answering(toResponse(403, { message: 'Resource protected by organization SAML enforcement.' })),
    want: {
      kind: 'deferred' as const,
      reason: 'auth' as const,
      message: /^could not read example\/fleet: answered 403: Resource protected/,
    },
  },
  {
    name: 'a failing server',
    answer: answering(toResponse(502, 'Bad Gateway')),
    want: { kind: 'retry' as const, reason: 'server' as const },
  },
  { name: 'a page', answer: answering(toResponse(200, '<html>')), want: { kind: 'retry' as const, reason: 'server' as const } },
];

testForgeCheck({
  definition: github,
  spec,
  secret,
  situations: [
    ...common,
    { name: 'a classic token', answer: answering(repository({}, 'repo, user')), want: CAN_WRITE('statuses', NAME) },
    {
      name: 'a token that ends',
      answer: answering({
        ...repository({}, 'repo'),
        headers: { 'x-oauth-scopes': 'repo', 'github-authentication-token-expiration': '2026-12-31 00:00:00 UTC' },
      }),
      want: { kind: 'delivered', note: /^the token can write statuses on example\/fleet; it expires on 2026-12-31$/ },
    },
    { name: 'a token for statuses alone', answer: answering(repository({}, 'repo:status')), want: CAN_WRITE('statuses', NAME) },
    {
      name: 'a token for public repositories',
      answer: answering(repository({ private: false }, 'public_repo')),
      want: CAN_WRITE('statuses', NAME),
    },
    {
      name: 'no scope',
      answer: answering(repository({}, '')),
      want: LACKS('statuses', NAME, /needs the scope repo or repo:status and has none/),
    },
    { name: 'another scope', answer: answering(repository({}, 'read:org')), want: LACKS('statuses', NAME, /and has read:org/) },
    {
      name: 'an owner who may only read',
      answer: answering(repository(readOnly, 'repo')),
      want: LACKS('statuses', NAME, /no push access/),
    },
    { name: 'a fine-grained token', answer: answering(repository()), want: IN_DOUBT(NAME, /fine-grained token/) },
    { name: 'a fine-grained token of a reader', answer: answering(repository(readOnly)), want: LACKS('statuses', NAME, /no push access/) },
  ],
});

testForgeCheck({
  definition: comment,
  spec,
  secret,
  situations: [
    { name: 'a reader may comment', answer: answering(repository(readOnly, 'repo')), want: CAN_WRITE('comments', NAME) },
    {
      name: 'a scope for statuses alone',
      answer: answering(repository({}, 'repo:status')),
      want: LACKS('comments', NAME, /needs the scope repo /),
    },
  ],
});

testForgeCheck({
  definition: dispatch,
  spec,
  secret,
  situations: [
    { name: 'a reader may not dispatch', answer: answering(repository(readOnly, 'repo')), want: LACKS('dispatches', NAME, /push access/) },
  ],
});

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const app = {
  githubAppID: '12345',
  githubAppInstallationID: '678',
  githubAppPrivateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
};

/** https://docs.github.com/rest/apps/apps#get-an-installation-for-the-authenticated-app */
function installation(changes: object, status = 200): ForgeAnswer {
  return ({ url }) => {
    if (url === `${API}/app/installations/678`) return toResponse(status, { id: 678, permissions: {}, suspended_at: null, ...changes });
    if (url === `${API}/app/installations/678/access_tokens`)
      return toResponse(201, { token: 'ghs_1', expires_at: '2040-01-01T00:00:00Z' });
    return url === `${API}/repos/example/fleet` ? repository() : undefined;
  };
}

testForgeCheck({
  definition: github,
  spec,
  secret: app,
  situations: [
    { name: 'an App that may write', answer: installation({ permissions: { statuses: 'write' } }), want: CAN_WRITE('statuses', NAME) },
    {
      name: 'an App that may read',
      answer: installation({ permissions: { statuses: 'read' } }),
      want: LACKS('statuses', NAME, /permission statuses: write/),
    },
    { name: 'a suspended App', answer: installation({ suspended_at: '2026-01-01T00:00:00Z' }), want: LACKS('statuses', NAME, /suspended/) },
    { name: 'an App that was removed', answer: installation({ message: 'Not Found' }, 404), want: MISSING('installation of the App') },
  ],
});

test('github check: without credentials nothing is asked', async () => {
  const bench = createBench(() => toResponse(200));
  const { config } = toRenderInput({ spec, event: exampleEvent() });

  await assert.rejects(async () => await github.check?.(bench.context, config), ConfigFault);
  assert.equal(bench.requests.length, 0);
});
