// The backlog rule for lanes of policy `latest`: after an outage a channel gets the newest of what waited, not all of it.

/** Waiting longer than this makes a delivery part of a backlog. */
export const BACKLOG_MS = 15 * 60_000;

export interface WaitingInLane {
  /** Order in the lane. */
  readonly position: number;
  /** Deliveries that it already stands for. */
  readonly precededBy: number;
}

/** True for a delivery that waited so long that only the newest of its kind is worth sending. */
export function isBacklog(ageMs: number): boolean {
  return ageMs > BACKLOG_MS;
}

/** Of the backlog of one lane: the one to send, how many it stands for, and those that end superseded. */
export function foldBacklog<T extends WaitingInLane>(
  backlog: readonly T[],
): { readonly send: T; readonly precededBy: number; readonly superseded: readonly T[] } | null {
  const send = backlog.reduce<T | undefined>(
    (newest, one) => (newest === undefined || one.position > newest.position ? one : newest),
    undefined,
  );
  if (send === undefined) return null;
  const superseded = backlog.filter((one) => one !== send);
  const precededBy = superseded.reduce((sum, one) => sum + 1 + one.precededBy, send.precededBy);
  return { send, precededBy, superseded };
}
