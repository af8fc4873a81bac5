// Which of two deliveries of a `newest` lane is the newer one: event time first, then the order in which they were stored.

export interface LaneAge {
  /** When the event happened by its sender's clock, else when it was accepted. */
  readonly orderMs: number;
  readonly sequence: number;
}

/** Clocks differ by so much at the most, when they are right. */
const DRIFT_MS = 30_000;

/**
 * An event cannot have happened after it arrived: a sender whose clock is ahead would else silence what comes after it, for as long
 * as its clock was wrong.
 */
export function toOrderMs(occurredAtMs: number | null, acceptedMs: number): number {
  return occurredAtMs === null ? acceptedMs : Math.min(occurredAtMs, acceptedMs + DRIFT_MS);
}

/** True when `a` tells of an earlier state than `b`. */
export function isOlder(a: LaneAge, b: LaneAge): boolean {
  return a.orderMs !== b.orderMs ? a.orderMs < b.orderMs : a.sequence < b.sequence;
}
