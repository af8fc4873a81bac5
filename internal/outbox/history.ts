// Which attempts a delivery keeps: the first few show how it began, the last few how it stands.

const KEEP_FIRST = 3;
const KEEP_LAST = 7;

/** The number of the attempt that falls out when attempt `added` is recorded; null while all fit. */
export function droppedAttempt(added: number): number | null {
  return added > KEEP_FIRST + KEEP_LAST ? added - KEEP_LAST : null;
}
