// What Lark answered: errors come as a code in the body of a 200.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { askedToWait, untilChange } from '../../internal/sdk/vendor-outcome.ts';

/** How long a refusal for the rate lasts is not told; the limits are per second and per minute. */
const RATE_LIMIT_MS = 30_000;

// Codes of https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot and of the page on generic error codes.
const RATE_CODES = new Set([11232, 11247, 230020, 99991400]);
const SERVER_CODES = new Set([1500, 2200]);
const UNKNOWN_WEBHOOK = 19001;
/** What somebody has to change in the group's settings or in the Provider. */
const SETTINGS: Readonly<Record<number, string>> = {
  [UNKNOWN_WEBHOOK]: 'Lark does not know the webhook',
  19021: 'Lark wants signed messages: turn off the signature check of the bot',
  19022: 'Lark does not accept messages from this IP address',
  19024: 'Lark misses the keyword that the bot is set to ask for',
};

/** undefined when the status says it all. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  if (response.status === 429 || response.status >= 500) return undefined;
  const code = codeOf(response);
  if (code === undefined || code === 0) return undefined;
  const message = SETTINGS[code];
  if (message !== undefined) return untilChange(code === UNKNOWN_WEBHOOK ? 'auth' : 'config', message);
  if (RATE_CODES.has(code)) return askedToWait('Lark', RATE_LIMIT_MS);
  if (SERVER_CODES.has(code)) return { kind: 'retry', reason: 'server', message: `Lark answered with code ${code}` };
  if (response.status >= 300) return undefined;
  return { kind: 'rejected', reason: 'bad-request', message: `Lark refused the message with code ${code}` };
}

/** Newer bots answer `code`, older ones `StatusCode`. */
function codeOf(response: HttpResponse): number | undefined {
  const answer = jsonAnswer(response);
  const code = answer?.['code'] ?? answer?.['StatusCode'];
  return typeof code === 'number' ? code : undefined;
}
