// What GitHub's refusals mean. The client throws one error class for answers and for the lack of one.
import { TransportError } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ResolvedConfig } from '../../internal/sdk/provider.ts';
import { clampDelay, outcomeOfStatus, retryAfterMs } from '../../internal/sdk/status-outcome.ts';
import { vendorWords } from '../../internal/sdk/text/vendor-words.ts';

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: without a header, wait at least a minute. */
const SECONDARY_LIMIT_MS = 60_000;
const SECOND_MS = 1_000;

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** GitHub's own words, empty when it had none. */
  readonly words: string;
}

/** An answer that is no refusal and not what GitHub documents either, such as a login page or a redirect. */
export class UnusableAnswer extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'UnusableAnswer';
    this.status = status;
  }
}

/** The outcome of an error that the client threw; `what` says what was being done. Throws what is no answer of GitHub's. */
export function outcomeOfError(error: unknown, what: string, config: ResolvedConfig, nowMs: number): Outcome {
  if (error instanceof UnusableAnswer) return outcomeOfUnusable(error, what, nowMs);
  const refusal = toRefusal(error);
  if (refusal === undefined) throw transportCause(error) ?? error;
  const outcome = outcomeOfRefusal(refusal, nowMs);
  if (outcome.kind === 'delivered') return outcome;
  const words = vendorWords(refusal.words, config);
  return { ...outcome, message: `${what}: ${outcome.message}${words === '' ? '' : `: ${words}`}` };
}

/** True when GitHub answered 404. */
export function isNotFound(error: unknown): boolean {
  return toRefusal(error)?.status === 404;
}

function outcomeOfUnusable({ status, message }: UnusableAnswer, what: string, nowMs: number): Outcome {
  const outcome = outcomeOfStatus({ status, headers: {} }, nowMs);
  if (outcome.kind === 'delivered') return { kind: 'retry', reason: 'server', message: `${what}: ${message}` };
  return { ...outcome, message: `${what}: ${outcome.message}` };
}

function outcomeOfRefusal(refusal: Refusal, nowMs: number): Outcome {
  const { status, headers } = refusal;
  const limitedMs = status === 403 || status === 429 ? rateLimitMs(refusal, nowMs) : undefined;
  if (limitedMs === undefined) return outcomeOfStatus({ status, headers }, nowMs);
  return { kind: 'deferred', reason: 'rate-limited', message: `answered ${status}`, until: { afterMs: limitedMs } };
}

/** Both of GitHub's limits are answered with 403 or 429; undefined for a plain refusal. */
function rateLimitMs({ headers, words }: Refusal, nowMs: number): number | undefined {
  const askedMs = retryAfterMs(headers['retry-after'], nowMs);
  if (askedMs !== undefined) return askedMs;
  const resetMs = Number(headers['x-ratelimit-reset']) * SECOND_MS;
  if (headers['x-ratelimit-remaining'] === '0' && resetMs > 0) return clampDelay(resetMs - nowMs);
  return /rate limit|abuse detection/i.test(words) ? SECONDARY_LIMIT_MS : undefined;
}

/** Network errors and time-outs come as status 500, too, but without an answer. */
function toRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('status' in error) || !('response' in error)) return undefined;
  const response = error.response as { readonly headers?: Record<string, string>; readonly data?: unknown } | undefined;
  if (response === undefined) return undefined;
  return { status: Number(error.status), headers: response.headers ?? {}, words: wordsOf(response.data) };
}

function wordsOf(data: unknown): string {
  if (typeof data === 'string') return data;
  const message = typeof data === 'object' && data !== null && 'message' in data ? data.message : '';
  return typeof message === 'string' ? message : '';
}

function transportCause(error: unknown): TransportError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof TransportError) return current;
  }
  return undefined;
}
