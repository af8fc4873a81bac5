// The questions that people and the router ask. Those with filters look at a slice of the rows at a time,
// so that no question keeps the writer from writing.
import type { Reason } from '../../sdk/outcome.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { isNarrow, type Slice, sliceDown, type SliceRequest, sliceUp } from '../slices.ts';
import { toStateCode } from '../state-codes.ts';
import type { DeliveryFilter, EventFilter, EventVerdict, TargetState } from '../store.ts';
import { DECISIONS_OF } from './decisions.ts';
import type { DeliveryRows, Page, Row } from '../operations.ts';
import type { Session } from './session.ts';

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
    .map((row) => ({ ...row, age_ms: Math.max(0, session.nowMs - Number(row['pending_since_ms'] ?? row['accepted_ms'])) }));
}

/** `fromSeq` is where a slice begins: the rows before it, or with the oldest first those from it on. */
export function deliveries(session: Session, filter: DeliveryFilter, fromSeq: number | null): Page<DeliveryRows> {
  const limit = Math.min(MAX_PAGE, Math.max(0, filter.limit));
  const slice = toSlice(session, filter, { table: 'deliveries', fromSeq, rows: isNarrow(filter) ? Number.MAX_SAFE_INTEGER : SLICE_ROWS });
  const { text, values } = join(deliveryConditions(session, filter));
  const rows = session
    .sql(`${DELIVERY} WHERE d.seq >= ? AND d.seq < ? ${text} ORDER BY d.seq ${slice.direction} LIMIT ?`)
    .all(slice.from, slice.to, ...values, limit) as Row[];
  const history = filter.withHistory === false ? withoutHistory : withHistory;
  return { rows: rows.map((row) => history(session, row)), nextSeq: rows.length >= limit ? null : slice.nextSeq };
}

function toSlice(session: Session, filter: Pick<EventFilter, 'order' | 'after'>, request: SliceRequest): Slice {
  return filter.order === 'oldest' ? upwards(session, filter.after, request) : downwards(session, filter.after, request);
}

function downwards(session: Session, after: string | undefined, { table, fromSeq, rows }: SliceRequest): Slice {
  return sliceDown({ to: fromSeq ?? seqBefore(session, table, after), rows, first: 0 });
}

function upwards(session: Session, after: string | undefined, { table, fromSeq, rows }: SliceRequest): Slice {
  const end = seqBefore(session, table, undefined);
  const from = fromSeq ?? (after === undefined ? firstSeq(session, table) : seqAfter(session, table, after));
  return sliceUp({ from, rows, end });
}

function firstSeq(session: Session, table: SliceRequest['table']): number {
  return Number(session.sql(`SELECT min(seq) AS seq FROM ${table}`).get()?.['seq'] ?? 0);
}

/** Behind everything when there is no such row. */
function seqAfter(session: Session, table: SliceRequest['table'], after: string): number {
  return Number(session.sql(`SELECT seq FROM ${table} WHERE id = ?`).get(after)?.['seq'] ?? Number.MAX_SAFE_INTEGER - 1) + 1;
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
  if (filter.changedWithinMs !== undefined) conditions.push(changedSince(session.nowMs - filter.changedWithinMs));
  return [...conditions, ...subjectConditions(filter.subject, 'e.')];
}

/** Ends have an index by state; what people decided is a short table. */
function changedSince(sinceMs: number): Condition {
  const ended = 'SELECT seq FROM deliveries WHERE ended_ms IS NOT NULL AND state IN (2, 3, 4, 5) AND ended_ms >= ?';
  return { text: `d.seq IN (${ended} UNION ALL SELECT delivery FROM decisions WHERE at_ms >= ?)`, values: [sinceMs, sinceMs] };
}

export function events(session: Session, filter: EventFilter, fromSeq: number | null): Page<Row> {
  const limit = Math.min(MAX_PAGE, Math.max(0, filter.limit));
  const hasBodies = [filter.reason, filter.severity, filter.verdict].some((value) => value !== undefined);
  const slice = toSlice(session, filter, { table: 'events', fromSeq, rows: hasBodies ? SLICE_BODIES : SLICE_ROWS });
  const { text, values } = join(eventConditions(session, filter));
  const rows = session
    .sql(`SELECT * FROM events WHERE seq >= ? AND seq < ? ${text} ORDER BY seq ${slice.direction} LIMIT ?`)
    .all(slice.from, slice.to, ...values, limit) as Row[];
  return { rows, nextSeq: rows.length >= limit ? null : slice.nextSeq };
}

function eventConditions(session: Session, filter: EventFilter): readonly Condition[] {
  const conditions: Condition[] = [...subjectConditions(filter.subject, '')];
  if (filter.reason !== undefined) conditions.push(bodyCondition('reason', filter.reason));
  if (filter.severity !== undefined) conditions.push(bodyCondition('severity', filter.severity));
  if (filter.olderThanMs !== undefined) conditions.push({ text: 'accepted_ms <= ?', values: [session.nowMs - filter.olderThanMs] });
  if (filter.youngerThanMs !== undefined) conditions.push({ text: 'accepted_ms >= ?', values: [session.nowMs - filter.youngerThanMs] });
  if (filter.pending !== undefined) conditions.push({ text: `pending_due_ms IS ${filter.pending ? 'NOT NULL' : 'NULL'}`, values: [] });
  if (filter.verdict !== undefined) conditions.push(verdictCondition(filter.verdict));
  return conditions;
}

/** A body may be anything that its intake understood. */
function bodyCondition(field: 'reason' | 'severity', value: string): Condition {
  return { text: `CASE WHEN json_valid(body) THEN json_extract(body, '$.${field}') END = ?`, values: [value] };
}

function verdictCondition(verdict: EventVerdict): Condition {
  const said = "SELECT 1 FROM json_each(CASE WHEN json_valid(verdicts) THEN verdicts ELSE '[]' END) WHERE json_extract(value, '$.kind')";
  if (verdict !== 'unmatched') return { text: `EXISTS (${said} = ?)`, values: [verdict] };
  return { text: `pending_due_ms IS NULL AND NOT EXISTS (${said} IN ('matched', 'held'))`, values: [] };
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
