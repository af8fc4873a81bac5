// Writing down how tries ended. All results of a tick go to the store as one call. What the store cannot take is kept and
// tried again with back-off; meanwhile `isBlocked` tells the engine to lease nothing, because what is sent now could not
// be recorded.
import { type Settlement, type SettleResult, StoreError, type Outbox } from '../outbox/store.ts';
import type { Clock, Logger, Random } from '../sdk/ports.ts';
import { describeError, jitter } from './failure.ts';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;

export interface Finished {
  readonly settlement: Settlement;
  readonly onSettled: (result: SettleResult) => void;
}

export interface SettleQueue {
  add(finished: Finished): void;
  /** Results that are not durable yet. */
  pending(): number;
  isBlocked(): boolean;
  /** Resolves when the store takes settles again; at once when it does. */
  unblocked(): Promise<void>;
  /** Resolves when nothing is pending. */
  idle(): Promise<void>;
  /** Stops trying again; what is not written stays leased until its lease ends. */
  stop(): void;
  /** Tries again now instead of after the back-off. */
  nudge(): void;
}

export interface SettleQueueOptions {
  readonly outbox: Pick<Outbox, 'settle'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Called whenever fewer results may be pending than before. */
  readonly onChange: () => void;
}

/** An empty queue of results in front of the store. */
export function createSettleQueue(options: SettleQueueOptions): SettleQueue {
  return new Settling(options);
}

class Settling implements SettleQueue {
  readonly #options: SettleQueueOptions;
  #waiting: Finished[] = [];
  #writing = 0;
  #isScheduled = false;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;
  #listeners: (() => void)[] = [];

  constructor(options: SettleQueueOptions) {
    this.#options = options;
  }

  add(finished: Finished): void {
    this.#waiting.push(finished);
    if (this.#failures === 0) this.#schedule();
  }

  pending(): number {
    return this.#waiting.length + this.#writing;
  }

  isBlocked(): boolean {
    return this.#failures > 0;
  }

  async unblocked(): Promise<void> {
    while (this.isBlocked() && !this.#isStopped) await this.#change();
  }

  async idle(): Promise<void> {
    while (this.pending() > 0 && !this.#isStopped) await this.#change();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
    this.#notify();
  }

  nudge(): void {
    if (this.#cancelRetry === undefined) return;
    this.#cancelRetry();
    this.#cancelRetry = undefined;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const batch = this.#waiting;
      this.#waiting = [];
      if (batch.length > 0) void this.#write(batch);
    });
  }

  async #write(batch: readonly Finished[]): Promise<void> {
    this.#writing += batch.length;
    try {
      const results = await this.#options.outbox.settle(batch.map((finished) => finished.settlement));
      this.#onWritten();
      for (const [index, finished] of batch.entries()) report(finished, results[index], this.#options.log);
    } catch (error) {
      if (error instanceof StoreError && error.code !== 'closed') this.#onRefused(batch, error);
      else this.#onBroken(batch, error);
    } finally {
      this.#writing -= batch.length;
      this.#notify();
    }
  }

  #onWritten(): void {
    if (this.#failures === 0) return;
    this.#options.log.info({ failures: this.#failures }, 'The store takes results again');
    this.#failures = 0;
    this.#schedule();
  }

  #onRefused(batch: readonly Finished[], error: StoreError): void {
    this.#waiting = [...batch, ...this.#waiting];
    this.#failures += 1;
    if (this.#failures === 1)
      this.#options.log.error({ code: error.code, error: describeError(error) }, 'Results cannot be stored, sending stops');
    if (this.#isStopped || this.#cancelRetry !== undefined) return;
    const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(this.#failures - 1, 10));
    this.#cancelRetry = this.#options.clock.schedule(jitter(backoffMs, this.#options.random), () => {
      this.#cancelRetry = undefined;
      this.#schedule();
    });
  }

  /** A result that the store rejects for itself must not hold up the others: they are written one by one. */
  #onBroken(batch: readonly Finished[], error: unknown): void {
    if (batch.length > 1 && !(error instanceof StoreError)) {
      for (const finished of batch) void this.#write([finished]);
      return;
    }
    const deliveryIds = batch.map((finished) => finished.settlement.deliveryId);
    this.#options.log.error({ deliveryIds, error: describeError(error) }, 'Results are lost, their deliveries will be tried again');
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#listeners.push(resolve);
    });
  }

  #notify(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
    this.#options.onChange();
  }
}

/** What is stored stays stored, whatever becomes of telling others about it. */
function report(finished: Finished, result: SettleResult | undefined, log: Logger): void {
  if (result === undefined) return;
  try {
    finished.onSettled(result);
  } catch (error) {
    log.error({ error: describeError(error) }, 'A stored result could not be reported');
  }
}
