// The default reading of an answer: what its status and its headers say a delivery ended as. Pure.
import type { HttpResponse } from './http.ts';
import type { Outcome } from './outcome.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** What a status means where the vendor does not say more; the message names the status and nothing of the body. */
export function outcomeOfStatus(answer: { readonly status: number; readonly headers: HttpResponse['headers'] }, nowMs: number): Outcome {
  const { status } = answer;
  const message = `answered ${status}`;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const afterMs = status === 429 || status === 503 ? retryAfterMs(answer.headers['retry-after'], nowMs) : undefined;
  if (afterMs !== undefined) return { kind: 'deferred', reason: status === 429 ? 'rate-limited' : 'server', message, until: { afterMs } };
  if (status === 429) return { kind: 'retry', reason: 'rate-limited', message };
  if (status === 401 || status === 403 || status === 407) return { kind: 'deferred', reason: 'auth', message, until: 'target-change' };
  if (status === 408) return { kind: 'retry', reason: 'timeout', message };
  if (status === 404) return { kind: 'retry', reason: 'not-found', message };
  if (status === 425 || status >= 500) return { kind: 'retry', reason: 'server', message };
  if (status === 413) return { kind: 'rejected', reason: 'too-large', message };
  if (status >= 300 && status < 400)
    return { kind: 'rejected', reason: 'bad-request', message: `${message}, a redirect that is not followed` };
  return { kind: 'rejected', reason: 'bad-request', message };
}

/** `Retry-After` in seconds or as a date, clamped to between a second and an hour; undefined when absent or unreadable. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  if (text === '') return undefined;
  const delayMs = /^\d+$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - nowMs;
  return Number.isNaN(delayMs) ? undefined : clampDelay(delayMs);
}

/** Between a second and an hour: a vendor's clock may be wrong, and an hour is how long anything here waits unasked. */
export function clampDelay(delayMs: number): number {
  return Math.min(Math.max(delayMs, SECOND_MS), HOUR_MS);
}
