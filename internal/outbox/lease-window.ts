// How many deliveries of one Target may be leased at a time. A Target that answers quickly gets more than it is sent at once, so
// that its next deliveries are at hand when a commit takes longer than a send; a slow or failing one gets no more than
// its concurrency, so that it never ties up workers that others need.

/** Leases per concurrent send at the most. */
const MAX_AHEAD = 16;
const QUICK_MS = 250;
/** Of what is free, one Target may hold this part: many that hang together leave as much for the next. */
const SHARE_OF_ROOM = 1 / 4;

export interface FinishedTry {
  readonly isDelivered: boolean;
  readonly durationMs: number;
}

/** The window after a try: doubled by a quick success, back to the concurrency by anything else. */
export function nextLeaseWindow(window: number, concurrency: number, { isDelivered, durationMs }: FinishedTry): number {
  if (!isDelivered || durationMs > QUICK_MS) return concurrency;
  return Math.min(Math.max(window, concurrency) * 2, concurrency * MAX_AHEAD);
}

/** The window where its process has room for this many more: a Target that holds nothing gets one while there is any. */
export function windowWithin(room: number, window: number): number {
  return Math.min(window, Math.max(1, Math.floor(room * SHARE_OF_ROOM)));
}
