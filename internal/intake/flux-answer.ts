// What the event port answers, header by header as the notification-controller does, plus headers of our own.
import type { Accepted } from './accept-port.ts';

/** One answer, ready to be written. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** ASCII. */
  readonly body: string;
}

const DUPLICATE_BODY = 'Too Many Requests\n';

/** Names the event behind a 202, and the first one behind a 429. */
const EVENT_HEADER = 'Tocsin-Event';
/** Says in words what is wrong; bodies stay as senders know them. */
const ERROR_HEADER = 'Tocsin-Error';

/** The headers with the length of the body. */
export function toHeaders(answer: Answer): Record<string, string> {
  return { ...answer.headers, 'Content-Length': String(answer.body.length) };
}

/** The answer to an event that was handed to the core. */
export function toAnswer(accepted: Accepted): Answer {
  if (accepted.outcome === 'busy') return busyAnswer(accepted.retryAfterMs, accepted.message);
  if (accepted.outcome === 'invalid') return invalidAnswer(accepted.message);
  if (accepted.outcome === 'duplicate') return toDuplicate(accepted.eventId, accepted.resetAtMs);
  return { status: 202, headers: { ...windowHeaders(accepted.resetAtMs), [EVENT_HEADER]: accepted.eventId }, body: '' };
}

/** The answer to what is not an event. */
export function invalidAnswer(message: string): Answer {
  return { status: 400, headers: { [ERROR_HEADER]: message }, body: '' };
}

/** The answer to a body above the cap. */
export function tooLargeAnswer(maxBytes: number): Answer {
  return { status: 413, headers: { [ERROR_HEADER]: `the body exceeds ${maxBytes} bytes` }, body: '' };
}

/** Come back in one or two seconds: Flux senders sleep it inside a reconcile. */
export function busyAnswer(retryAfterMs: number, message: string): Answer {
  const seconds = Math.min(2, Math.max(1, Math.ceil(retryAfterMs / 1000)));
  return { status: 503, headers: { 'Retry-After': String(seconds), [ERROR_HEADER]: message }, body: '' };
}

function toDuplicate(eventId: string, resetAtMs: number): Answer {
  return {
    status: 429,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Retry-After': formatReset(resetAtMs),
      'X-Content-Type-Options': 'nosniff',
      ...windowHeaders(resetAtMs),
      [EVENT_HEADER]: eventId,
    },
    body: DUPLICATE_BODY,
  };
}

function windowHeaders(resetAtMs: number): Record<string, string> {
  return { 'X-Ratelimit-Limit': '1', 'X-Ratelimit-Remaining': '0', 'X-Ratelimit-Reset': formatReset(resetAtMs) };
}

/** A date of HTTP. */
function formatReset(resetAtMs: number): string {
  return new Date(resetAtMs).toUTCString();
}
