// The one writer: runs all operations of a batch in one transaction and commits once. When one of them fails they are run
// again one by one, each in its own, so that it takes nobody along. Lease requests that stand are served in the same
// commit that made their deliveries ready.
import { statSync } from 'node:fs';
import { StoreError } from '../store.ts';
import { noteFailedKeys, sunkWith } from '../sunk-keys.ts';
import { append, resolve } from './append.ts';
import { boundTimes, CLOCK_JUMP_MS, shiftTimes } from './clock.ts';
import { cancel, replay } from './decisions.ts';
import { takeEnds } from './ended.ts';
import { isOutage, toFailure } from './failures.ts';
import { releaseHeldLanes, nextLaneReleaseMs } from './lanes.ts';
import { lease, nextLeaseMs } from './lease.ts';
import { expireOverdue, prune, type PruneCursor, recoverExpiredLeases, usedBytes, pragma } from './maintenance.ts';
import { recall } from './memory.ts';
import type { Answer, BatchReply, Failure, LeaseRow, Operation, Poll, Result } from '../operations.ts';
import { Outage } from './outage.ts';
import { Placement } from './placement.ts';
import type { Reply, Request, WriterSettings } from './protocol.ts';
import { deliveries, event, events, load, pending, targets } from './queries.ts';
import { Reserve } from './reserve.ts';
import type { Session } from './session.ts';
import { recoverLeases, release, settle, wake } from './settle.ts';
import { tally } from './tally.ts';

const PRUNE_PAUSE_MS = 60 * 60_000;

type Batch = Extract<Request, { kind: 'batch' }>;

/** Applies batches to one open file. */
export class Writer {
  readonly #session: Session;
  readonly #settings: WriterSettings;
  readonly #reserve: Reserve;
  readonly #placement: Placement;
  readonly #outage = new Outage();
  readonly #polls = new Map<number, Poll>();
  readonly #pruneCursor: PruneCursor = { eventSeq: 0 };
  #clock: { readonly nowMs: number; readonly monotonicMs: number };
  #pruneFromMonotonicMs = 0;
  #jumpMs = 0;
  /** Jumps that the times in the file do not know of yet. */
  #owedShiftMs = 0;
  /** Looked up once per transaction, however many appends it carries. */
  #obstacle: { readonly moved: string | undefined; readonly full: string | undefined } | undefined;

  constructor(session: Session, settings: WriterSettings, clock: { readonly nowMs: number; readonly monotonicMs: number }) {
    this.#session = session;
    this.#settings = settings;
    this.#clock = clock;
    this.#reserve = new Reserve(session, settings);
    this.#placement = new Placement(settings.path);
  }

  /** What another life of this process had leased comes back; what it may have sent is unknown. */
  open(): void {
    this.#reserve.open();
    this.#placement.problem();
    const recovery = this.#transaction(() => {
      boundTimes(this.#session);
      recoverLeases(this.#session, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    });
    if (!recovery.ok && recovery.failure.code !== 'full') throw new StoreError(recovery.failure.code, recovery.failure.message);
  }

  run(batch: Batch): Extract<Reply, { kind: 'batch' }> {
    for (const id of batch.cancelledPolls) this.#polls.delete(id);
    for (const poll of batch.polls) this.#polls.set(poll.id, poll);
    this.#setClock(batch);

    const all = this.#transaction(() => {
      const values = batch.operations.map((operation) => this.#apply(operation));
      return { values, served: this.#servePolls() };
    });
    const reply = all.ok ? this.#reply(all.value.values.map(toResult), all.value.served) : this.#runOneByOne(batch.operations);
    // It tried to write.
    if (batch.operations.some(({ kind }, index) => kind === 'maintain' && reply.results[index]?.ok === true)) this.#outage.end();
    return reply;
  }

  #runOneByOne(operations: readonly Operation[]): Extract<Reply, { kind: 'batch' }> {
    const failedKeys = new Map<string, Failure>();
    const results = operations.map((operation): Result => {
      const sunk = sunkWith(operation, failedKeys);
      const result: Result = sunk === undefined ? this.#transaction(() => this.#apply(operation)) : { ok: false, failure: sunk };
      if (!result.ok) noteFailedKeys(operation, result.failure, failedKeys);
      return result;
    });
    const served = this.#transaction(() => this.#servePolls());
    return this.#reply(results, served.ok ? served.value : []);
  }

  #transaction<T>(work: () => T): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure } {
    this.#obstacle = undefined;
    try {
      this.#session.begin();
      const value = work();
      this.#session.commit();
      return { ok: true, value };
    } catch (error) {
      const failure = toFailure(error, this.#settings.path);
      this.#session.rollback();
      if (failure.code === 'full' && !(error instanceof StoreError)) this.#reserve.onFull();
      if (isOutage(error)) this.#outage.begin(failure, this.#clock.monotonicMs);
      return { ok: false, failure };
    }
  }

  #apply(operation: Operation): Answer {
    const session = this.#session;
    switch (operation.kind) {
      case 'append':
        this.#refuseWhenUnable();
        return append(session, operation.entries);
      case 'resolve':
        return resolve(session, operation.entries);
      case 'pending':
        return pending(session, operation);
      case 'settle':
        return settle(session, operation.entries);
      case 'release':
        return release(session, operation.leases);
      case 'recall':
        return recall(session, operation.scope, operation.key);
      case 'tally':
        return tally(session, operation.lane);
      case 'wake':
        return wake(session, operation.targetKeys);
      case 'load':
        return load(session, operation.ids);
      case 'deliveries':
        return deliveries(session, operation.filter, operation.fromSeq);
      case 'event':
        return event(session, operation.id);
      case 'events':
        return events(session, operation.filter, operation.fromSeq);
      case 'targets':
        return targets(session);
      case 'stats':
        return this.#stats();
      case 'replay':
        return replay(session, operation);
      case 'cancel':
        return cancel(session, operation);
      case 'maintain':
        break;
    }
    return this.#maintain();
  }

  #refuseWhenUnable(): void {
    this.#obstacle ??= { moved: this.#placement.problem(), full: this.#fullness() };
    const { moved, full } = this.#obstacle;
    if (moved !== undefined) throw new StoreError('io', moved);
    if (full !== undefined) throw new StoreError('full', full);
  }

  #fullness(): string | undefined {
    const { path, maxBytes } = this.#settings;
    if (this.#reserve.room !== 'roomy') return `the disk that holds the store ${path} is full`;
    if (usedBytes(this.#session) > maxBytes) return `the store ${path} holds its maximum of ${maxBytes} bytes`;
    return undefined;
  }

  #stats(): Answer {
    const { counters } = this.#session;
    const problem = this.#placement.problem() ?? this.#fullness() ?? this.#outage.problem;
    const count = (state: number): number => counters.states[state] ?? 0;
    const states = { waiting: count(0), leased: count(1), delivered: count(2), superseded: count(3), cancelled: count(4), dead: count(5) };
    const bytes = pragma(this.#session, 'page_count') * pragma(this.#session, 'page_size') + sizeOf(`${this.#settings.path}-wal`);
    const base = { states, events: counters.events, pendingEvents: counters.pending, bytes, writable: problem === undefined };
    return problem === undefined ? base : { ...base, problem };
  }

  #maintain(): Answer {
    this.#reserve.check();
    if (this.#outage.problem !== undefined) this.#session.touchCounters();
    const recovered = this.#outage.isFelt(this.#clock.monotonicMs) ? 0 : recoverExpiredLeases(this.#session);
    const expired = expireOverdue(this.#session);
    const ended = takeEnds(this.#session);
    const isPruning = this.#clock.monotonicMs >= this.#pruneFromMonotonicMs;
    const pruned = isPruning ? prune(this.#session, this.#settings, this.#pruneCursor) : 0;
    const clockJumpMs = this.#jumpMs;
    this.#jumpMs = 0;
    return { expired, pruned, recovered, clockJumpMs, ended };
  }

  #servePolls(): BatchReply['served'] {
    releaseHeldLanes(this.#session);
    if (this.#reserve.room === 'stuck') return [];
    const served: { pollId: number; leases: readonly LeaseRow[] }[] = [];
    for (const poll of this.#polls.values()) {
      const leases = lease(this.#session, poll);
      if (leases.length === 0) break;
      served.push({ pollId: poll.id, leases });
    }
    return served;
  }

  #reply(results: readonly Result[], served: BatchReply['served']): Extract<Reply, { kind: 'batch' }> {
    for (const { pollId } of served) this.#polls.delete(pollId);
    return { kind: 'batch', results, served, wakeAtMs: this.#wakeAtMs() };
  }

  #wakeAtMs(): number | null {
    if (this.#polls.size === 0 || this.#reserve.room === 'stuck') return null;
    const room = Math.max(...[...this.#polls.values()].map((poll) => poll.room ?? Number.POSITIVE_INFINITY));
    const atMs = Math.min(nextLeaseMs(this.#session, room), nextLaneReleaseMs(this.#session));
    return atMs === Number.POSITIVE_INFINITY ? null : atMs;
  }

  /** Wall time against monotonic time: a jump moves all times that lie ahead, and nothing is pruned for a while. */
  #setClock(batch: Batch): void {
    const jumpMs = batch.nowMs - this.#clock.nowMs - (batch.monotonicMs - this.#clock.monotonicMs);
    this.#clock = { nowMs: batch.nowMs, monotonicMs: batch.monotonicMs };
    this.#session.nowMs = batch.nowMs;
    if (Math.abs(jumpMs) > CLOCK_JUMP_MS) {
      this.#pruneFromMonotonicMs = batch.monotonicMs + PRUNE_PAUSE_MS;
      this.#jumpMs += jumpMs;
      this.#owedShiftMs += jumpMs;
    }
    if (this.#owedShiftMs === 0) return;
    const { ok } = this.#transaction(() => shiftTimes(this.#session, this.#owedShiftMs));
    if (ok) this.#owedShiftMs = 0;
    // Until the file takes it, time goes on as if nothing had happened.
    else this.#session.nowMs = batch.nowMs - this.#owedShiftMs;
  }
}

function toResult(value: Answer): Result {
  return { ok: true, value };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
