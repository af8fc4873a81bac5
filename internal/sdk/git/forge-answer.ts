// What the refusals of a forge mean, whether our own requests met them or a vendor's client. Forges differ in where they put
// their words and how they name their limits, not in what the statuses say.
import { type HttpResponse, TransportError } from '../http.ts';
import type { Outcome } from '../outcome.ts';
import type { ResolvedConfig } from '../provider.ts';
import { clampDelay, outcomeOfStatus, retryAfterMs } from '../status-outcome.ts';
import { vendorWords } from '../text/vendor-words.ts';

const SECOND_MS = 1_000;
const FIRST_SERVER_ERROR = 500;

/** An answer that says no. */
export class ForgeRefusal extends Error {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  /** The forge's own words, empty when it had none; they may repeat a credential. */
  readonly words: string;

  constructor({ status, headers, words }: { status: number; headers: HttpResponse['headers']; words: string }) {
    super(`answered ${status}`);
    this.name = 'ForgeRefusal';
    this.status = status;
    this.headers = headers;
    this.words = words;
  }
}

/** An answer that is no refusal and not what the forge documents either, such as a login page or a redirect. */
export class UnusableAnswer extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'UnusableAnswer';
    this.status = status;
  }
}

export interface ForgeErrorReading {
  /** What was being done, the start of the message. */
  readonly what: string;
  readonly config: ResolvedConfig;
  readonly nowMs: number;
  /** A limit that this forge tells in another way than by the usual headers. */
  readonly limitedMs?: (refusal: ForgeRefusal) => number | undefined;
}

/** The outcome of an error on the way to a forge; throws what is no answer of a forge as the transport said it. */
export function outcomeOfForgeError(error: unknown, reading: ForgeErrorReading): Outcome {
  if (error instanceof UnusableAnswer) return outcomeOfUnusable(error, reading);
  if (!(error instanceof ForgeRefusal)) throw transportCause(error) ?? error;
  const outcome = outcomeOfRefusal(error, reading);
  if (outcome.kind === 'delivered') return outcome;
  const words = vendorWords(error.words, reading.config);
  return { ...outcome, message: `${reading.what}: ${outcome.message}${words === '' ? '' : `: ${words}`}` };
}

/**
 * Whether what this answers may have been done all the same: what stands before a forge answers 502 to what the forge did. Where
 * there was no answer, the core sees to it.
 */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof UnusableAnswer || (error instanceof ForgeRefusal && error.status >= FIRST_SERVER_ERROR);
}

/** The answer, unless it is a refusal, which is thrown. */
export function requireSuccess(response: HttpResponse): HttpResponse {
  const { status, headers } = response;
  if (status >= 200 && status < 300) return response;
  throw new ForgeRefusal({ status, headers, words: wordsOf(new TextDecoder().decode(response.body)) });
}

/** The JSON of an answer; anything else was not said by a forge. */
export function requireJson(response: HttpResponse): unknown {
  if (response.truncated) throw new TransportError('too-large', 'the answer is larger than the cap');
  try {
    return JSON.parse(new TextDecoder().decode(response.body));
  } catch {
    throw new UnusableAnswer(response.status, 'the answer is not JSON');
  }
}

/** The objects of a list that a forge answered; forges written in Go say null when there are none. */
export function requireItems(value: unknown, status: number): readonly Readonly<Record<string, unknown>>[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new UnusableAnswer(status, 'the answer is not a list');
  const items = value.filter((item) => item !== null);
  if (!items.every(isObject)) throw new UnusableAnswer(status, 'the answer is a list of something else');
  return items;
}

/** The object that a forge answered, or null; what else answers a write is a page in its way, or no forge. */
export function requireObject(value: unknown, status: number): unknown {
  if (value === null || isObject(value)) return value;
  throw new UnusableAnswer(status, 'the answer is not an object');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function outcomeOfUnusable({ status, message }: UnusableAnswer, { what, nowMs }: ForgeErrorReading): Outcome {
  const outcome = outcomeOfStatus({ status, headers: {} }, nowMs);
  if (outcome.kind === 'delivered') return { kind: 'retry', reason: 'server', message: `${what}: ${message}` };
  return { ...outcome, message: `${what}: ${outcome.message}` };
}

function outcomeOfRefusal(refusal: ForgeRefusal, { nowMs, limitedMs }: ForgeErrorReading): Outcome {
  const { status, headers } = refusal;
  const isLimit = status === 403 || status === 429;
  const afterMs = isLimit ? (headerLimitMs(refusal, nowMs) ?? limitedMs?.(refusal)) : undefined;
  if (afterMs === undefined) return outcomeOfStatus({ status, headers }, nowMs);
  return { kind: 'deferred', reason: 'rate-limited', message: `answered ${status}`, until: { afterMs } };
}

/**
 * Forges name the end of a spent budget in seconds since 1970: GitHub, Azure DevOps and Bitbucket as `X-RateLimit-Reset`,
 * GitLab as `RateLimit-Reset`. Where something is left of the budget, the reset is not what has to be waited for.
 */
function headerLimitMs({ status, headers }: ForgeRefusal, nowMs: number): number | undefined {
  const askedMs = retryAfterMs(headers['retry-after'], nowMs);
  if (askedMs !== undefined) return askedMs;
  const remaining = headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining'];
  const resetMs = Number(headers['x-ratelimit-reset'] ?? headers['ratelimit-reset']) * SECOND_MS;
  const isSpent = remaining === '0' || (remaining === undefined && status === 429);
  return isSpent && resetMs > 0 ? clampDelay(resetMs - nowMs) : undefined;
}

/** Where forges put what they have to say: `message`, `error`, `error.message` or the first of `errors`. */
function wordsOf(text: string): string {
  const value = parsed(text);
  // A page is not meant for whoever reads the outcome.
  if (value === undefined) return text.trimStart().startsWith('<') ? '' : text;
  return toWords(value);
}

function toWords(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) return toWords(value[0]);
  const { message, error, errors } = value as Readonly<Record<string, unknown>>;
  const said = message ?? error ?? errors;
  if (said === undefined) return '';
  const words = toWords(said);
  return words === '' && typeof said === 'object' ? JSON.stringify(said) : words;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function transportCause(error: unknown): TransportError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof TransportError) return current;
  }
  return undefined;
}
