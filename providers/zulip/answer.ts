// What Zulip answered: `result` says whether the message was sent, `code` why not.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { askedToWait, pageInstead, untilChange } from '../../internal/sdk/vendor-outcome.ts';

const SECOND_MS = 1_000;
// https://zulip.com/api/rest-error-handling
const AUTH_CODES = new Set(['INVALID_API_KEY', 'REALM_DEACTIVATED', 'UNAUTHORIZED', 'UNAUTHENTICATED_USER', 'USER_DEACTIVATED']);
const MISSING_CODES = new Set(['STREAM_DOES_NOT_EXIST', 'CHANNEL_DOES_NOT_EXIST', 'NONEXISTENT_SUBDOMAIN']);

/** undefined when the status says it all. */
export function readAnswer(response: HttpResponse): Outcome | undefined {
  const answer = jsonAnswer(response);
  if (answer === undefined) return pageInstead('Zulip', response);
  if (answer['result'] === 'success' && response.status < 300) return delivered(answer['id']);
  if (answer['result'] !== 'error' || response.status >= 500) return undefined;
  if (response.headers['retry-after'] !== undefined) return undefined;
  const code = String(answer['code']);
  if (code === 'RATE_LIMIT_HIT') return rateLimited(answer['retry-after']);
  if (AUTH_CODES.has(code)) return untilChange('auth', `Zulip answered ${code}`);
  if (MISSING_CODES.has(code)) return untilChange('not-found', `Zulip answered ${code}`);
  if (response.status >= 300) return undefined;
  return { kind: 'rejected', reason: 'bad-request', message: 'Zulip answered that the message was not sent' };
}

function delivered(id: unknown): Outcome {
  return typeof id === 'number' ? { kind: 'delivered', ref: String(id) } : { kind: 'delivered' };
}

function rateLimited(seconds: unknown): Outcome {
  if (typeof seconds === 'number') return askedToWait('Zulip', seconds * SECOND_MS);
  return { kind: 'retry', reason: 'rate-limited', message: 'Zulip asks to wait' };
}
