// The database's wall clock against this machine's monotonic one: a jump moves all times along, and nothing is pruned for a while.
// Whoever of the replicas sees it first makes it good for all, and says by how much.
import type { Clock } from '../../sdk/ports.ts';
import type { Transaction } from './transaction.ts';

/** Between wall and monotonic time; less is a drift. */
const CLOCK_JUMP_MS = 30_000;
const PRUNE_PAUSE_MS = 60 * 60_000;

const SHIFT = [
  `UPDATE deliveries SET expires_ms = expires_ms + $1, due_ms = due_ms + $1, ready_ms = ready_ms + $1, lease_until_ms = lease_until_ms + $1,
    hold_until_ms = hold_until_ms + $1, first_try_ms = first_try_ms + $1, gone_ms = gone_ms + $1 WHERE ended_ms IS NULL`,
  `UPDATE events SET pending_due_ms = pending_due_ms + $1, pending_since_ms = coalesce(pending_since_ms, accepted_ms) + $1
    WHERE pending_due_ms IS NOT NULL`,
  'UPDATE dedup SET start_ms = start_ms + $1, accepted_ms = accepted_ms + $1, idle_ms = idle_ms + $1',
] as const;

/** What happened in a time that has yet to come happened now: it would be kept for too long, and count as newer than all that follows. */
const FORGET_FUTURE = [
  'UPDATE events SET accepted_ms = $1 WHERE accepted_ms > $1',
  'UPDATE deliveries SET ended_ms = $1 WHERE ended_ms > $1',
  'UPDATE deliveries SET order_ms = $1 WHERE order_ms > $1',
  'UPDATE lane_tops SET order_ms = least(order_ms, $1), at_ms = least(at_ms, $1) WHERE order_ms > $1 OR at_ms > $1',
  'UPDATE facts SET at_ms = $1 WHERE at_ms > $1',
  'UPDATE tallies SET order_ms = least(order_ms, $1), at_ms = least(at_ms, $1) WHERE order_ms > $1 OR at_ms > $1',
] as const;

/** The clocks at one turn. */
export interface TimeMark {
  readonly databaseMs: number;
  readonly monotonicMs: number;
  readonly offsetMs: number;
  /** What was made good in this turn. */
  readonly jumpMs: number;
}

/** Watches the database's clock from turn to turn. */
export class ClockWatch {
  readonly #clock: Clock;
  #mark: TimeMark | undefined;
  #jumpMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes a jump since the last turn good; what it returns counts once it is kept. */
  async check(transaction: Transaction): Promise<TimeMark> {
    const { ledger, nowMs } = transaction;
    const mark = { databaseMs: nowMs, monotonicMs: this.#clock.monotonicMs(), offsetMs: ledger.counters.offsetMs, jumpMs: 0 };
    const jumpMs = this.#jumpSince(mark, nowMs - ledger.counters.atMs);
    if (Math.abs(jumpMs) <= CLOCK_JUMP_MS) return mark;
    await shiftTimes(transaction, jumpMs);
    const counters = ledger.change();
    counters.offsetMs += jumpMs;
    counters.pruneFromMs = nowMs + PRUNE_PAUSE_MS;
    return { ...mark, offsetMs: counters.offsetMs, jumpMs };
  }

  /** To be called when the turn is committed. */
  keep(mark: TimeMark): void {
    this.#mark = mark;
    this.#jumpMs += mark.jumpMs;
  }

  /** How far the clock jumped since this was last asked. */
  takeJump(): number {
    const jumpMs = this.#jumpMs;
    this.#jumpMs = 0;
    return jumpMs;
  }

  #jumpSince(now: TimeMark, sinceAnyTurnMs: number): number {
    // Time only goes back when it is set back, also while nobody looked.
    if (this.#mark === undefined) return Math.min(0, sinceAnyTurnMs);
    const passedMs = now.monotonicMs - this.#mark.monotonicMs;
    const driftMs = now.databaseMs - this.#mark.databaseMs - passedMs - (now.offsetMs - this.#mark.offsetMs);
    // A machine that was suspended sees time leap where none was lost: the others had their turns meanwhile.
    return driftMs > 0 && sinceAnyTurnMs <= CLOCK_JUMP_MS ? 0 : driftMs;
  }
}

/** Moves every time that lies ahead along with the clock, so that a wrong clock neither rushes nor delays anything. */
async function shiftTimes({ connection, ledger, nowMs }: Transaction, byMs: number): Promise<void> {
  await Promise.all([
    ...SHIFT.map((text) => connection.rows(text, [byMs])),
    ...(byMs < 0 ? FORGET_FUTURE.map((text) => connection.rows(text, [nowMs])) : []),
  ]);
  for (const target of ledger.all()) {
    const { breaker } = ledger.touch(target);
    if (breaker.pausedUntilMs !== null) target.breaker = { ...breaker, pausedUntilMs: breaker.pausedUntilMs + byMs };
    target.nextReadyMs += byMs;
    target.tokensAtMs += byMs;
  }
  ledger.change().nextHoldMs += byMs;
}
