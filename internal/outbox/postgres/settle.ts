// Ends a lease: by what the try came to, by giving it back, or by finding that it was lost.
import { type BreakerChange, nextBreaker, toBreakerSignal } from '../breaker.ts';
import { droppedAttempt } from '../history.ts';
import { nextLeaseWindow } from '../lease-window.ts';
import type { LeaseKey, SettlementInput } from '../operations.ts';
import { LANE_HOLD_MS } from '../schedule.ts';
import { LEASED, toState, toStateCode, WAITING } from '../state-codes.ts';
import { settle as settleState, type Step } from '../state-machine.ts';
import type { SettleResult } from '../store.ts';
import { type Columns, toArrays, upsertText } from './bulk.ts';
import type { DeliveryRow } from './delivery-rows.ts';
import { giveBack, readNewest } from './lanes.ts';
import type { DueLater, SharedTarget } from './ledger.ts';
import { ageOf } from './newest-lanes.ts';
import type { Transaction } from './transaction.ts';

const WAITS_FOR = { schedule: 0, time: 1, 'target-change': 2 } as const;
const ATTEMPT_COLUMNS = { delivery: 'bigint', number: 'integer', at_ms: 'bigint', record: 'text' } as const satisfies Columns;
const UPSERT_ATTEMPTS = upsertText('attempts', ATTEMPT_COLUMNS, ['delivery', 'number']);
const DROP_ATTEMPTS = `DELETE FROM attempts USING unnest($1::bigint[], $2::integer[]) AS dropped(delivery, number)
  WHERE attempts.delivery = dropped.delivery AND attempts.number = dropped.number`;
/** So many are made due in one turn: others wait for theirs. The rest follows with the next steps of maintenance. */
const DUE_ROWS = 10_000;
const MAKE_DUE = `UPDATE deliveries SET due_ms = $2, ready_ms = $2 WHERE seq IN (
  SELECT seq FROM deliveries WHERE target = $1 AND ready_ms > $2 AND waits_for = $3 ORDER BY ready_ms LIMIT ${DUE_ROWS}) RETURNING seq`;

/** Records what tries came to. One result per settlement, in order. */
export async function settle(transaction: Transaction, entries: readonly SettlementInput[]): Promise<readonly SettleResult[]> {
  const { deliveries, connection } = transaction;
  await deliveries.readByIds(entries.map(({ id }) => id));
  await readNewest(
    transaction,
    entries.flatMap(({ id }) => deliveries.byId(id) ?? []),
  );
  const settling = new Settling(transaction);
  const results = entries.map((entry) => settling.settle(entry));
  await transaction.flush(settling.flush(connection));
  return results;
}

interface AttemptRow {
  readonly delivery: number;
  readonly number: number;
  readonly at_ms: number;
  readonly record: string;
}

class Settling {
  readonly #transaction: Transaction;
  readonly #attempts: AttemptRow[] = [];
  readonly #dropped: { readonly delivery: number; readonly number: number }[] = [];
  /** Targets that answer again: what only waited for its schedule is due. */
  readonly #recovered = new Set<SharedTarget>();

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  settle(entry: SettlementInput): SettleResult {
    const { deliveries, ledger, memory, newest, nowMs } = this.#transaction;
    const row = deliveries.byId(entry.id);
    if (row === undefined) return { result: 'fenced', state: 'cancelled', dueAtMs: null, breaker: 'closed' };
    const target = ledger.byId(row.target);
    if (row.state !== LEASED || row.token !== entry.token) return this.#fence(row, entry, target);

    const step = settleState(entry.outcome, {
      nowMs,
      expiresAtMs: row.expires_ms,
      attempts: row.attempts,
      deferrals: Math.max(0, row.tries - row.attempts),
      firstTryMs: row.first_try_ms,
      goneSinceMs: row.gone_ms,
      isOutdated: this.#isOutdatedTry(row, entry),
      random: entry.random,
    });
    this.#noteAttempt(row, entry.attempt);
    const breaker = this.#tripBreaker(target, row, entry);
    this.#takeStep(row, step, breaker === 'recovered');
    for (const scope of entry.forget) memory.forget(scope);
    memory.remember(entry.remember);
    if (entry.outcome.kind === 'delivered') {
      if (row.newest === 1) newest.noteDelivered(row);
      if (entry.outcome.remember !== undefined) memory.remember(entry.outcome.remember);
    }
    return { result: 'settled', state: step.state, dueAtMs: step.dueAtMs, breaker };
  }

  flush(connection: Transaction['connection']): readonly Promise<unknown>[] {
    const writes: Promise<unknown>[] = [...this.#recovered].map((target) =>
      makeDue(this.#transaction, { target: target.id, waitsFor: WAITS_FOR.schedule }),
    );
    if (this.#attempts.length > 0) writes.push(connection.rows(UPSERT_ATTEMPTS, toArrays(ATTEMPT_COLUMNS, this.#attempts)));
    if (this.#dropped.length > 0) {
      writes.push(
        connection.rows(DROP_ATTEMPTS, [this.#dropped.map(({ delivery }) => delivery), this.#dropped.map(({ number }) => number)]),
      );
    }
    return writes;
  }

  /** The lease went to somebody else or the delivery ended meanwhile: what this try did is anybody's guess. */
  #fence(row: DeliveryRow, entry: SettlementInput, target: SharedTarget): SettleResult {
    const { memory } = this.#transaction;
    memory.forget(row.lane);
    for (const scope of entry.forget) memory.forget(scope);
    const breaker = target.breaker.pausedUntilMs === null ? 'closed' : 'open';
    return { result: 'fenced', state: toState(row.state), dueAtMs: row.due_ms, breaker };
  }

  #isOutdatedTry(row: DeliveryRow, { outcome }: SettlementInput): boolean {
    if (row.newest === 0 || row.forced === 1) return false;
    if (outcome.kind !== 'retry' && outcome.kind !== 'deferred') return false;
    return this.#transaction.newest.isOutdated(row.lane, ageOf(row));
  }

  #takeStep(row: DeliveryRow, step: Step, isRecovered: boolean): void {
    const { deliveries, ledger, nowMs } = this.#transaction;
    const isEnd = step.state !== 'waiting';
    // In a newest lane whatever comes next supersedes a failing head, but for one that a person forced.
    const isHolding = !isEnd && row.out_of_order === 0 && (row.newest === 0 || row.forced === 1);
    const holdUntilMs = isHolding ? (row.hold_until_ms ?? nowMs + LANE_HOLD_MS) : null;
    const dueMs = isRecovered && !isEnd && step.waitsFor === 'schedule' ? nowMs : step.dueAtMs;
    const target = ledger.byId(row.target);
    ledger.countState(target, LEASED, toStateCode(step.state));
    deliveries.change(row, {
      state: toStateCode(step.state),
      due_ms: dueMs,
      ready_ms: dueMs,
      hold_until_ms: holdUntilMs,
      ended_ms: isEnd ? nowMs : null,
      attempts: step.attempts,
      tries: row.tries + 1,
      waits_for: WAITS_FOR[step.waitsFor],
      first_try_ms: row.first_try_ms ?? nowMs,
      gone_ms: step.goneSinceMs,
      reason: step.reason,
      message: step.message,
    });
    if (isEnd) this.#transaction.promote(row.lane);
    else ledger.noteReady(target, dueMs ?? nowMs);
    if (holdUntilMs !== null && holdUntilMs < ledger.counters.nextHoldMs) ledger.change().nextHoldMs = holdUntilMs;
  }

  #noteAttempt(row: DeliveryRow, record: string): void {
    const number = row.tries + 1;
    this.#attempts.push({ delivery: row.seq, number, at_ms: this.#transaction.nowMs, record });
    const dropped = droppedAttempt(number);
    if (dropped !== null) this.#dropped.push({ delivery: row.seq, number: dropped });
  }

  #tripBreaker(target: SharedTarget, row: DeliveryRow, { outcome, durationMs }: SettlementInput): BreakerChange {
    const { ledger, nowMs } = this.#transaction;
    const isProbe = target.probeSeq === row.seq;
    const next = nextBreaker(target.breaker, toBreakerSignal(outcome), { nowMs, isProbe });
    ledger.touch(target).breaker = next.breaker;
    target.leaseWindow = nextLeaseWindow(target.leaseWindow, target.concurrency, { isDelivered: outcome.kind === 'delivered', durationMs });
    if (isProbe) target.probeSeq = null;
    if (next.change === 'recovered') this.#makeDue(target);
    return next.change;
  }

  /** Everything that only waits for its schedule is due at once; what a Retry-After asked for stays. */
  #makeDue(target: SharedTarget): void {
    const { deliveries, ledger, nowMs } = this.#transaction;
    this.#recovered.add(target);
    for (const row of deliveries.known()) {
      if (row.target !== target.id || row.state !== WAITING || row.waits_for !== 0) continue;
      if (row.ready_ms !== null && row.ready_ms > nowMs) deliveries.change(row, { due_ms: nowMs, ready_ms: nowMs });
    }
    if (target.nextReadyMs < Number.POSITIVE_INFINITY) ledger.noteReady(target, nowMs);
  }
}

/** Gives leases back untouched. */
export async function release(transaction: Transaction, leases: readonly LeaseKey[]): Promise<void> {
  const { deliveries } = transaction;
  await deliveries.readByIds(leases.map(([id]) => id));
  for (const [id, token] of leases) {
    const row = deliveries.byId(id);
    if (row !== undefined && row.state === LEASED && row.token === token) giveBack(transaction, row, false);
  }
  await transaction.flush();
}

/** Takes back leases that ran out by now; the memory of their lanes is unknown. Resolves to how many. */
export function recoverExpired(transaction: Transaction, limit: number): Promise<number> {
  return recover(transaction, 'deliveries d WHERE lease_until_ms <= $1 LIMIT $2', [transaction.nowMs, limit]);
}

/** Takes back leases of these replicas; the memory of their lanes is unknown. Resolves to how many. */
export function recoverOf(
  transaction: Transaction,
  { owners, limit }: { readonly owners: readonly string[]; readonly limit: number },
): Promise<number> {
  const clause = 'deliveries d WHERE lease_until_ms IS NOT NULL AND lease_owner = ANY ($1::text[]) LIMIT $2';
  return recover(transaction, clause, [owners, limit]);
}

async function recover(transaction: Transaction, clause: string, values: readonly unknown[]): Promise<number> {
  const rows = await transaction.deliveries.read(clause, values);
  if (rows.length === 0) return 0;
  await readNewest(transaction, rows);
  for (const row of rows) {
    transaction.memory.forget(row.lane);
    giveBack(transaction, row, true);
  }
  await transaction.flush();
  return rows.length;
}

/** What was deferred until one of these Targets changes is due now, and a paused one is probed now. */
export async function wake(transaction: Transaction, targetKeys: readonly string[]): Promise<void> {
  const { ledger, nowMs } = transaction;
  const targets = targetKeys.flatMap((key) => ledger.byKey(key) ?? []);
  await Promise.all(targets.map(({ id }) => makeDue(transaction, { target: id, waitsFor: WAITS_FOR['target-change'] })));
  for (const target of targets) {
    const { breaker } = ledger.touch(target);
    if (breaker.pausedUntilMs !== null) target.breaker = { ...breaker, pausedUntilMs: nowMs };
    if (target.nextReadyMs < Number.POSITIVE_INFINITY) ledger.noteReady(target, nowMs);
  }
}

/** Goes on with what was too much to be made due in one turn. */
export async function makeRestDue(transaction: Transaction): Promise<void> {
  for (const rest of transaction.ledger.takeDueLater()) {
    const target = transaction.ledger.byId(rest.target);
    if (target.nextReadyMs < Number.POSITIVE_INFINITY) transaction.ledger.noteReady(target, transaction.nowMs);
    await makeDue(transaction, rest);
  }
}

async function makeDue({ connection, ledger, nowMs }: Transaction, what: DueLater): Promise<void> {
  const rows = await connection.rows(MAKE_DUE, [what.target, nowMs, what.waitsFor]);
  if (rows.length === DUE_ROWS) ledger.makeDueLater(what);
}
