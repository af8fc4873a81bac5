// Outcomes that vendors tell in the body of an answer, where the status does not say it.
import type { HttpResponse } from './http.ts';
import type { Outcome, Reason } from './outcome.ts';
import { clampDelay } from './status-outcome.ts';

/** As much of a body as shows what it is. */
const START_BYTES = 256;

/** The vendor says how long to wait; its figure is kept within bounds. */
export function askedToWait(vendor: string, delayMs: number): Extract<Outcome, { kind: 'deferred' }> {
  const until = { afterMs: clampDelay(Math.ceil(delayMs)) };
  return { kind: 'deferred', reason: 'rate-limited', message: `${vendor} asks to wait`, until };
}

/** Somebody has to change the Provider, its Secret or what they name; until then a repeat would fare no better. */
export function untilChange(reason: Reason, message: string): Outcome {
  return { kind: 'deferred', reason, message, until: 'target-change' };
}

/**
 * A page where the vendor's API answers with something else: a login or a proxy stands before it, or the address is that of
 * its web interface. Whatever the status, nobody took the message. undefined for every other answer.
 */
export function pageInstead(vendor: string, { status, headers, body }: HttpResponse): Outcome | undefined {
  const isHtml = /^text\/html\b/i.test(headers['content-type'] ?? '');
  // A server that calls its every answer HTML, also an empty one, is no page.
  const isPage = isHtml && /^\s*</.test(new TextDecoder().decode(body.subarray(0, START_BYTES)));
  if (status < 200 || status >= 300 || !isPage) return undefined;
  return { kind: 'retry', reason: 'server', message: `${vendor} answered ${status} with a page, as its API does not` };
}
