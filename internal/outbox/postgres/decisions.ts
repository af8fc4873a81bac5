// What a person decides about deliveries: to send once more, or not to send any more. Each decision is kept with who made it.
import { isOlder, type LaneAge } from '../lane-order.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { CANCELLED, DELIVERED, SUPERSEDED, WAITING } from '../state-codes.ts';
import type { CancelRequest, CancelResult, PersonsDecision, ReplayRequest, ReplayResult } from '../store.ts';
import type { DeliveryRow } from './delivery-rows.ts';
import { readNewest, supersedeOlder } from './lanes.ts';
import { ageOf } from './newest-lanes.ts';
import type { Transaction } from './transaction.ts';

/** Decisions that are kept of one delivery. */
const KEEP_DECISIONS = 10;

const NOTE = `INSERT INTO decisions SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM decisions WHERE delivery = $1`;
const TRIM = `DELETE FROM decisions WHERE delivery = $1 AND number <= (SELECT max(number) FROM decisions WHERE delivery = $1) - ${KEEP_DECISIONS}`;

/** Ends what has not ended yet. One result per id, in order. */
export async function cancel(transaction: Transaction, { ids, by, dryRun }: CancelRequest): Promise<readonly CancelResult[]> {
  const { deliveries } = transaction;
  await deliveries.readByIds(ids);
  const notes: Promise<unknown>[] = [];
  const results = ids.map((id): CancelResult => {
    const row = deliveries.byId(id);
    if (row === undefined) return 'unknown';
    if (row.ended_ms !== null) return 'ended';
    if (dryRun === true) return 'cancelled';
    notes.push(...note(transaction, row, { kind: 'cancel', by, forced: false }));
    transaction.end(row, { state: CANCELLED, reason: 'cancelled', message: `cancelled by ${by}` });
    return 'cancelled';
  });
  await transaction.flush(notes);
  return results;
}

/** Sends once more what has ended. One result per id, in order. */
export async function replay(transaction: Transaction, request: ReplayRequest): Promise<readonly ReplayResult[]> {
  const { deliveries } = transaction;
  await deliveries.readByIds(request.ids);
  const rows = request.ids.map((id) => deliveries.byId(id));
  await readNewest(
    transaction,
    rows.filter((row) => row !== undefined),
  );
  const tops = newestOfLanes(transaction, rows);
  const notes: Promise<unknown>[] = [];
  const results = rows.map((row): ReplayResult => {
    if (row === undefined) return 'unknown';
    if (row.ended_ms === null) return 'live';
    const top = tops.get(row.lane);
    const isRefused =
      row.newest === 1 && !request.force && (isPointless(transaction, row) || (top !== undefined && isOlder(ageOf(row), top)));
    if (request.dryRun === true) return isRefused ? 'outdated' : 'requeued';
    const { by, force } = request;
    if (!isRefused || isEndChanged(row)) notes.push(...note(transaction, row, { kind: 'replay', by, forced: force }));
    if (isRefused) endAsSuperseded(transaction, row);
    else requeue(transaction, row, force);
    return isRefused ? 'outdated' : 'requeued';
  });
  await transaction.flush(notes);
  return results;
}

/** Of those asked for, the newest of each `newest` lane: the others of the lane are outdated by it. */
function newestOfLanes(transaction: Transaction, rows: readonly (DeliveryRow | undefined)[]): ReadonlyMap<string, LaneAge> {
  const tops = new Map<string, LaneAge>();
  for (const row of rows) {
    if (row === undefined || row.newest !== 1 || row.ended_ms === null || isPointless(transaction, row)) continue;
    const top = tops.get(row.lane);
    if (top === undefined || isOlder(top, ageOf(row))) tops.set(row.lane, ageOf(row));
  }
  return tops;
}

function isPointless({ newest }: Transaction, row: DeliveryRow): boolean {
  return row.state === SUPERSEDED || newest.isOutdated(row.lane, ageOf(row));
}

/** A replay that would undo a newer one ends where an older one belongs; what was delivered stays so. */
function endAsSuperseded(transaction: Transaction, row: DeliveryRow): void {
  if (!isEndChanged(row)) return;
  transaction.end(row, { state: SUPERSEDED, reason: null, message: 'a newer one of its lane is known' });
}

function isEndChanged(row: DeliveryRow): boolean {
  return row.state !== SUPERSEDED && row.state !== DELIVERED;
}

/** At the end of its lane, with a life of its own: 24 h from now. */
function requeue(transaction: Transaction, row: DeliveryRow, force: boolean): void {
  const { deliveries, ledger, newest, nowMs } = transaction;
  if (row.newest === 1) supersedeOlder(transaction, row.lane, ageOf(row));
  ledger.countState(ledger.byId(row.target), row.state, WAITING);
  deliveries.change(row, {
    state: WAITING,
    position: ledger.takeSequence(),
    expires_ms: nowMs + LIFETIME_MS,
    due_ms: nowMs,
    ready_ms: null,
    ended_ms: null,
    attempts: 0,
    waits_for: 0,
    out_of_order: 0,
    forced: force ? 1 : 0,
    preceded_by: 0,
    first_try_ms: null,
    gone_ms: null,
    reason: null,
    message: null,
  });
  newest.add(row);
  transaction.promote(row.lane);
}

function note(
  { connection, nowMs }: Transaction,
  row: DeliveryRow,
  { kind, by, forced }: Pick<PersonsDecision, 'kind' | 'by' | 'forced'>,
): readonly Promise<unknown>[] {
  return [connection.rows(NOTE, [row.seq, nowMs, kind, by, forced ? 1 : 0, row.state, row.reason]), connection.rows(TRIM, [row.seq])];
}
