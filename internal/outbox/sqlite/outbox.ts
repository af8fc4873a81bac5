// The outbox on one SQLite file: the port's methods, turned into operations for the writer's thread.
// Nothing here waits for the disk; what resolves was committed with everything else of its tick.
import { newId } from '../../event/id.ts';
import type { Project } from '../../event/event.ts';
import type { Clock, Random } from '../../sdk/ports.ts';
import type { Recollection } from '../../sdk/provider.ts';
import type { TallyWord } from '../../sdk/tally.ts';
import { LIFETIME_MS } from '../schedule.ts';
import {
  type Append,
  type AppendResult,
  type CancelRequest,
  type CancelResult,
  type Delivery,
  type DeliveryFilter,
  type EventFilter,
  type Lease,
  type LeaseRequest,
  type MaintenanceReport,
  type Outbox,
  type PendingEvent,
  type ReplayRequest,
  type ReplayResult,
  type Resolution,
  type Settlement,
  type SettleResult,
  StoreError,
  type StoredEvent,
  type StoreStats,
  type TargetState,
} from '../store.ts';
import { Batcher } from './batcher.ts';
import { toStoreError } from './failures.ts';
import { describeHolder } from './holder.ts';
import { LeaseRequests } from './lease-requests.ts';
import { isPersistent } from './persistence.ts';
import type { Answers, LeaseRow, Operation, Page, WriterSettings } from './protocol.ts';
import { RecentDeliveries } from './recent.ts';
import {
  number,
  toDelivery,
  toDeliveryInput,
  toEvent,
  toEventInput,
  toFreshDelivery,
  toResolutionInput,
  toStoredEvent,
  toVerdicts,
} from './rows.ts';
import { startThread, type WriterPort, WriterThread } from './thread.ts';

const DAY_MS = 24 * 60 * 60_000;
const GIB = 1024 ** 3;
const LOCK_RETRY_MS = 250;
const DEFAULT_LOCK_WAIT_MS = 60_000;
const DEFAULT_RESERVE_BYTES = 8 * 1024 ** 2;
/** A few thousand ordinary events: more would only keep a backlog in memory, whose oldest are sent first and long gone from here. */
const RECENT_CHARS = 8 * 1024 ** 2;
/** Appends beyond this many at a time are refused as busy instead of piling up in memory. */
const MAX_QUEUED_OPERATIONS = 20_000;

export interface SqliteOutboxOptions {
  /** The file; its folder is made when it is missing. */
  readonly path: string;
  /** Rebuilds an event's Flux projection from its stored body. */
  readonly project: Project;
  readonly clock: Clock;
  readonly random: Random;
  /** Shown to whoever finds the store locked; the process's own id when absent. */
  readonly pid?: number;
  /** How long to wait for another process to let go of the store; 60 s when absent. */
  readonly lockWaitMs?: number;
  /** Appends are refused beyond; 10 GiB when absent. */
  readonly maxBytes?: number;
  /** Room kept for the day the disk is full; 8 MiB when absent. */
  readonly reserveBytes?: number;
  /** Pages that the file may have, as if the disk were that large; no limit when absent. */
  readonly pageLimit?: number;
  readonly keepDeliveredMs?: number;
  readonly keepDeadMs?: number;
  /** The writer's module; a bundle names the file it made of it. */
  readonly workerUrl?: URL;
  /** Called once when the writer dies by itself: nothing can be read or written any more. */
  readonly onWriterDeath?: (error: StoreError) => void;
  /** Starts the writer; in a thread of its own when absent. */
  readonly startWriter?: (url: URL) => WriterPort;
}

/** Opens the store, waiting for another process to let go of it; rejects with StoreError. */
export async function openSqliteOutbox(options: SqliteOutboxOptions): Promise<Outbox> {
  const { clock } = options;
  const settings = toSettings(options);
  const url = options.workerUrl ?? new URL('./worker.ts', import.meta.url);
  const thread = new WriterThread((options.startWriter ?? startThread)(url));
  const deadlineMs = clock.monotonicMs() + (options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS);
  try {
    for (;;) {
      const reply = await thread.send({ kind: 'open', settings, nowMs: Math.floor(clock.nowMs()), monotonicMs: clock.monotonicMs() });
      if (reply.kind === 'opened') return new SqliteOutbox(thread, options);
      if (reply.kind !== 'failed') throw new StoreError('io', 'the writer of the store gave an unexpected answer');
      if (reply.failure.code !== 'locked') throw toStoreError(reply.failure);
      if (clock.monotonicMs() >= deadlineMs) {
        throw new StoreError('locked', `the store ${settings.path} is in use by ${describeHolder(settings.path)}`);
      }
      await new Promise<void>((resolve) => clock.schedule(LOCK_RETRY_MS, resolve));
    }
  } catch (error) {
    await thread.end();
    throw error;
  }
}

function toSettings(options: SqliteOutboxOptions): WriterSettings {
  return {
    path: options.path,
    pid: options.pid ?? process.pid,
    maxBytes: options.maxBytes ?? 10 * GIB,
    reserveBytes: options.reserveBytes ?? DEFAULT_RESERVE_BYTES,
    pageLimit: options.pageLimit ?? 0,
    keepDeliveredMs: options.keepDeliveredMs ?? 7 * DAY_MS,
    keepDeadMs: options.keepDeadMs ?? 30 * DAY_MS,
  };
}

class SqliteOutbox implements Outbox {
  readonly #thread: WriterThread;
  readonly #options: SqliteOutboxOptions;
  readonly #clock: Clock;
  readonly #batcher: Batcher;
  readonly #requests: LeaseRequests;
  readonly #recent = new RecentDeliveries(RECENT_CHARS);
  #isClosed = false;

  constructor(thread: WriterThread, options: SqliteOutboxOptions) {
    this.#thread = thread;
    this.#options = options;
    this.#clock = options.clock;
    this.#requests = new LeaseRequests(options.clock);
    this.#batcher = new Batcher({
      thread,
      clock: options.clock,
      onServed: (pollId, rows) => this.#onServed(pollId, rows),
      onDeath: () => this.#requests.endAll(),
    });
    thread.whenDead((death) => {
      if (this.#isClosed) return;
      options.onWriterDeath?.(death.code === 'closed' ? new StoreError('io', 'the writer of the store ended by itself') : death);
    });
  }

  async append(entries: readonly Append[]): Promise<readonly AppendResult[]> {
    if (this.#batcher.queued > MAX_QUEUED_OPERATIONS) throw new StoreError('busy', 'too much waits to be stored');
    const inputs = entries.map((entry) => {
      const deliveries = entry.deliveries.map((planned) => toDeliveryInput(this.#newId(), planned));
      return { entry, input: toEventInput(entry, deliveries) };
    });
    // Known before the writer answers: it may serve a lease of them in the same breath.
    for (const { entry, input } of inputs) {
      input.deliveries.forEach(({ id }, index) => {
        const planned = entry.deliveries[index];
        if (planned !== undefined) this.#recent.add(id, { event: entry.event, planned });
      });
    }
    return this.#run({ kind: 'append', entries: inputs.map(({ input }) => input) });
  }

  async pending(request: { readonly limit: number; readonly all?: boolean }): Promise<readonly PendingEvent[]> {
    const rows = await this.#run({ kind: 'pending', limit: request.limit, all: request.all === true });
    return rows.map((row) => ({ event: toEvent(row, this.#options.project), verdicts: toVerdicts(row), ageMs: number(row, 'age_ms') }));
  }

  async resolve(entries: readonly Resolution[]): Promise<void> {
    await this.#run({ kind: 'resolve', entries: entries.map((entry) => toResolutionInput(entry, () => this.#newId())) });
  }

  async lease(request: LeaseRequest): Promise<readonly Lease[]> {
    this.#refuseWhenClosed();
    const rows = await this.#requests.ask(request, this.#batcher);
    return this.#toLeases(rows);
  }

  settle(entries: readonly Settlement[]): Promise<readonly SettleResult[]> {
    return this.#run({
      kind: 'settle',
      entries: entries.map((entry) => ({
        id: entry.deliveryId,
        token: entry.token,
        outcome: entry.outcome,
        attempt: JSON.stringify(entry.attempt),
        durationMs: entry.attempt.durationMs,
        forget: entry.forget ?? [],
        remember: entry.remember ?? [],
        random: this.#options.random(),
      })),
    });
  }

  async release(leases: readonly { readonly deliveryId: string; readonly token: number }[]): Promise<void> {
    await this.#run({ kind: 'release', leases: leases.map(({ deliveryId, token }) => [deliveryId, token] as const) });
  }

  async recall(scope: string, key: string): Promise<Recollection | undefined> {
    return (await this.#run({ kind: 'recall', scope, key })) ?? undefined;
  }

  tally(lane: string): Promise<readonly TallyWord[]> {
    return this.#run({ kind: 'tally', lane });
  }

  async wake(targetKeys: readonly string[]): Promise<void> {
    await this.#run({ kind: 'wake', targetKeys });
  }

  async delivery(id: string): Promise<Delivery | undefined> {
    const [rows] = await this.#run({ kind: 'load', ids: [id] });
    return rows === undefined ? undefined : toDelivery(rows);
  }

  async deliveries(filter: DeliveryFilter): Promise<readonly Delivery[]> {
    const rows = await collect(filter.limit, (limit, fromSeq) => this.#run({ kind: 'deliveries', filter: { ...filter, limit }, fromSeq }));
    return rows.map(toDelivery);
  }

  async event(id: string): Promise<StoredEvent | undefined> {
    const row = await this.#run({ kind: 'event', id });
    return row === null ? undefined : toStoredEvent(row, this.#options.project);
  }

  async events(filter: EventFilter): Promise<readonly StoredEvent[]> {
    const rows = await collect(filter.limit, (limit, fromSeq) => this.#run({ kind: 'events', filter: { ...filter, limit }, fromSeq }));
    return rows.map((row) => toStoredEvent(row, this.#options.project));
  }

  targets(): Promise<readonly TargetState[]> {
    return this.#run({ kind: 'targets' });
  }

  async stats(): Promise<StoreStats> {
    return { ...(await this.#run({ kind: 'stats' })), persistent: isPersistent(this.#options.path) };
  }

  replay(request: ReplayRequest): Promise<readonly ReplayResult[]> {
    return this.#run({ kind: 'replay', ...request });
  }

  cancel(request: CancelRequest): Promise<readonly CancelResult[]> {
    return this.#run({ kind: 'cancel', ...request });
  }

  maintain(): Promise<MaintenanceReport> {
    return this.#run({ kind: 'maintain' });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#requests.endAll();
    await this.#batcher.drain();
    this.#batcher.stop();
    try {
      await this.#thread.send({ kind: 'close' });
      await this.#thread.ended;
    } catch (error) {
      // A writer that died before has nothing left to close.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #run<K extends Operation['kind']>(operation: Extract<Operation, { kind: K }>): Promise<Answers[K]> {
    if (this.#isClosed) return Promise.reject(new StoreError('closed', 'the store is closed'));
    return this.#batcher.run<K>(operation);
  }

  #newId(): string {
    return newId(this.#clock.nowMs());
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed');
    if (this.#batcher.death !== undefined) throw this.#batcher.death;
  }

  #onServed(pollId: number, rows: readonly LeaseRow[]): void {
    if (this.#requests.serve(pollId, rows)) return;
    // Its caller is gone; a failure only means that the lease runs out by itself.
    this.#batcher.run({ kind: 'release', leases: rows.map(({ id, token }) => [id, token] as const) }).catch(() => undefined);
  }

  async #toLeases(rows: readonly LeaseRow[]): Promise<readonly Lease[]> {
    const known = rows.map((row) => this.#toKnownLease(row));
    const missing = rows.filter((_, index) => known[index] === undefined);
    if (missing.length === 0) return known.filter((lease) => lease !== undefined);
    const loaded = new Map(
      (await this.#run({ kind: 'load', ids: missing.map(({ id }) => id) })).map((one) => [String(one.delivery['id']), one]),
    );
    return rows.flatMap((row, index) => {
      const lease = known[index];
      if (lease !== undefined) return [lease];
      const stored = loaded.get(row.id);
      if (stored === undefined) return [];
      return [this.#toLease(row, toDelivery(stored), toEvent(stored.event, this.#options.project))];
    });
  }

  #toKnownLease(row: LeaseRow): Lease | undefined {
    const recent = this.#recent.take(row.id);
    if (recent === undefined || row.tries > 0) return undefined;
    const { event, planned } = recent;
    return this.#toLease(row, toFreshDelivery(row, event.id, planned, event.subject), event);
  }

  #toLease(row: LeaseRow, delivery: Delivery, event: Lease['event']): Lease {
    const nowMs = this.#clock.nowMs();
    return {
      delivery,
      token: row.token,
      event,
      precededBy: row.precededBy,
      expiresInMs: row.expiresMs - nowMs,
      ageMs: Math.max(0, nowMs - (row.expiresMs - LIFETIME_MS)),
    };
  }
}

/** Gathers slices until the page is full or everything was looked at. */
async function collect<T>(limit: number, slice: (limit: number, fromSeq: number | null) => Promise<Page<T>>): Promise<readonly T[]> {
  const rows: T[] = [];
  let fromSeq: number | null = null;
  while (rows.length < limit) {
    const page: Page<T> = await slice(limit - rows.length, fromSeq);
    rows.push(...page.rows);
    if (page.nextSeq === null) break;
    fromSeq = page.nextSeq;
  }
  return rows;
}
