// The questions that people and the router ask. Those with filters look at a slice of the rows at a time,
// so that no question keeps the writer from writing.
import type { Reason } from '../../sdk/outcome.ts';
import { LIFETIME_MS } from '../schedule.ts';
import type { DeliveryFilter, EventFilter, TargetState } from '../store.ts';
import type { DeliveryRows, Page, Row } from './protocol.ts';
import { type Session, toStateCode } from './session.ts';

const SLICE_ROWS = 5_000;
const MAX_PAGE = 1_000;

const DELIVERY = `SELECT d.*, p.plan, e.id AS event_id, e.kind, e.namespace, e.name
  FROM deliveries d JOIN plans p ON p.seq = d.seq JOIN events e ON e.seq = d.event_seq`;

/** One question with its parameters. */
interface Condition {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

export function load(session: Session, ids: readonly string[]): readonly (DeliveryRows & { readonly event: Row })[] {
  return ids.flatMap((id) => {
    const delivery = session.sql(`${DELIVERY} WHERE d.id = ?`).get(id) as Row | undefined;
    if (delivery === undefined) return [];
    const eventRow = session.sql('SELECT * FROM events WHERE seq = ?').get(delivery['event_seq'] ?? null) as Row;
    return [{ ...withAttempts(session, delivery), event: eventRow }];
  });
}

export function event(session: Session, id: string): Row | null {
  return (session.sql('SELECT * FROM events WHERE id = ?').get(id) as Row | undefined) ?? null;
}

export function pending(session: Session, request: { readonly limit: number; readonly all: boolean }): readonly Row[] {
  const beforeMs = request.all ? Number.MAX_SAFE_INTEGER : session.nowMs;
  return session
    .sql('SELECT * FROM events WHERE pending_due_ms IS NOT NULL AND pending_due_ms <= ? ORDER BY pending_due_ms, seq LIMIT ?')
    .all(beforeMs, request.limit)
    .map((row) => ({ ...row, age_ms: Math.max(0, session.nowMs - Number(row['accepted_ms'])) }));
}

export function deliveries(session: Session, filter: DeliveryFilter, beforeSeq: number | null): Page<DeliveryRows> {
  const upTo = beforeSeq ?? seqBefore(session, 'deliveries', filter.after);
  const conditions = deliveryConditions(session, filter);
  const limit = Math.min(MAX_PAGE, Math.max(0, filter.limit));
  // An event's deliveries are found by its index: no slices.
  const isNarrow = filter.eventId !== undefined;
  const fromSeq = isNarrow ? 0 : Math.max(0, upTo - SLICE_ROWS);
  const { text, values } = join(conditions);
  const rows = session
    .sql(`${DELIVERY} WHERE d.seq < ? AND d.seq >= ? ${text} ORDER BY d.seq DESC LIMIT ?`)
    .all(upTo, fromSeq, ...values, limit) as Row[];
  return { rows: rows.map((row) => withAttempts(session, row)), nextSeq: nextSlice({ found: rows.length, limit, fromSeq }) };
}

function deliveryConditions(session: Session, filter: DeliveryFilter): readonly Condition[] {
  const conditions: Condition[] = [];
  if (filter.states !== undefined) {
    conditions.push({ text: `d.state IN (${filter.states.map(() => '?').join(', ')})`, values: filter.states.map(toStateCode) });
  }
  if (filter.targetKey !== undefined) {
    conditions.push({ text: 'd.target = ?', values: [session.targets.byKey(filter.targetKey)?.id ?? -1] });
  }
  if (filter.routeKey !== undefined) conditions.push({ text: 'p.route_key = ?', values: [filter.routeKey] });
  if (filter.eventId !== undefined) {
    conditions.push({ text: 'd.event_seq = (SELECT seq FROM events WHERE id = ?)', values: [filter.eventId] });
  }
  if (filter.reason !== undefined) conditions.push({ text: 'd.reason = ?', values: [filter.reason satisfies Reason] });
  if (filter.olderThanMs !== undefined) conditions.push({ text: 'd.created_ms <= ?', values: [session.nowMs - filter.olderThanMs] });
  if (filter.youngerThanMs !== undefined) conditions.push({ text: 'd.created_ms >= ?', values: [session.nowMs - filter.youngerThanMs] });
  return [...conditions, ...subjectConditions(filter.subject, 'e.')];
}

export function events(session: Session, filter: EventFilter, beforeSeq: number | null): Page<Row> {
  const upTo = beforeSeq ?? seqBefore(session, 'events', filter.after);
  const conditions: Condition[] = [...subjectConditions(filter.subject, '')];
  if (filter.youngerThanMs !== undefined) conditions.push({ text: 'accepted_ms >= ?', values: [session.nowMs - filter.youngerThanMs] });
  if (filter.pending !== undefined) conditions.push({ text: `pending_due_ms IS ${filter.pending ? 'NOT NULL' : 'NULL'}`, values: [] });
  const limit = Math.min(MAX_PAGE, Math.max(0, filter.limit));
  const fromSeq = Math.max(0, upTo - SLICE_ROWS);
  const { text, values } = join(conditions);
  const rows = session
    .sql(`SELECT * FROM events WHERE seq < ? AND seq >= ? ${text} ORDER BY seq DESC LIMIT ?`)
    .all(upTo, fromSeq, ...values, limit) as Row[];
  return { rows, nextSeq: nextSlice({ found: rows.length, limit, fromSeq }) };
}

export function targets(session: Session): readonly TargetState[] {
  const oldest = new Map<number, number>();
  for (const row of session.sql('SELECT target, min(expires_ms) AS at FROM deliveries WHERE ended_ms IS NULL GROUP BY target').all()) {
    oldest.set(Number(row['target']), Math.max(0, session.nowMs - (Number(row['at']) - LIFETIME_MS)));
  }
  return [...session.targets.all()].map((target) => ({
    key: target.key,
    waiting: target.waiting,
    leased: target.leased,
    dead: target.dead,
    pausedUntilMs: target.breaker.pausedUntilMs,
    failures: target.breaker.failures,
    oldestWaitingMs: target.waiting === 0 ? null : (oldest.get(target.id) ?? null),
  }));
}

function withAttempts(session: Session, delivery: Row): DeliveryRows {
  if (delivery['tries'] === 0) return { delivery, attempts: [] };
  const attempts = session
    .sql('SELECT number, at_ms, record FROM attempts WHERE delivery = ? ORDER BY number')
    .all(delivery['seq'] ?? null);
  return { delivery, attempts: attempts as Row[] };
}

function subjectConditions(subject: EventFilter['subject'], prefix: string): readonly Condition[] {
  const conditions: Condition[] = [];
  for (const field of ['kind', 'namespace', 'name'] as const) {
    const value = subject?.[field];
    if (value !== undefined) conditions.push({ text: `${prefix}${field} = ?`, values: [value] });
  }
  return conditions;
}

function join(conditions: readonly Condition[]): Condition {
  return {
    text: conditions.map(({ text }) => `AND ${text}`).join(' '),
    values: conditions.flatMap(({ values }) => values),
  };
}

function seqBefore(session: Session, table: 'deliveries' | 'events', after: string | undefined): number {
  if (after === undefined) return Number(session.sql(`SELECT max(seq) AS seq FROM ${table}`).get()?.['seq'] ?? 0) + 1;
  return Number(session.sql(`SELECT seq FROM ${table} WHERE id = ?`).get(after)?.['seq'] ?? 0);
}

function nextSlice(slice: { readonly found: number; readonly limit: number; readonly fromSeq: number }): number | null {
  return slice.found >= slice.limit || slice.fromSeq <= 0 ? null : slice.fromSeq;
}
