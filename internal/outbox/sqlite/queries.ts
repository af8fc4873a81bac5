// The questions that people and the router ask. Those with filters look at a slice of the rows at a time,
// so that no question keeps the writer from writing.
import type { Reason } from '../../sdk/outcome.ts';
import { LIFETIME_MS } from '../schedule.ts';
import type { DeliveryFilter, EventFilter, TargetState } from '../store.ts';
import { DECISIONS_OF } from './decisions.ts';
import type { DeliveryRows, Page, Row } from './protocol.ts';
import { type Session, toStateCode } from './session.ts';

const SLICE_ROWS = 5_000;
/** Where the bodies have to be read as well. */
const SLICE_BODIES = 500;
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
    return [{ ...withHistory(session, delivery), event: eventRow }];
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

/** `fromSeq` is where a slice begins: the rows before it, or with the oldest first those from it on. */
export function deliveries(session: Session, filter: DeliveryFilter, fromSeq: number | null): Page<DeliveryRows> {
  const limit = Math.min(MAX_PAGE, Math.max(0, filter.limit));
  const slice = filter.order === 'oldest' ? upwards(session, filter, fromSeq) : downwards(session, filter, fromSeq);
  const { text, values } = join(deliveryConditions(session, filter));
  const rows = session
    .sql(`${DELIVERY} WHERE d.seq >= ? AND d.seq < ? ${text} ORDER BY d.seq ${filter.order === 'oldest' ? 'ASC' : 'DESC'} LIMIT ?`)
    .all(slice.from, slice.to, ...values, limit) as Row[];
  const history = filter.withHistory === false ? withoutHistory : withHistory;
  return { rows: rows.map((row) => history(session, row)), nextSeq: rows.length >= limit ? null : slice.nextSeq };
}

/** A part of the sequence numbers, `to` not included. */
interface Slice {
  readonly from: number;
  readonly to: number;
  readonly nextSeq: number | null;
}

function downwards(session: Session, filter: DeliveryFilter, fromSeq: number | null): Slice {
  const to = fromSeq ?? seqBefore(session, 'deliveries', filter.after);
  const from = isNarrow(filter) ? 0 : Math.max(0, to - SLICE_ROWS);
  return { from, to, nextSeq: from <= 0 ? null : from };
}

function upwards(session: Session, filter: DeliveryFilter, fromSeq: number | null): Slice {
  const end = seqBefore(session, 'deliveries', undefined);
  const from = fromSeq ?? (filter.after === undefined ? firstSeq(session) : seqAfter(session, filter.after));
  const to = isNarrow(filter) ? end : Math.min(end, from + SLICE_ROWS);
  return { from, to, nextSeq: to >= end ? null : to };
}

/** Found by an index: no slices. */
function isNarrow(filter: DeliveryFilter): boolean {
  return filter.eventId !== undefined || filter.ids !== undefined;
}

function firstSeq(session: Session): number {
  return Number(session.sql('SELECT min(seq) AS seq FROM deliveries').get()?.['seq'] ?? 0);
}

/** Behind everything when there is no such delivery. */
function seqAfter(session: Session, after: string): number {
  return Number(session.sql('SELECT seq FROM deliveries WHERE id = ?').get(after)?.['seq'] ?? Number.MAX_SAFE_INTEGER - 1) + 1;
}

function deliveryConditions(session: Session, filter: DeliveryFilter): readonly Condition[] {
  const conditions: Condition[] = [];
  if (filter.ids !== undefined) {
    conditions.push({ text: `d.id IN (${filter.ids.map(() => '?').join(', ')})`, values: filter.ids });
  }
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

export function events(session: Session, filter: EventFilter, fromRow: number | null): Page<Row> {
  const upTo = fromRow ?? seqBefore(session, 'events', filter.after);
  const conditions: Condition[] = [...subjectConditions(filter.subject, '')];
  if (filter.reason !== undefined) conditions.push(reasonCondition(filter.reason));
  if (filter.olderThanMs !== undefined) conditions.push({ text: 'accepted_ms <= ?', values: [session.nowMs - filter.olderThanMs] });
  if (filter.youngerThanMs !== undefined) conditions.push({ text: 'accepted_ms >= ?', values: [session.nowMs - filter.youngerThanMs] });
  if (filter.pending !== undefined) conditions.push({ text: `pending_due_ms IS ${filter.pending ? 'NOT NULL' : 'NULL'}`, values: [] });
  const limit = Math.min(MAX_PAGE, Math.max(0, filter.limit));
  const fromSeq = Math.max(0, upTo - (filter.reason === undefined ? SLICE_ROWS : SLICE_BODIES));
  const { text, values } = join(conditions);
  const rows = session
    .sql(`SELECT * FROM events WHERE seq < ? AND seq >= ? ${text} ORDER BY seq DESC LIMIT ?`)
    .all(upTo, fromSeq, ...values, limit) as Row[];
  return { rows, nextSeq: rows.length >= limit || fromSeq <= 0 ? null : fromSeq };
}

/** A body may be anything that its intake understood. */
function reasonCondition(reason: string): Condition {
  return { text: "CASE WHEN json_valid(body) THEN json_extract(body, '$.reason') END = ?", values: [reason] };
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

function withHistory(session: Session, delivery: Row): DeliveryRows {
  const seq = delivery['seq'] ?? null;
  const decisions = session.sql(DECISIONS_OF).all(seq) as Row[];
  if (delivery['tries'] === 0) return { delivery, attempts: [], decisions };
  const attempts = session.sql('SELECT number, at_ms, record FROM attempts WHERE delivery = ? ORDER BY number').all(seq);
  return { delivery, attempts: attempts as Row[], decisions };
}

function withoutHistory(_session: Session, delivery: Row): DeliveryRows {
  return { delivery, attempts: [], decisions: [] };
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
