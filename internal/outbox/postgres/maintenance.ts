// One small step at a time: lost leases come back, what is too old ends, what was kept long enough goes.
// What is waiting is never pruned. Every replica may take these steps; each finds what the others left.
import { type Ended, STEP_ENDS, toStoreEnd } from '../end-log.ts';
import { CANCELLED, DEAD, DELIVERED, LEASED, SUPERSEDED } from '../state-codes.ts';
import type { StoreEnd } from '../store.ts';
import type { Connection } from './connection.ts';
import { expire } from './lease.ts';
import type { Transaction } from './transaction.ts';

const STEP_ROWS = 1_000;
/** Above this share of the maximum size what ended goes before its time. */
const PRUNE_ABOVE = 0.9;

const OVERDUE = `deliveries d WHERE ended_ms IS NULL AND expires_ms <= $1 AND state <> ${LEASED} ORDER BY expires_ms LIMIT $2`;
const PRUNE_DELIVERIES = `WITH old AS (
    SELECT seq FROM deliveries WHERE state = $1 AND ended_ms IS NOT NULL AND ended_ms < $2 ORDER BY ended_ms LIMIT $3
  ), a AS (DELETE FROM attempts USING old WHERE delivery = old.seq), c AS (DELETE FROM decisions USING old WHERE delivery = old.seq),
  p AS (DELETE FROM plans USING old WHERE plans.seq = old.seq),
  gone AS (DELETE FROM deliveries USING old WHERE deliveries.seq = old.seq RETURNING target)
  SELECT target, count(*) AS count FROM gone GROUP BY target`;
const READ_EVENTS = `SELECT seq, accepted_ms < $2 AS "isOld", pending_due_ms IS NULL AND NOT EXISTS
    (SELECT FROM deliveries WHERE event_seq = events.seq) AS "isDone" FROM events WHERE seq > $1 ORDER BY seq LIMIT $3`;
const PRUNE_KEYED = [
  'DELETE FROM dedup WHERE key IN (SELECT key FROM dedup WHERE idle_ms < $1 LIMIT $2)',
  'DELETE FROM lane_tops WHERE lane IN (SELECT lane FROM lane_tops WHERE at_ms < $1 LIMIT $2)',
  'DELETE FROM facts WHERE (scope, key) IN (SELECT scope, key FROM facts WHERE at_ms < $1 LIMIT $2)',
] as const;
const PRUNE_TALLIES = `DELETE FROM tallies WHERE (lane, member) IN
  (SELECT lane, member FROM tallies WHERE is_overtaken = $1 AND at_ms < $2 LIMIT $3)`;
const SIZE = `SELECT sum(pg_total_relation_size(oid))::bigint AS bytes FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`;
const READ_ENDS = `SELECT d.seq, d.id, e.id AS event_id, e.origin, e.kind, e.namespace, e.name, p.plan FROM deliveries d
  JOIN plans p ON p.seq = d.seq JOIN events e ON e.seq = d.event_seq WHERE d.seq = ANY ($1::bigint[])`;

export interface Retention {
  readonly keepDeliveredMs: number;
  readonly keepDeadMs: number;
  readonly maxBytes: number;
}

export async function expireOverdue(transaction: Transaction): Promise<number> {
  const rows = await transaction.deliveries.read(OVERDUE, [transaction.nowMs, STEP_ROWS]);
  for (const row of rows) expire(transaction, row);
  await transaction.flush();
  return rows.length;
}

/** Walks over the events, so that those whose deliveries are kept longer are not looked at over and over. */
export interface PruneCursor {
  eventSeq: number;
}

/** Prunes one step; resolves to how many rows of deliveries and events went. */
export async function prune(
  transaction: Transaction,
  retention: Retention,
  { cursor, bytes }: { readonly cursor: PruneCursor; readonly bytes: number },
): Promise<number> {
  const { connection, nowMs } = transaction;
  const isTooBig = bytes > retention.maxBytes * PRUNE_ABOVE;
  const before = (ms: number): number => (isTooBig ? nowMs : nowMs - ms);
  let room = STEP_ROWS;
  for (const state of [DELIVERED, SUPERSEDED, CANCELLED]) {
    room -= await pruneDeliveries(transaction, state, { beforeMs: before(retention.keepDeliveredMs), limit: room });
  }
  if (!isTooBig || room === STEP_ROWS) {
    room -= await pruneDeliveries(transaction, DEAD, { beforeMs: before(retention.keepDeadMs), limit: room });
  }
  const events = await pruneEvents(transaction, before(retention.keepDeliveredMs), cursor);
  const [dedup, tops, facts] = PRUNE_KEYED;
  await Promise.all([
    connection.rows(dedup, [nowMs, STEP_ROWS]),
    connection.rows(tops, [nowMs - retention.keepDeadMs, STEP_ROWS]),
    connection.rows(facts, [nowMs - retention.keepDeadMs, STEP_ROWS]),
    connection.rows(PRUNE_TALLIES, [1, before(retention.keepDeliveredMs), STEP_ROWS]),
    connection.rows(PRUNE_TALLIES, [0, nowMs - retention.keepDeadMs, STEP_ROWS]),
  ]);
  return STEP_ROWS - room + events;
}

export async function readBytes(connection: Connection): Promise<number> {
  const [row] = await connection.rows<{ bytes: number | null }>(SIZE);
  return row?.bytes ?? 0;
}

async function pruneDeliveries(
  { connection, ledger }: Transaction,
  state: number,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  if (limit <= 0) return 0;
  const gone = await connection.rows<{ target: number; count: number }>(PRUNE_DELIVERIES, [state, beforeMs, limit]);
  for (const { target, count } of gone) {
    for (let each = 0; each < count; each += 1) ledger.countState(ledger.byId(target), state, null);
  }
  return gone.reduce((sum, { count }) => sum + count, 0);
}

async function pruneEvents({ connection, ledger }: Transaction, beforeMs: number, cursor: PruneCursor): Promise<number> {
  const rows = await connection.rows<{ seq: number; isOld: boolean; isDone: boolean }>(READ_EVENTS, [cursor.eventSeq, beforeMs, STEP_ROWS]);
  const old = rows.filter(({ isOld }) => isOld);
  const done = old.filter(({ isDone }) => isDone).map(({ seq }) => seq);
  if (done.length > 0) {
    await connection.rows('DELETE FROM events WHERE seq = ANY ($1::bigint[])', [done]);
    ledger.change().events -= done.length;
  }
  // Events are stored in order of time: behind the first young one there is nothing to prune.
  cursor.eventSeq = old.length === STEP_ROWS ? (rows.at(-1)?.seq ?? 0) : 0;
  return done.length;
}

/** The next that ended by themselves in transactions of this replica, with what people and metrics want to know. */
export async function takeEnds({ connection, ends }: Transaction): Promise<readonly StoreEnd[]> {
  const taken = ends.take(STEP_ENDS);
  if (taken.length === 0) return [];
  const rows = await connection.rows<{ seq: number }>(READ_ENDS, [taken.map(({ seq }) => seq)]);
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  return taken.flatMap((end: Ended) => {
    const row = bySeq.get(end.seq);
    return row === undefined ? [] : [toStoreEnd(end, { ...row })];
  });
}
