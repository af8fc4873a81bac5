// The default reading of a whole answer: what the status says, after the rate-limit headers that vendors send with a
// refusal, in words that a person can act on. Pure: status, headers and a redacted excerpt in, Outcome out.
import type { HttpResponse } from '../sdk/http.ts';
import type { Outcome } from '../sdk/outcome.ts';
import { clampDelay, outcomeOfStatus, retryAfterMs } from '../sdk/status-outcome.ts';

/** Vendors answer 403 when a budget is spent (both of GitHub's limits do), so these may not be about credentials at all. */
const MAYBE_RATE_LIMITED: ReadonlySet<number> = new Set([401, 403, 407, 429]);
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e12;

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
  const { response, nowMs } = answer;
  const outcome = outcomeOfStatus(response, nowMs);
  if (outcome.kind === 'delivered') return outcome;
  const afterMs = MAYBE_RATE_LIMITED.has(response.status) ? rateLimitMs(response.headers, nowMs) : undefined;
  const message = isRedirect(response.status) ? redirectMessage(answer) : describe(answer);
  if (afterMs !== undefined) return { kind: 'deferred', reason: 'rate-limited', message, until: { afterMs } };
  return { ...outcome, message };
}

/** Keeps a wait within the bounds even when a provider made it of something that is no number. */
export function clampAfterMs(afterMs: number): number {
  return clampDelay(Number.isNaN(afterMs) ? 0 : Math.round(afterMs));
}

function rateLimitMs(headers: HttpResponse['headers'], nowMs: number): number | undefined {
  return retryAfterMs(headers['retry-after'], nowMs) ?? exhaustedMs(headers, nowMs);
}

/** How long until a budget that the headers call spent is filled again. */
function exhaustedMs(headers: HttpResponse['headers'], nowMs: number): number | undefined {
  for (const prefix of ['x-ratelimit', 'ratelimit']) {
    const reset = Number.parseFloat(headers[`${prefix}-reset`] ?? '');
    if (headers[`${prefix}-remaining`]?.trim() === '0' && Number.isFinite(reset)) return clampAfterMs(untilResetMs(reset, nowMs));
  }
  return undefined;
}

/** Vendors write the reset as seconds from now, seconds since the epoch, or milliseconds since the epoch. */
function untilResetMs(reset: number, nowMs: number): number {
  if (reset >= EPOCH_MS) return reset - nowMs;
  return reset >= EPOCH_SECONDS ? reset * 1000 - nowMs : reset * 1000;
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function describe({ response, excerpt }: Answer): string {
  const text = excerpt();
  return text === '' ? `answered ${response.status}` : `answered ${response.status}: ${text}`;
}

function redirectMessage({ response, url }: Answer): string {
  const location = response.headers['location'];
  const where = location === undefined ? 'a redirect without Location' : `a redirect to ${toShownLocation(location, url)}`;
  return `answered ${response.status}, ${where} that is not followed`;
}

/** Without user info, query and fragment; and without the path where it repeats the request's own, which can be a credential. */
function toShownLocation(location: string, requestUrl: string): string {
  if (!URL.canParse(location, requestUrl)) return 'an unreadable address';
  const target = new URL(location, requestUrl);
  const ownPath = URL.canParse(requestUrl) ? new URL(requestUrl).pathname.replace(/\/+$/, '') : '';
  const isOwnPath = ownPath !== '' && target.pathname.includes(ownPath);
  return `${target.protocol}//${target.host}${isOwnPath ? '/...' : target.pathname}`;
}
