// One event to an event hub over HTTPS: POST /{hub}/messages, signed with a shared access key or with a bearer token.
// https://learn.microsoft.com/rest/api/eventhub/send-event
import { createHmac } from 'node:crypto';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { outcomeOfStatus } from '../../internal/sdk/status-outcome.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';
import { vendorWords } from '../../internal/sdk/text/vendor-words.ts';
import { type Hub, type SharedAccess, toHub } from './connection.ts';

/** Names the cloud that the namespace is in. */
export const AUTHORITY = 'AZURE_AUTHORITY_HOST';
const SCOPE = 'https://eventhubs.azure.net//.default';
const API_VERSION = '2014-01';
/** What the service itself waits for the hub; the attempt has its own deadline. */
const SERVICE_TIMEOUT_S = 60;
/** A signature is made for each request; this leaves room for clocks that differ. */
const SIGNATURE_LIFETIME_S = 3600;

/** Sends the event; throws ConfigFault for configuration that cannot work. */
export async function sendEvent(context: SendContext, input: RenderInput): Promise<Outcome> {
  const hub = toHub(input.config, input.environment?.[AUTHORITY]);
  const authorization = await authorizationOf(context, hub, input);
  const response = await context.http(toRequest(hub, authorization, input));
  return readAnswer(response, input.config, context.clock.nowMs());
}

async function authorizationOf(context: SendContext, { host, name, sharedAccess }: Hub, { config, nowMs }: RenderInput): Promise<string> {
  if (sharedAccess !== undefined) return toSignature(`https://${host}/${name}`, sharedAccess, nowMs);
  const token = config.token.trim() || (await context.identity({ cloud: 'azure', scopes: [SCOPE] }));
  if (/\s/.test(token)) throw new ConfigFault('failed to create a eventhub using authentication token: the token holds a blank');
  return `Bearer ${token}`;
}

/** https://learn.microsoft.com/rest/api/eventhub/generate-sas-token */
function toSignature(resource: string, { keyName, key }: SharedAccess, nowMs: number): string {
  const expiry = Math.floor(nowMs / 1000) + SIGNATURE_LIFETIME_S;
  const encoded = encodeURIComponent(resource);
  const signature = createHmac('sha256', key).update(`${encoded}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${encodeURIComponent(keyName.toWellFormed())}`;
}

function toRequest({ host, name }: Hub, authorization: string, { event, deliveryId }: RenderInput): HttpRequest {
  return {
    method: 'POST',
    url: `https://${host}/${name}/messages?timeout=${SERVICE_TIMEOUT_S}&api-version=${API_VERSION}`,
    headers: [
      ['Content-Type', 'application/atom+xml;type=entry;charset=utf-8'],
      ['Authorization', authorization],
      ['Tocsin-Delivery', deliveryId],
    ],
    body: encodeFluxEvent(event),
  };
}

function readAnswer(response: HttpResponse, config: ResolvedConfig, nowMs: number): Outcome {
  const outcome = outcomeOfStatus(response, nowMs);
  if (outcome.kind === 'delivered') return outcome;
  // <Error><Code>401</Code><Detail>...</Detail></Error>
  const detail = /<Detail>([^<]*)/.exec(new TextDecoder().decode(response.body))?.[1] ?? '';
  const words = vendorWords(detail, withKey(config));
  return { ...outcome, message: `failed to send msg: ${outcome.message}${words === '' ? '' : `: ${words}`}` };
}

/** The key of a connection string stands in the address, where it is not known as a secret of its own. */
function withKey(config: ResolvedConfig): ResolvedConfig {
  const key = /SharedAccessKey=([^;]+)/i.exec(config.address)?.[1] ?? '';
  return { ...config, secret: { ...config.secret, address: config.address, key } };
}
