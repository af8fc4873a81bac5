// How many deliveries of one Target may be leased at a time. A Target that answers quickly gets more than it is sent at once, so
// that its next deliveries are at hand when a commit takes longer than a send; a slow or failing one gets no more than
// its concurrency, so that it never ties up workers that others need.

/** Leases per concurrent send at the most. */
const MAX_AHEAD = 16;
const QUICK_MS = 250;

export interface FinishedTry {
  readonly isDelivered: boolean;
  readonly durationMs: number;
}

/** The window after a try: doubled by a quick success, back to the concurrency by anything else. */
export function nextLeaseWindow(window: number, concurrency: number, { isDelivered, durationMs }: FinishedTry): number {
  if (!isDelivered || durationMs > QUICK_MS) return concurrency;
  return Math.min(Math.max(window, concurrency) * 2, concurrency * MAX_AHEAD);
}
