// The outbox of a database that does not answer yet. The server listens meanwhile, so that probes and people are told what it
// waits for and senders try again; nothing is acknowledged before there is somewhere to keep it.
import { type Lease, type LeaseRequest, type Outbox, StoreError, type StoreStats } from '../internal/outbox/store.ts';
import type { Clock, Logger } from '../internal/sdk/ports.ts';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;
/** A database that is there answers sooner; a start is held up for no longer. */
const FIRST_ANSWER_MS = 2_000;

export interface AwaitedOutboxOptions {
  readonly open: () => Promise<Outbox>;
  /** Whether an opening that failed may succeed by itself, later. */
  readonly isWorthWaiting: (error: unknown) => boolean;
  /** Told once when waiting has become pointless. */
  readonly onFailure: (error: Error) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The outbox itself when it opens at once, else one that stands for it until it does; rejects when waiting cannot help. */
export async function awaitOutbox(options: AwaitedOutboxOptions): Promise<Outbox> {
  const { clock, isWorthWaiting, open } = options;
  const opening = open();
  const awaited = new AwaitedOutbox(options);
  try {
    const opened = await Promise.race([opening, pause(clock, FIRST_ANSWER_MS)]);
    if (opened !== undefined) return opened;
    void awaited.follow(opening);
  } catch (error) {
    if (!isWorthWaiting(error)) throw error;
    void awaited.follow(Promise.reject(error));
  }
  return awaited;
}

class AwaitedOutbox implements Outbox {
  readonly #options: AwaitedOutboxOptions;
  #outbox: Outbox | undefined;
  #problem = 'the database has not answered yet';
  #isClosed = false;
  readonly #settled = Promise.withResolvers<void>();

  constructor(options: AwaitedOutboxOptions) {
    this.#options = options;
  }

  /** Tries until it is open, closed, or pointless. */
  async follow(first: Promise<Outbox>): Promise<void> {
    const { clock, isWorthWaiting, log, onFailure, open } = this.#options;
    let opening = first;
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_RETRY_MS)) {
      try {
        this.#onOpened(await opening);
        return;
      } catch (error) {
        if (!isWorthWaiting(error)) {
          onFailure(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (delayMs === FIRST_RETRY_MS) log.warn({ error }, 'the store cannot be opened yet; it is tried again until it can');
        this.#problem = error instanceof Error ? error.message : String(error);
      }
      await Promise.race([pause(clock, delayMs), this.#settled.promise]);
      if (this.#isClosed) return;
      opening = open();
    }
  }

  #onOpened(outbox: Outbox): void {
    if (this.#isClosed) {
      void outbox.close();
      return;
    }
    this.#outbox = outbox;
    this.#settled.resolve();
    this.#options.log.info({}, 'the store is open');
  }

  #opened(): Outbox {
    if (this.#outbox !== undefined) return this.#outbox;
    throw this.#isClosed ? new StoreError('closed', 'the store is closed') : new StoreError('busy', this.#problem);
  }

  /** Nothing is due in a store that is not open; whoever asks waits as long as for an empty one. */
  async lease(request: LeaseRequest): Promise<readonly Lease[]> {
    if (this.#outbox === undefined) {
      await Promise.race([this.#settled.promise, pause(this.#options.clock, request.waitMs), aborted(request.signal)]);
      if (this.#outbox === undefined && !this.#isClosed) return [];
    }
    return this.#opened().lease(request);
  }

  async stats(): Promise<StoreStats> {
    if (this.#outbox !== undefined || this.#isClosed) return this.#opened().stats();
    return {
      states: { waiting: 0, leased: 0, delivered: 0, superseded: 0, cancelled: 0, dead: 0 },
      events: 0,
      pendingEvents: 0,
      bytes: 0,
      writable: false,
      problem: this.#problem,
      persistent: true,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#settled.resolve();
    await this.#outbox?.close();
  }

  readonly append: Outbox['append'] = async (entries) => this.#opened().append(entries);
  readonly pending: Outbox['pending'] = async (request) => this.#opened().pending(request);
  readonly resolve: Outbox['resolve'] = async (entries) => this.#opened().resolve(entries);
  readonly settle: Outbox['settle'] = async (entries) => this.#opened().settle(entries);
  readonly release: Outbox['release'] = async (leases) => this.#opened().release(leases);
  readonly recall: Outbox['recall'] = async (scope, key) => this.#opened().recall(scope, key);
  readonly tally: Outbox['tally'] = async (lane) => this.#opened().tally(lane);
  readonly wake: Outbox['wake'] = async (targetKeys) => this.#opened().wake(targetKeys);
  readonly delivery: Outbox['delivery'] = async (id) => this.#opened().delivery(id);
  readonly deliveries: Outbox['deliveries'] = async (filter) => this.#opened().deliveries(filter);
  readonly event: Outbox['event'] = async (id) => this.#opened().event(id);
  readonly events: Outbox['events'] = async (filter) => this.#opened().events(filter);
  readonly targets: Outbox['targets'] = async () => this.#opened().targets();
  readonly replay: Outbox['replay'] = async (request) => this.#opened().replay(request);
  readonly cancel: Outbox['cancel'] = async (request) => this.#opened().cancel(request);
  readonly maintain: Outbox['maintain'] = async () => this.#opened().maintain();
}

function pause(clock: Clock, delayMs: number): Promise<undefined> {
  return new Promise((resolve) => clock.schedule(delayMs, () => resolve(undefined)));
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
