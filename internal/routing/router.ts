// Settles verdicts that could not be known when their event arrived: when the Snapshot changes, and again and again with
// growing pauses. Here there is time to search, in slices that let everything else go on. What nothing could be found out
// about for a day becomes a dead letter, so that a person sees it.
import type { Event } from '../event/event.ts';
import { type Outbox, type PendingEvent, StoreError } from '../outbox/store.ts';
import type { IntakeMetrics } from '../sdk/metrics.ts';
import type { Clock, Logger } from '../sdk/ports.ts';
import type { DecideContext } from './decide.ts';
import { SlicedSearch } from './sliced-search.ts';
import type { Notice, SnapshotSource } from './route.ts';
import { type Settled, settle } from './settle.ts';

const PAGE_EVENTS = 100;
const BATCH_ROWS = 500;
const FIRST_POLL_MS = 1_000;
const LONGEST_POLL_MS = 5_000;

/** What a router works with. */
export interface RouterOptions {
  readonly outbox: Pick<Outbox, 'pending' | 'resolve'>;
  readonly snapshots: SnapshotSource;
  readonly context: DecideContext;
  /** Told of each verdict that is known now. */
  readonly metrics?: Pick<IntakeMetrics, 'decided'>;
  readonly onNotices: (notices: readonly Notice[], event: Event) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Router {
  start(): void;
  /** Looks at what is due now instead of at the next tick; for intake, after it stored something pending. */
  wake(): void;
  /** Ends after the pass that is under way. */
  stop(): Promise<void>;
}

/** Builds a router; nothing happens before start(). */
export function createRouter(options: RouterOptions): Router {
  return new PollingRouter(options);
}

type Decided = readonly [PendingEvent, Settled];

class PollingRouter implements Router {
  readonly #options: RouterOptions;
  readonly #search: SlicedSearch;
  #isRunning = false;
  #pollMs = FIRST_POLL_MS;
  /** Passes that failed since the last one that did not. */
  #failures = 0;
  /** A Snapshot came that no pass over all pending events has seen. */
  #hasNewSnapshot = true;
  #isWoken = false;
  #pass: Promise<void> | null = null;
  #cancelTimer: () => void = () => undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#search = new SlicedSearch(options.clock);
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#unsubscribe = this.#options.snapshots.subscribe(() => {
      this.#hasNewSnapshot = true;
      this.wake();
    });
    this.wake();
  }

  wake(): void {
    if (!this.#isRunning) return;
    this.#pollMs = FIRST_POLL_MS;
    this.#isWoken = true;
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelTimer();
    this.#unsubscribe();
    await this.#pass;
  }

  #begin(): void {
    if (this.#pass !== null) return;
    this.#cancelTimer();
    this.#pass = this.#runPasses();
  }

  async #runPasses(): Promise<void> {
    do {
      this.#isWoken = false;
      await this.#runPass();
    } while (this.#isWoken && this.#isRunning);
    this.#pass = null;
    if (this.#isRunning) this.#cancelTimer = this.#options.clock.schedule(this.#pollMs, () => this.#begin());
  }

  async #runPass(): Promise<void> {
    const isForAll = this.#hasNewSnapshot;
    this.#hasNewSnapshot = false;
    try {
      const settled = await this.#settlePending(isForAll);
      this.#pollMs = settled > 0 ? FIRST_POLL_MS : Math.min(this.#pollMs * 2, LONGEST_POLL_MS);
      if (this.#failures > 0) this.#options.log.info({ failures: this.#failures }, 'pending events are settled again');
      this.#failures = 0;
    } catch (cause) {
      // The store says itself when it cannot be read or written; the events stay pending and are looked at again.
      this.#hasNewSnapshot ||= isForAll;
      this.#failures += 1;
      if (this.#failures > 1) return;
      this.#options.log.warn({ error: describe(cause) }, 'pending events could not be settled');
    }
  }

  /** The store gives oldest first and has no cursor: what stays pending comes again, so each page is larger than all before it. */
  async #settlePending(isForAll: boolean): Promise<number> {
    const seen = new Set<string>();
    while (this.#isRunning) {
      const limit = PAGE_EVENTS + 2 * seen.size;
      const page = await this.#options.outbox.pending({ limit, all: isForAll });
      const fresh = page.filter(({ event }) => !seen.has(event.id));
      await this.#settleAll(fresh);
      for (const { event } of fresh) seen.add(event.id);
      if (fresh.length === 0 || page.length < limit) break;
    }
    return seen.size;
  }

  /** Commits in batches: an event of many Alerts is a large one. */
  async #settleAll(page: readonly PendingEvent[]): Promise<void> {
    let batch: Decided[] = [];
    let rows = 0;
    for (const pending of page) {
      if (!this.#isRunning) break;
      await this.#search.pause();
      const settled = await this.#settleOne(pending);
      batch.push([pending, settled]);
      rows += 1 + settled.resolution.deliveries.length;
      if (rows < BATCH_ROWS) continue;
      await this.#commit(batch);
      batch = [];
      rows = 0;
    }
    if (batch.length > 0) await this.#commit(batch);
  }

  /** An event that cannot be decided for a defect of ours stays pending, ends as others do, and holds nobody else up. */
  async #settleOne(pending: PendingEvent): Promise<Settled> {
    const { context, log, snapshots } = this.#options;
    const how = { context, search: this.#search };
    try {
      return await settle(pending, snapshots.current(), how);
    } catch (cause) {
      log.error({ eventId: pending.event.id, error: describe(cause) }, 'an event could not be decided');
      return settle(pending, null, how);
    }
  }

  async #commit(batch: readonly Decided[]): Promise<void> {
    try {
      await this.#options.outbox.resolve(batch.map(([, { resolution }]) => resolution));
    } catch (cause) {
      if (isOfStore(cause)) throw cause;
      await this.#commitEach(batch, cause);
      return;
    }
    for (const decided of batch) this.#report(decided);
  }

  /** What the store cannot take of one event costs the others nothing: that one stays pending, and ends as others do. */
  async #commitEach(batch: readonly Decided[], cause: unknown): Promise<void> {
    const { log, outbox } = this.#options;
    const tries = await Promise.allSettled(batch.map(([, { resolution }]) => outbox.resolve([resolution])));
    const failed = batch.filter((_, index) => tries[index]?.status === 'rejected');
    const postponed = await Promise.allSettled(failed.map(([pending]) => this.#postpone(pending)));
    // Nothing at all was taken: that is no fault of an event.
    if (failed.length === batch.length && postponed.every(({ status }) => status === 'rejected')) throw cause;
    for (const [index, decided] of batch.entries()) {
      const one = tries[index];
      if (one?.status === 'fulfilled') this.#report(decided);
      else log.error({ eventId: decided[0].event.id, error: describe(one?.reason) }, 'what was decided of an event could not be stored');
    }
  }

  async #postpone(pending: PendingEvent): Promise<void> {
    const { context, outbox } = this.#options;
    const { resolution } = await settle(pending, null, { context, search: this.#search });
    await outbox.resolve([resolution]);
  }

  #report([{ event }, { resolution, notices }]: Decided): void {
    for (const verdict of resolution.verdicts) {
      // The one that stood for all Routes is closed without saying anything of any of them.
      if (verdict.kind !== 'pending' && verdict.route.name !== '')
        this.#options.metrics?.decided(event.dialect, verdict.kind, 'reason' in verdict ? verdict.reason : '');
    }
    if (notices.length > 0) this.#options.onNotices(notices, event);
    for (const { delivery, message } of resolution.dead ?? []) {
      const alert = `${delivery.route.namespace}/${delivery.route.name}`;
      this.#options.log.error(
        { eventId: event.id, alert, reason: message },
        'an event could not be decided for a day and is now a dead letter',
      );
    }
  }
}

/** True when the store as a whole takes nothing, whatever the event. */
function isOfStore(cause: unknown): boolean {
  return cause instanceof StoreError && cause.code !== 'io';
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
