// One message to a topic: topics:publish, with an access token from the Secret's credentials or by workload identity.
// https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
import type { HttpRequest } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';
import { readAnswer, readRefusal, Refused } from './answer.ts';
import { accessToken, type Credentials, parseCredentials } from './credentials.ts';

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/userinfo.email'];
/** https://cloud.google.com/pubsub/quotas#resource_limits */
const MAX_ATTRIBUTES = 100;
const MAX_KEY_BYTES = 256;
const MAX_VALUE_BYTES = 1024;

/** Publishes the event; throws ConfigFault for configuration that cannot work. */
export async function publish(context: SendContext, input: RenderInput): Promise<Outcome> {
  const { config } = input;
  checkNames(config);
  checkAttributes(config.headers);
  const credentials = config.token === '' ? undefined : parseCredentials(config.token);
  try {
    const response = await context.http(toRequest(input, credentials, await tokenOf(context, credentials)));
    return readAnswer(response, config, context.clock.nowMs());
  } catch (error) {
    if (error instanceof Refused) return readRefusal(error, config, context.clock.nowMs());
    throw error;
  }
}

function tokenOf(context: SendContext, credentials: Credentials | undefined): Promise<string> {
  return credentials === undefined ? context.identity({ cloud: 'gcp', scopes: SCOPES }) : accessToken(context, credentials);
}

function toRequest({ config, event }: RenderInput, credentials: Credentials | undefined, token: string): HttpRequest {
  const { address, channel, headers } = config;
  const message = {
    data: Buffer.from(encodeFluxEvent(event)).toString('base64'),
    ...(Object.keys(headers).length === 0 ? {} : { attributes: headers }),
  };
  const topic = `projects/${address}/topics/${encodeURIComponent(channel)}`;
  return {
    method: 'POST',
    url: `https://pubsub.${credentials?.universe ?? 'googleapis.com'}/v1/${topic}:publish`,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', `Bearer ${token}`],
    ],
    body: JSON.stringify({ messages: [message] }),
  };
}

function checkNames({ address, channel }: ResolvedConfig): void {
  if (address === '') throw new ConfigFault('GCP project ID cannot be empty');
  if (channel === '') throw new ConfigFault('GCP Pub/Sub topic ID cannot be empty');
  if (!/^[a-z0-9][a-z0-9.:-]*$/i.test(address)) throw new ConfigFault('GCP project ID holds a character that is not allowed');
  if (!/^[a-z][a-z0-9._~%+-]*$/i.test(channel)) throw new ConfigFault('GCP Pub/Sub topic ID holds a character that is not allowed');
}

function checkAttributes(headers: ResolvedConfig['headers']): void {
  const entries = Object.entries(headers);
  if (entries.length > MAX_ATTRIBUTES) throw new ConfigFault(`headers: Pub/Sub takes at most ${MAX_ATTRIBUTES} attributes`);
  for (const [name, value] of entries) {
    if (name === '' || Buffer.byteLength(name) > MAX_KEY_BYTES) {
      throw new ConfigFault(`headers: the name of a Pub/Sub attribute has between 1 and ${MAX_KEY_BYTES} bytes`);
    }
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
      throw new ConfigFault(`headers: the value of a Pub/Sub attribute has at most ${MAX_VALUE_BYTES} bytes`);
    }
  }
}
