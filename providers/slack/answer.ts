// What chat.postMessage answered: Slack reports most failures in the body of a 200 and the HTTP status says little.
import type { HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { askedToWait, untilChange } from '../../internal/sdk/vendor-outcome.ts';

/** https://docs.slack.dev/apis/web-api/rate-limits: used when a refusal comes without Retry-After. */
const RATE_LIMIT_MS = 30_000;
const SECOND_MS = 1_000;

/** Errors of https://docs.slack.dev/reference/methods/chat.postMessage that a person mends in the token or its scopes. */
const AUTH_ERRORS = new Set([
  'access_denied',
  'accesslimited',
  'account_inactive',
  'ekm_access_denied',
  'invalid_auth',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_authed',
  'org_login_required',
  'token_expired',
  'token_revoked',
]);
const SERVER_ERRORS = new Set(['fatal_error', 'internal_error', 'request_timeout', 'service_unavailable', 'team_added_to_org']);
const MISSING_ERRORS = new Set(['channel_not_found', 'is_archived', 'not_in_channel', 'user_not_found']);

/** undefined for a status that the default reading knows better: 429 and the 5xx. */
export function readApiAnswer(response: HttpResponse): Outcome | undefined {
  if (response.status === 429 || response.status >= 500) return undefined;
  const answer = parseAnswer(new TextDecoder().decode(response.body));
  if (answer === undefined) return { kind: 'retry', reason: 'server', message: `Slack answered ${response.status} without its JSON` };
  if (answer.ok) return answer.ref === undefined ? { kind: 'delivered' } : { kind: 'delivered', ref: answer.ref };
  const message = `Slack responded with error: ${answer.error}`;
  if (answer.error === 'ratelimited' || answer.error === 'rate_limited') {
    return { ...askedToWait('Slack', askedDelayMs(response)), message };
  }
  if (AUTH_ERRORS.has(answer.error)) return untilChange('auth', message);
  if (SERVER_ERRORS.has(answer.error)) return { kind: 'retry', reason: 'server', message };
  if (MISSING_ERRORS.has(answer.error)) return { kind: 'rejected', reason: 'not-found', message };
  return { kind: 'rejected', reason: answer.error === 'msg_too_long' ? 'too-large' : 'bad-request', message };
}

interface Answer {
  readonly ok: boolean;
  readonly error: string;
  /** The id of the message. */
  readonly ref?: string;
}

/**
 * Reads only what Slack puts first: the rest of an answer repeats the message and may be cut off, and what stands behind
 * the first JSON value does not count.
 */
function parseAnswer(text: string): Answer | undefined {
  const whole = parseJson(text);
  const start = /^\s*\{\s*"ok"\s*:\s*(true|false)/.exec(text)?.[1];
  const ok = whole === undefined ? (start === undefined ? undefined : start === 'true') : whole['ok'] === true;
  if (ok === undefined) return undefined;
  const error = whole === undefined ? /"error"\s*:\s*"([^"]*)"/.exec(text)?.[1] : whole['error'];
  const ref = whole?.['ts'];
  // Error codes are words; anything else could be an echo of what was sent.
  const code = typeof error === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(error) ? error : 'unknown';
  return { ok, error: code, ...(typeof ref === 'string' && /^[0-9.]{1,32}$/.test(ref) ? { ref } : {}) };
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // A cut or foreign answer is read by its first characters instead.
    return undefined;
  }
}

function askedDelayMs(response: HttpResponse): number {
  const seconds = Number(response.headers['retry-after'] ?? '');
  return seconds > 0 ? seconds * SECOND_MS : RATE_LIMIT_MS;
}
