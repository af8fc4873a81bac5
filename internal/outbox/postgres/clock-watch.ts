// The database's wall clock against this machine's monotonic one: a jump moves all times that lie ahead, and nothing is pruned for a
// while. Whoever of the replicas sees it first makes it good for all, and says by how much.
import type { Clock } from '../../sdk/ports.ts';
import { shiftTimes } from './maintenance.ts';
import type { Transaction } from './transaction.ts';

const CLOCK_JUMP_MS = 30_000;
const PRUNE_PAUSE_MS = 60 * 60_000;

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
    if (this.#mark === undefined) return 0;
    const driftMs =
      now.databaseMs - this.#mark.databaseMs - (now.monotonicMs - this.#mark.monotonicMs) - (now.offsetMs - this.#mark.offsetMs);
    // A machine that was suspended sees time leap where there was none lost: the others had their turns meanwhile.
    return driftMs > 0 && sinceAnyTurnMs <= CLOCK_JUMP_MS ? 0 : driftMs;
  }
}
