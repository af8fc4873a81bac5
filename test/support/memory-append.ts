// The appending half of the outbox's port, in memory: dedup by key, failures and delays as a test wants them.
import type { Append, AppendResult, Outbox } from '../../internal/outbox/store.ts';
import type { Clock } from '../../internal/sdk/ports.ts';

interface Held {
  readonly entries: readonly Append[];
  readonly resolve: (results: readonly AppendResult[]) => void;
  readonly reject: (error: Error) => void;
}

/** Stores what it is given; a key counts as seen until its window ends. */
export class MemoryAppend implements Pick<Outbox, 'append'> {
  readonly stored: Append[] = [];
  /** Sizes of the append calls. */
  readonly batches: number[] = [];
  /** Thrown by append while set. */
  error: Error | undefined;
  /** While true, appends wait for `release`. */
  isHolding = false;
  readonly #clock: Clock;
  readonly #seen = new Map<string, AppendResult>();
  readonly #held: Held[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get held(): number {
    return this.#held.length;
  }

  append(entries: readonly Append[]): Promise<readonly AppendResult[]> {
    this.batches.push(entries.length);
    if (this.error !== undefined) return Promise.reject(this.error);
    if (!this.isHolding) return Promise.resolve(entries.map((entry) => this.#store(entry)));
    return new Promise((resolve, reject) => this.#held.push({ entries, resolve, reject }));
  }

  /** Commits what waits, or fails it. */
  release(error?: Error): void {
    for (const { entries, resolve, reject } of this.#held.splice(0)) {
      if (error === undefined) resolve(entries.map((entry) => this.#store(entry)));
      else reject(error);
    }
  }

  #store(entry: Append): AppendResult {
    const { dedup, id } = entry.event;
    const first = dedup === null ? undefined : this.#seen.get(dedup.key);
    if (first !== undefined && first.resetAtMs > this.#clock.nowMs()) return { ...first, outcome: 'duplicate' };
    const result: AppendResult = {
      outcome: 'accepted',
      eventId: id,
      resetAtMs: dedup === null ? 0 : this.#clock.nowMs() + dedup.windowMs,
    };
    if (dedup !== null) this.#seen.set(dedup.key, result);
    this.stored.push(entry);
    return result;
  }
}
