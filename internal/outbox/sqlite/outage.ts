// What is remembered of writes that the disk refused, until one succeeds.
import type { Failure } from '../operations.ts';

/** Longer than a result waits between two tries to store it. */
const GRACE_MS = 60_000;

/** The last trouble with the disk. */
export class Outage {
  #failure: Failure | undefined;
  #graceUntilMs = Number.NEGATIVE_INFINITY;

  begin(failure: Failure, monotonicMs: number): void {
    this.#failure = failure;
    this.#graceUntilMs = monotonicMs + GRACE_MS;
  }

  end(): void {
    this.#failure = undefined;
  }

  /** Why the last write failed; undefined when it did not. */
  get problem(): string | undefined {
    return this.#failure?.message;
  }

  /** While it lasts, and until results that could not be stored have had their turn, no lease is taken for lost. */
  isFelt(monotonicMs: number): boolean {
    return monotonicMs < this.#graceUntilMs;
  }
}
