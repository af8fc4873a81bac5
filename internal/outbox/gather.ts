// A delivery that speaks for several waits a moment for the next of them, so that a burst of events is one call.

/** Long enough for objects that a controller reconciles one after the other, short enough for whoever watches. */
const GATHER_MS = 2_000;

/** When it is due: a moment from now, and no later than what it replaces would have been. */
export function gatherUntil(nowMs: number, replacedDueMs: number | null): number {
  return Math.min(nowMs + GATHER_MS, replacedDueMs ?? Number.POSITIVE_INFINITY);
}
