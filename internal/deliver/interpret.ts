// The default reading of a vendor's answer. Pure: status, headers and a redacted excerpt in, Outcome out.
// Providers whose vendors hide errors in a 200, or say more than the status, read the answer themselves first.
import type { HttpResponse } from '../sdk/http.ts';
import type { Outcome, Reason } from '../sdk/outcome.ts';

/** The shortest and the longest that a vendor may make a delivery wait. */
export const MIN_AFTER_MS = 1000;
export const MAX_AFTER_MS = 3_600_000;

export interface Answer {
  readonly response: Pick<HttpResponse, 'status' | 'headers'>;
  /** The request's URL; what of it a redirect repeats is not shown. */
  readonly url: string;
  /** A short, already redacted piece of the body. */
  readonly excerpt: () => string;
  readonly nowMs: number;
}

/** What an answer means when the provider does not say otherwise. */
export function interpretResponse(answer: Answer): Outcome {
  const { status } = answer.response;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status >= 300 && status < 400) return { kind: 'rejected', reason: 'bad-request', message: redirectMessage(answer) };
  switch (status) {
    case 401:
    case 403:
    case 407:
      return refused(answer);
    case 404:
      return retry(answer, 'not-found');
    case 408:
      return retry(answer, 'timeout');
    case 413:
      return { kind: 'rejected', reason: 'too-large', message: describe(answer) };
    case 425:
      return retry(answer, 'server');
    case 429:
      return busy(answer, 'rate-limited', retryAfterMs(answer) ?? exhaustedMs(answer));
    case 503:
      return busy(answer, 'server', retryAfterMs(answer));
    default:
      if (status >= 400 && status < 500) return { kind: 'rejected', reason: 'bad-request', message: describe(answer) };
      return retry(answer, 'server');
  }
}

/** Keeps a wait between 1 s and 1 h; anything that is no number becomes the shortest. */
export function clampAfterMs(afterMs: number): number {
  if (Number.isNaN(afterMs)) return MIN_AFTER_MS;
  return Math.min(MAX_AFTER_MS, Math.max(MIN_AFTER_MS, Math.round(afterMs)));
}

/** Vendors answer 403 when a budget is spent (GitHub's both rate limits do), so their headers are read before it counts as bad credentials. */
function refused(answer: Answer): Outcome {
  const afterMs = retryAfterMs(answer) ?? exhaustedMs(answer);
  if (afterMs !== undefined) return busy(answer, 'rate-limited', afterMs);
  return { kind: 'deferred', reason: 'auth', message: describe(answer), until: 'target-change' };
}

function busy(answer: Answer, reason: Reason, afterMs: number | undefined): Outcome {
  if (afterMs === undefined) return retry(answer, reason);
  return { kind: 'deferred', reason, message: describe(answer), until: { afterMs: clampAfterMs(afterMs) } };
}

function retry(answer: Answer, reason: Reason): Outcome {
  return { kind: 'retry', reason, message: describe(answer) };
}

/** `Retry-After` in seconds or as an HTTP date; undefined when absent or unreadable. */
function retryAfterMs(answer: Answer): number | undefined {
  const value = answer.response.headers['retry-after']?.trim() ?? '';
  if (value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return /[a-z]/i.test(value) && !Number.isNaN(dateMs) ? dateMs - answer.nowMs : undefined;
}

/** How long until a budget that the headers call spent is filled again. */
function exhaustedMs(answer: Answer): number | undefined {
  const { headers } = answer.response;
  for (const prefix of ['x-ratelimit', 'ratelimit']) {
    const reset = Number.parseFloat(headers[`${prefix}-reset`] ?? '');
    if (headers[`${prefix}-remaining`]?.trim() === '0' && Number.isFinite(reset)) return untilResetMs(reset, answer.nowMs);
  }
  return undefined;
}

/** Vendors write the reset as seconds from now, seconds since the epoch, or milliseconds since the epoch. */
function untilResetMs(reset: number, nowMs: number): number {
  if (reset >= 1e12) return reset - nowMs;
  return reset >= 1e9 ? reset * 1000 - nowMs : reset * 1000;
}

function describe(answer: Answer): string {
  const excerpt = answer.excerpt();
  return excerpt === '' ? `HTTP ${answer.response.status}` : `HTTP ${answer.response.status}: ${excerpt}`;
}

function redirectMessage(answer: Answer): string {
  const location = answer.response.headers['location'];
  if (location === undefined) return `HTTP ${answer.response.status}: a redirect without Location`;
  return `HTTP ${answer.response.status}: redirects to ${toShownLocation(location, answer.url)} are not followed`;
}

/** Without user info, query and fragment; and without the path where it repeats the request's own, which can be a credential. */
function toShownLocation(location: string, requestUrl: string): string {
  if (!URL.canParse(location, requestUrl)) return 'an unreadable address';
  const target = new URL(location, requestUrl);
  const ownPath = URL.canParse(requestUrl) ? new URL(requestUrl).pathname.replace(/\/+$/, '') : '';
  const isOwnPath = ownPath !== '' && target.pathname.includes(ownPath);
  return `${target.protocol}//${target.host}${isOwnPath ? '/...' : target.pathname}`;
}
