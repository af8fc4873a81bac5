// The fixed window in which an event counts as the same one: anchored at the key's first event, refilled at every tick.

export interface DedupRow {
  readonly startMs: number;
  /** When the last event of the key was accepted. */
  readonly acceptedMs: number;
}

export interface DedupDecision {
  readonly isDuplicate: boolean;
  readonly row: DedupRow;
  /** End of the current tick. */
  readonly resetAtMs: number;
}

/** How long after its last accepted tick a key is remembered, in windows. */
export const DEDUP_IDLE_WINDOWS = 2;

/** Decides about one event of a key; `row` is what the key's last decision left behind. */
export function takeDedup(row: DedupRow | undefined, windowMs: number, nowMs: number): DedupDecision {
  if (row === undefined || windowMs <= 0) return accept(nowMs, nowMs, windowMs);
  // A clock that went backwards anchors the window anew; the key stays spent.
  const startMs = Math.min(row.startMs, nowMs);
  const tick = Math.floor((nowMs - startMs) / windowMs);
  const lastTick = row.startMs > nowMs ? 0 : Math.floor((row.acceptedMs - startMs) / windowMs);
  if (tick - lastTick > DEDUP_IDLE_WINDOWS) return accept(nowMs, nowMs, windowMs);
  if (tick > lastTick) return accept(startMs, nowMs, windowMs);
  const acceptedMs = Math.min(row.acceptedMs, startMs + (tick + 1) * windowMs - 1);
  return {
    isDuplicate: true,
    row: { startMs, acceptedMs: row.startMs > nowMs ? nowMs : acceptedMs },
    resetAtMs: startMs + (tick + 1) * windowMs,
  };
}

function accept(startMs: number, nowMs: number, windowMs: number): DedupDecision {
  const tick = windowMs <= 0 ? 0 : Math.floor((nowMs - startMs) / windowMs);
  return { isDuplicate: false, row: { startMs, acceptedMs: nowMs }, resetAtMs: startMs + (tick + 1) * Math.max(0, windowMs) };
}
