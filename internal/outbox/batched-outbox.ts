// The port over a writer that commits in batches: its methods become operations, and what resolves was committed with everything
// else of its tick. Nothing here knows what the store is made of.
import { newId } from '../event/id.ts';
import type { Project } from '../event/event.ts';
import type { Clock, Random } from '../sdk/ports.ts';
import type { Recollection } from '../sdk/provider.ts';
import type { TallyWord } from '../sdk/tally.ts';
import { Batcher } from './batcher.ts';
import { LeaseRequests } from './lease-requests.ts';
import type { Answers, Batch, BatchReply, LeaseRow, Operation, Page, Row } from './operations.ts';
import { RecentDeliveries } from './recent.ts';
import {
  describeUnreadable,
  number,
  toDelivery,
  toDeliveryInput,
  toEvent,
  toEventInput,
  toFreshDelivery,
  toResolutionInput,
  toShownDelivery,
  toStoredEvent,
  toVerdicts,
} from './rows.ts';
import { LIFETIME_MS } from './schedule.ts';
import {
  type Append,
  type AppendResult,
  type AttemptRecord,
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
} from './store.ts';

/** A few thousand ordinary events: more would only keep a backlog in memory, whose oldest are sent first and long gone from here. */
const RECENT_CHARS = 8 * 1024 ** 2;
/** Appends beyond this many at a time are refused as busy instead of piling up in memory. */
const MAX_QUEUED_OPERATIONS = 20_000;

/** What an adapter brings. */
export interface BatchedOutboxParts {
  readonly project: Project;
  readonly clock: Clock;
  readonly random: Random;
  /** Commits a batch; rejects when the writer is gone for ever. */
  readonly send: (batch: Batch) => Promise<BatchReply>;
  /** Answers what needs no turn of the writer; undefined sends it along with the batch. */
  readonly ask?: <K extends Operation['kind']>(operation: Extract<Operation, { kind: K }>) => Promise<Answers[K]> | undefined;
  readonly isPersistent: () => boolean;
  /** Called once, when everything that was asked for is answered. */
  readonly close: () => Promise<void>;
}

/** The outbox of any store whose writer takes batches. */
export class BatchedOutbox implements Outbox {
  readonly #parts: BatchedOutboxParts;
  readonly #clock: Clock;
  readonly #batcher: Batcher;
  readonly #requests: LeaseRequests;
  readonly #recent = new RecentDeliveries(RECENT_CHARS);
  #isClosed = false;

  constructor(parts: BatchedOutboxParts) {
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#requests = new LeaseRequests(parts.clock);
    this.#batcher = new Batcher({
      send: parts.send,
      clock: parts.clock,
      onServed: (pollId, rows) => this.#onServed(pollId, rows),
      onDeath: () => this.#requests.endAll(),
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Has standing lease requests served: something may have become ready elsewhere. */
  wakeUp(): void {
    this.#batcher.wakeUp();
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
    let unreadable = 0;
    for (;;) {
      const limit = request.limit + 2 * unreadable;
      const rows = await this.#run({ kind: 'pending', limit, all: request.all === true });
      const events = rows.flatMap((row) => toPendingEvent(row, this.#parts.project));
      // Those that cannot be read stay where they are, at the head, and must not hide what is behind them.
      if (rows.length < limit || events.length >= request.limit) return events.slice(0, request.limit);
      unreadable = rows.length - events.length;
    }
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
        random: this.#parts.random(),
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
    return rows === undefined ? undefined : toShownDelivery(rows);
  }

  async deliveries(filter: DeliveryFilter): Promise<readonly Delivery[]> {
    const rows = await collect(filter.limit, (limit, fromSeq) => this.#run({ kind: 'deliveries', filter: { ...filter, limit }, fromSeq }));
    return rows.map(toShownDelivery);
  }

  async event(id: string): Promise<StoredEvent | undefined> {
    const row = await this.#run({ kind: 'event', id });
    return row === null ? undefined : toStoredEvent(row, this.#parts.project);
  }

  async events(filter: EventFilter): Promise<readonly StoredEvent[]> {
    const rows = await collect(filter.limit, (limit, fromSeq) => this.#run({ kind: 'events', filter: { ...filter, limit }, fromSeq }));
    return rows.map((row) => toStoredEvent(row, this.#parts.project));
  }

  targets(): Promise<readonly TargetState[]> {
    return this.#run({ kind: 'targets' });
  }

  async stats(): Promise<StoreStats> {
    return { ...(await this.#run({ kind: 'stats' })), persistent: this.#parts.isPersistent() };
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
    await this.#parts.close();
  }

  #run<K extends Operation['kind']>(operation: Extract<Operation, { kind: K }>): Promise<Answers[K]> {
    if (this.#isClosed) return Promise.reject(new StoreError('closed', 'the store is closed'));
    return this.#parts.ask?.<K>(operation) ?? this.#batcher.run<K>(operation);
  }

  #newId(): string {
    return newId(this.#clock.nowMs());
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed');
    if (this.#batcher.death !== undefined) throw this.#batcher.death;
  }

  #onServed(pollId: number, rows: readonly LeaseRow[]): void {
    // Else its caller is gone.
    if (!this.#requests.serve(pollId, rows)) this.#giveBack(rows);
  }

  /** A failure only means that the leases run out by themselves. */
  #giveBack(rows: readonly LeaseRow[]): void {
    this.#batcher.run({ kind: 'release', leases: rows.map(({ id, token }) => [id, token] as const) }).catch(() => undefined);
  }

  async #toLeases(rows: readonly LeaseRow[]): Promise<readonly Lease[]> {
    const known = rows.map((row) => this.#toKnownLease(row));
    const missing = rows.filter((_, index) => known[index] === undefined);
    if (missing.length === 0) return known.filter((lease) => lease !== undefined);
    const loaded = await this.#load(rows, missing);
    return rows.flatMap((row, index) => {
      const lease = known[index];
      if (lease !== undefined) return [lease];
      const stored = loaded.get(row.id);
      return stored === undefined ? [] : this.#toReadLease(row, stored);
    });
  }

  /** When they cannot be read now, all go back, so that nothing waits for the end of a lease that nobody has. */
  async #load(rows: readonly LeaseRow[], missing: readonly LeaseRow[]): Promise<ReadonlyMap<string, Answers['load'][number]>> {
    try {
      const loaded = await this.#run({ kind: 'load', ids: missing.map(({ id }) => id) });
      return new Map(loaded.map((one) => [String(one.delivery['id']), one]));
    } catch (error) {
      this.#giveBack(rows);
      throw error;
    }
  }

  /** One that cannot be read is tried again on its schedule, where people see it; the others that were leased with it go. */
  #toReadLease(row: LeaseRow, stored: Answers['load'][number]): readonly Lease[] {
    try {
      return [this.#toLease(row, toDelivery(stored), toEvent(stored.event, this.#parts.project))];
    } catch (error) {
      const because = {
        reason: 'bug',
        message: describeUnreadable(error),
      } as const;
      const outcome = { kind: 'retry', ...because } as const;
      const attempt: AttemptRecord = { durationMs: 0, outcome: 'retry', ...because, exchanges: [] };
      // When not even that can be stored, the lease runs out by itself.
      this.settle([{ deliveryId: row.id, token: row.token, outcome, attempt }]).catch(() => undefined);
      return [];
    }
  }

  #toKnownLease(row: LeaseRow): Lease | undefined {
    const recent = this.#recent.take(row.id);
    if (recent === undefined || row.tries > 0) return undefined;
    const { event, planned } = recent;
    return this.#toLease(row, toFreshDelivery(row, event.id, planned, event.subject), event);
  }

  #toLease(row: LeaseRow, delivery: Delivery, event: Lease['event']): Lease {
    return {
      delivery,
      token: row.token,
      event,
      precededBy: row.precededBy,
      expiresInMs: row.expiresInMs,
      ageMs: Math.max(0, LIFETIME_MS - row.expiresInMs),
    };
  }
}

/** One that cannot be read stays pending, and keeps nobody from deciding the others. */
function toPendingEvent(row: Row, project: Project): readonly PendingEvent[] {
  try {
    return [{ event: toEvent(row, project), verdicts: toVerdicts(row), ageMs: number(row, 'age_ms') }];
  } catch {
    return [];
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
