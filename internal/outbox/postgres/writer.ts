// The writer of one replica: runs all operations of a batch in one transaction and commits once; of all replicas one at a time.
// When an operation fails they are run again one by one, each in a transaction of its own, so that it takes nobody along. Lease
// requests that stand are served in the commit that made their deliveries ready.
import { EndLog } from '../end-log.ts';
import type { Answer, Batch, BatchReply, Failure, Operation, Poll, Result } from '../operations.ts';
import { noteFailedKeys, sunkWith } from '../sunk-keys.ts';
import { StoreError } from '../store.ts';
import type { Clock } from '../../sdk/ports.ts';
import { append } from './append.ts';
import { ClockWatch } from './clock-watch.ts';
import { type Commit, commit } from './commit.ts';
import type { Connection } from './connection.ts';
import { cancel, replay } from './decisions.ts';
import { isConnectionLost, toFailure } from './failures.ts';
import { isSomethingReady, lease, nextLeaseMs, releaseHeldLanes } from './lease.ts';
import { Ledger } from './ledger.ts';
import type { Line } from './line.ts';
import { expireOverdue, prune, type PruneCursor, readBytes, type Retention, takeEnds } from './maintenance.ts';
import { leave, Presence, recoverGone } from './owners.ts';
import { resolve } from './resolve.ts';
import { makeRestDue, recoverExpired, release, settle, wake } from './settle.ts';
import { Transaction } from './transaction.ts';

/** The channel on which replicas tell each other that something can be leased that they cannot take themselves. */
export const CHANNEL = 'tocsin_ready';
const STEP_ROWS = 1_000;
const SIZE_AGE_MS = 10_000;

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };
type Of<K extends Operation['kind']> = Extract<Operation, { kind: K }>;

export interface WriterOptions {
  readonly line: Line;
  readonly clock: Clock;
  /** Tells this replica from the others, and its lives from each other. */
  readonly owner: string;
  readonly place: string;
  readonly retention: Retention;
  readonly onConnection: (change: { readonly isConnected: boolean; readonly message: string }) => void;
}

/** Applies batches to the database. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #ledger = new Ledger();
  readonly #ends = new EndLog();
  readonly #clockWatch: ClockWatch;
  readonly #presence = new Presence();
  readonly #polls = new Map<number, Poll>();
  readonly #cursor: PruneCursor = { eventSeq: 0 };
  #isConnected = true;
  /** Why nothing can be written, when the database said so. */
  #problem: string | undefined;
  #bytes = { value: 0, atMs: Number.NEGATIVE_INFINITY };

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#clockWatch = new ClockWatch(options.clock);
  }

  get isAsked(): boolean {
    return this.#polls.size > 0;
  }

  /** Never rejects: what failed is told operation by operation. */
  async run({ operations, polls, cancelledPolls }: Batch): Promise<BatchReply> {
    for (const id of cancelledPolls) this.#polls.delete(id);
    for (const poll of polls) this.#polls.set(poll.id, poll);
    if (operations.length === 0 && this.#polls.size === 0) return this.#reply([]);

    const all = await this.#transact(async (transaction) => {
      const results = await this.#applyAll(transaction, operations);
      return { results, ...(await this.#serve(transaction)) };
    });
    if (all.ok) return this.#reply(all.value.results, all.value);
    if (all.failure.code === 'busy' || all.failure.code === 'read-only' || operations.length === 0)
      return this.#reply(operations.map(() => all));
    return this.#runOneByOne(operations);
  }

  /** Takes back what this replica still holds. */
  async close(): Promise<void> {
    await this.#transact(leave);
  }

  async #runOneByOne(operations: readonly Operation[]): Promise<BatchReply> {
    const failedKeys = new Map<string, Failure>();
    const results: Result[] = [];
    for (const operation of operations) {
      const sunk = sunkWith(operation, failedKeys);
      const result = sunk === undefined ? await this.#runAlone(operation) : { ok: false as const, failure: sunk };
      if (!result.ok) noteFailedKeys(operation, result.failure, failedKeys);
      results.push(result);
    }
    const served = await this.#transact((transaction) => this.#serve(transaction));
    return served.ok ? this.#reply(results, served.value) : this.#reply(results);
  }

  async #runAlone(operation: Operation): Promise<Result> {
    const outcome = await this.#transact((transaction) => this.#applyAll(transaction, [operation]));
    if (!outcome.ok) return outcome;
    const [result] = outcome.value;
    return result ?? { ok: false, failure: { code: 'io', message: 'an operation had no result' } };
  }

  async #transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<Outcome<T>> {
    const { line, place, owner } = this.#options;
    const [ledger, ends] = [this.#ledger, this.#ends];
    let connection: Connection | undefined;
    try {
      connection = await line.connection();
      const transaction = new Transaction({ connection, ledger, ends, owner, nowMs: await ledger.begin(connection) });
      const time = await this.#clockWatch.check(transaction);
      const noted = await this.#presence.note(transaction);
      const value = await work(transaction);
      const change: Commit = { connection, xid: await ledger.end(connection, transaction.nowMs) };
      await commit(change, this.#options);
      this.#clockWatch.keep(time);
      this.#presence.keep(noted);
      ends.commit();
      this.#onAnswer(change.xid !== undefined);
      return { ok: true, value };
    } catch (error) {
      ledger.forget();
      ends.rollback();
      if (connection !== undefined && !connection.isLost) await connection.rows('ROLLBACK').catch(() => undefined);
      const failure = toFailure(error, place);
      // What was the primary may have become a standby: the next connection looks for the one that takes writes.
      if (failure.code === 'read-only') await connection?.close();
      this.#onFailure(failure, error);
      return { ok: false, failure };
    }
  }

  async #applyAll(transaction: Transaction, operations: readonly Operation[]): Promise<readonly Result[]> {
    const answers = new Map<Operation, Result>();
    let bulk: Operation[] = [];
    for (const operation of operations) {
      if (isBulk(operation)) {
        bulk.push(operation);
        continue;
      }
      await this.#applyBulk(transaction, bulk, answers);
      bulk = [];
      answers.set(operation, { ok: true, value: await this.#applyOne(transaction, operation) });
    }
    await this.#applyBulk(transaction, bulk, answers);
    return operations.map((operation) => answers.get(operation) ?? { ok: true, value: null });
  }

  /** Calls of one tick that came from everywhere: all of a kind together, and those that make room for others first. */
  async #applyBulk(transaction: Transaction, operations: readonly Operation[], answers: Map<Operation, Result>): Promise<void> {
    const releases = operations.filter((operation) => operation.kind === 'release');
    const settles = operations.filter((operation) => operation.kind === 'settle');
    const resolutions = operations.filter((operation) => operation.kind === 'resolve');
    const appends = operations.filter((operation) => operation.kind === 'append');
    if (releases.length > 0)
      await release(
        transaction,
        releases.flatMap(({ leases }) => leases),
      );
    if (settles.length > 0)
      share(
        settles,
        await settle(
          transaction,
          settles.flatMap(({ entries }) => entries),
        ),
        answers,
      );
    if (resolutions.length > 0)
      await resolve(
        transaction,
        resolutions.flatMap(({ entries }) => entries),
      );
    if (appends.length > 0) await this.#append(transaction, appends, answers);
  }

  async #append(transaction: Transaction, appends: readonly Of<'append'>[], answers: Map<Operation, Result>): Promise<void> {
    const problem = await this.#sizeProblem(transaction.connection);
    if (problem === undefined)
      return share(
        appends,
        await append(
          transaction,
          appends.flatMap(({ entries }) => entries),
        ),
        answers,
      );
    for (const operation of appends) answers.set(operation, { ok: false, failure: { code: 'full', message: problem } });
  }

  async #applyOne(transaction: Transaction, operation: Operation): Promise<Answer> {
    switch (operation.kind) {
      case 'wake':
        await wake(transaction, operation.targetKeys);
        return null;
      case 'replay':
        return replay(transaction, operation);
      case 'cancel':
        return cancel(transaction, operation);
      case 'stats':
        return this.#stats(transaction);
      case 'maintain':
        return this.#maintain(transaction);
      case 'append':
      case 'settle':
      case 'release':
      case 'resolve':
      case 'pending':
      case 'recall':
      case 'tally':
      case 'load':
      case 'deliveries':
      case 'event':
      case 'events':
      case 'targets':
        break;
    }
    throw new Error(`${operation.kind} is not for the writer`);
  }

  async #stats({ connection, ledger }: Transaction): Promise<Answer> {
    const { states, events, pending } = ledger.counters;
    const count = (state: number): number => states[state] ?? 0;
    const byName = { waiting: count(0), leased: count(1), delivered: count(2), superseded: count(3), cancelled: count(4), dead: count(5) };
    const bytes = await this.#readBytes(connection);
    const problem = this.#problem ?? (await this.#sizeProblem(connection));
    const stats = { states: byName, events, pendingEvents: pending, bytes, writable: problem === undefined };
    return problem === undefined ? stats : { ...stats, problem };
  }

  async #maintain(transaction: Transaction): Promise<Answer> {
    const { ledger, nowMs, connection } = transaction;
    const recovered = (await recoverExpired(transaction, STEP_ROWS)) + (await recoverGone(transaction, STEP_ROWS));
    await makeRestDue(transaction);
    const expired = await expireOverdue(transaction);
    const ended = await takeEnds(transaction);
    const limits = { cursor: this.#cursor, bytes: await this.#readBytes(connection) };
    const pruned = nowMs >= ledger.counters.pruneFromMs ? await prune(transaction, this.#options.retention, limits) : 0;
    return { expired, pruned, recovered, clockJumpMs: this.#clockWatch.takeJump(), ended };
  }

  async #sizeProblem(connection: Connection): Promise<string | undefined> {
    const { place, retention } = this.#options;
    if (retention.maxBytes === Number.POSITIVE_INFINITY || (await this.#readBytes(connection)) <= retention.maxBytes) return undefined;
    return `the store ${place} holds its maximum of ${retention.maxBytes} bytes`;
  }

  async #readBytes(connection: Connection): Promise<number> {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#bytes.atMs >= SIZE_AGE_MS) this.#bytes = { value: await readBytes(connection), atMs: nowMs };
    return this.#bytes.value;
  }

  async #serve(transaction: Transaction): Promise<Pick<BatchReply, 'served' | 'wakeAtMs'>> {
    const { connection, ledger, nowMs, owner } = transaction;
    const served: { pollId: number; leases: Awaited<ReturnType<typeof lease>> }[] = [];
    await releaseHeldLanes(transaction);
    for (const poll of this.#polls.values()) {
      const leases = await lease(transaction, poll);
      if (leases.length === 0) break;
      served.push({ pollId: poll.id, leases });
    }
    if (ledger.isChanged && isSomethingReady(ledger, nowMs)) {
      await connection.rows("SELECT pg_notify($1, current_schema() || ' ' || $2)", [CHANNEL, owner]);
    }
    const isAnswered = served.length === this.#polls.size;
    const room = Math.max(...[...this.#polls.values()].map((poll) => poll.room ?? Number.POSITIVE_INFINITY));
    const atMs = Math.min(nextLeaseMs(ledger, nowMs, room), ledger.counters.nextHoldMs);
    const wakeAtMs = isAnswered || atMs === Number.POSITIVE_INFINITY ? null : this.#options.clock.nowMs() + (atMs - nowMs);
    return { served, wakeAtMs };
  }

  #reply(
    results: readonly Result[],
    { served, wakeAtMs }: Pick<BatchReply, 'served' | 'wakeAtMs'> = { served: [], wakeAtMs: null },
  ): BatchReply {
    for (const { pollId } of served) this.#polls.delete(pollId);
    return { results, served, wakeAtMs };
  }

  #onAnswer(hasWritten: boolean): void {
    if (hasWritten) this.#problem = undefined;
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#options.onConnection({ isConnected: true, message: `the database ${this.#options.place} answers again` });
  }

  #onFailure({ code, message }: Failure, error: unknown): void {
    if (code === 'full' && !(error instanceof StoreError)) this.#problem = message;
    if (!this.#isConnected || !(code === 'busy' || code === 'read-only' || isConnectionLost(error))) return;
    this.#isConnected = false;
    this.#options.onConnection({ isConnected: false, message });
  }
}

function isBulk(operation: Operation): operation is Of<'append' | 'settle' | 'release' | 'resolve'> {
  return operation.kind === 'append' || operation.kind === 'settle' || operation.kind === 'release' || operation.kind === 'resolve';
}

/** Gives each operation its part of the results of all. */
function share<T extends Of<'append'> | Of<'settle'>>(
  operations: readonly T[],
  results: T extends Of<'append'> ? Awaited<ReturnType<typeof append>> : Awaited<ReturnType<typeof settle>>,
  answers: Map<Operation, Result>,
): void {
  let from = 0;
  for (const operation of operations) {
    const to = from + operation.entries.length;
    answers.set(operation, { ok: true, value: results.slice(from, to) as Answer });
    from = to;
  }
}
