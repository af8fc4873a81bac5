// Which of two deliveries of a `newest` lane is the newer one: event time first, then the order in which they were stored.

export interface LaneAge {
  /** When the event happened by its sender's clock, else when it was accepted. */
  readonly orderMs: number;
  readonly sequence: number;
}

/** True when `a` tells of an earlier state than `b`. */
export function isOlder(a: LaneAge, b: LaneAge): boolean {
  return a.orderMs !== b.orderMs ? a.orderMs < b.orderMs : a.sequence < b.sequence;
}
