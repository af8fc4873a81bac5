// The questions that people and the router ask, on connections of their own: no question keeps a replica from writing. Those with
// filters look at a slice of the rows at a time, so that none takes long.
import type { DeliveryRows, Page, Row } from '../operations.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { isNarrow, type Slice, sliceDown, type SliceRequest, sliceUp } from '../slices.ts';
import { toStateCode } from '../state-codes.ts';
import type { DeliveryFilter, EventFilter, EventVerdict, TargetState } from '../store.ts';
import type { Connection } from './connection.ts';

const SLICE_ROWS = 5_000;
/** Where the bodies have to be read as well. */
const SLICE_BODIES = 500;
const MAX_PAGE = 1_000;

const DELIVERY = `SELECT d.*, p.plan, e.id AS event_id, e.kind, e.namespace, e.name
  FROM deliveries d JOIN plans p ON p.seq = d.seq JOIN events e ON e.seq = d.event_seq`;
const ATTEMPTS = 'SELECT delivery, number, at_ms, record FROM attempts WHERE delivery = ANY ($1::bigint[]) ORDER BY delivery, number';
const DECISIONS = `SELECT delivery, at_ms, kind, by_whom, forced, from_state, reason FROM decisions WHERE delivery = ANY ($1::bigint[])
  ORDER BY delivery, number`;
const PENDING = `SELECT *, greatest(0, outbox_now() - coalesce(pending_since_ms, accepted_ms)) AS age_ms FROM events
  WHERE pending_due_ms IS NOT NULL AND ($2 OR pending_due_ms <= outbox_now()) ORDER BY pending_due_ms, seq LIMIT $1`;
const TARGETS = `SELECT id, key, waiting, leased, dead, paused_until_ms AS "pausedUntilMs", failures FROM targets ORDER BY id`;
const OLDEST = `SELECT target, greatest(0, outbox_now() - (min(expires_ms) - $1)) AS ms FROM deliveries WHERE ended_ms IS NULL GROUP BY target`;

/** Whole deliveries with their events. */
export async function load(connection: Connection, ids: readonly string[]): Promise<readonly (DeliveryRows & { readonly event: Row })[]> {
  const found = await connection.rows(`${DELIVERY} WHERE d.id = ANY ($1::text[])`, [ids]);
  const [deliveryRows, eventRows] = await Promise.all([
    withHistory(connection, found),
    connection.rows('SELECT * FROM events WHERE seq = ANY ($1::bigint[])', [found.map((row) => row['event_seq'])]),
  ]);
  const bySeq = new Map(eventRows.map((row) => [row['seq'], row]));
  return deliveryRows.flatMap((rows) => {
    const eventRow = bySeq.get(rows.delivery['event_seq'] ?? null);
    return eventRow === undefined ? [] : [{ ...rows, event: eventRow }];
  });
}

export async function event(connection: Connection, id: string): Promise<Row | null> {
  const [row] = await connection.rows('SELECT * FROM events WHERE id = $1', [id]);
  return row ?? null;
}

export function pending(connection: Connection, request: { readonly limit: number; readonly all: boolean }): Promise<readonly Row[]> {
  return connection.rows(PENDING, [request.limit, request.all]);
}

export async function targets(connection: Connection): Promise<readonly TargetState[]> {
  const [rows, oldest] = await Promise.all([
    connection.rows<Omit<TargetState, 'oldestWaitingMs'> & { readonly id: number }>(TARGETS),
    connection.rows<{ target: number; ms: number }>(OLDEST, [LIFETIME_MS]),
  ]);
  const oldestOf = new Map(oldest.map(({ target, ms }) => [target, ms]));
  return rows.map(({ id, ...row }) => ({ ...row, oldestWaitingMs: row.waiting === 0 ? null : (oldestOf.get(id) ?? null) }));
}

/** `fromSeq` is where a slice begins: the rows before it, or with the oldest first those from it on. */
export async function deliveries(connection: Connection, filter: DeliveryFilter, fromSeq: number | null): Promise<Page<DeliveryRows>> {
  const rows = isNarrow(filter) ? Number.MAX_SAFE_INTEGER : SLICE_ROWS;
  const slice = await toSlice(connection, filter, { table: 'deliveries', fromSeq, rows });
  const conditions = deliveryConditions(filter);
  const found = await conditions.rows(connection, { select: DELIVERY, seq: 'd.seq', slice, limit: toLimit(filter.limit) });
  const history = filter.withHistory === false ? found.map(withoutHistory) : await withHistory(connection, found);
  return { rows: history, nextSeq: found.length >= toLimit(filter.limit) ? null : slice.nextSeq };
}

export async function events(connection: Connection, filter: EventFilter, fromSeq: number | null): Promise<Page<Row>> {
  const hasBodies = [filter.reason, filter.severity, filter.verdict].some((value) => value !== undefined);
  const slice = await toSlice(connection, filter, { table: 'events', fromSeq, rows: hasBodies ? SLICE_BODIES : SLICE_ROWS });
  const conditions = eventConditions(filter);
  const found = await conditions.rows(connection, { select: 'SELECT * FROM events', seq: 'seq', slice, limit: toLimit(filter.limit) });
  return { rows: found, nextSeq: found.length >= toLimit(filter.limit) ? null : slice.nextSeq };
}

/** What a question asks for, with its parameters. */
class Conditions {
  readonly #texts: string[] = [];
  readonly #values: unknown[] = [];

  /** `?` stands for the value. */
  add(text: string, value: unknown): void {
    this.#texts.push(text.replace('?', `$${this.#values.push(value)}`));
  }

  /** One without a value. */
  state(text: string): void {
    this.#texts.push(text);
  }

  rows(
    connection: Connection,
    { select, seq, slice, limit }: { readonly select: string; readonly seq: string; readonly slice: Slice; readonly limit: number },
  ): Promise<readonly Row[]> {
    this.add(`${seq} >= ?`, slice.from);
    this.add(`${seq} < ?`, slice.to);
    const text = `${select} WHERE ${this.#texts.join(' AND ')} ORDER BY ${seq} ${slice.direction} LIMIT ${limit}`;
    return connection.rows(text, this.#values);
  }
}

async function toSlice(connection: Connection, filter: Pick<EventFilter, 'order' | 'after'>, request: SliceRequest): Promise<Slice> {
  const { table, fromSeq, rows } = request;
  const [bounds] = await connection.rows<{ first: number; end: number; after: number | null }>(
    `SELECT coalesce(min(seq), 0) AS first, coalesce(max(seq), 0) + 1 AS end, (SELECT seq FROM ${table} WHERE id = $1) AS after FROM ${table}`,
    [filter.after ?? ''],
  );
  const { first, end, after } = bounds ?? { first: 0, end: 1, after: null };
  if (filter.order === 'oldest') {
    return sliceUp({ from: fromSeq ?? (filter.after === undefined ? first : (after ?? end) + 1), rows, end });
  }
  return sliceDown({ to: fromSeq ?? (filter.after === undefined ? end : (after ?? 0)), rows, first });
}

function deliveryConditions(filter: DeliveryFilter): Conditions {
  const conditions = new Conditions();
  if (filter.ids !== undefined) conditions.add('d.id = ANY (?::text[])', filter.ids);
  if (filter.states !== undefined) conditions.add('d.state = ANY (?::smallint[])', filter.states.map(toStateCode));
  if (filter.targetKey !== undefined) conditions.add('d.target = (SELECT id FROM targets WHERE key = ?)', filter.targetKey);
  if (filter.routeKey !== undefined) conditions.add('p.route_key = ?', filter.routeKey);
  if (filter.eventId !== undefined) conditions.add('d.event_seq = (SELECT seq FROM events WHERE id = ?)', filter.eventId);
  if (filter.reason !== undefined) conditions.add('d.reason = ?', filter.reason);
  if (filter.olderThanMs !== undefined) conditions.add('d.created_ms <= outbox_now() - ?::bigint', filter.olderThanMs);
  if (filter.youngerThanMs !== undefined) conditions.add('d.created_ms >= outbox_now() - ?::bigint', filter.youngerThanMs);
  if (filter.changedWithinMs !== undefined) conditions.add(CHANGED, filter.changedWithinMs);
  addSubject(conditions, filter.subject, 'e.');
  return conditions;
}

/** Ends have an index by state; what people decided has one by time. */
const CHANGED = `d.seq IN (
  WITH since AS (SELECT outbox_now() - ?::bigint AS ms)
  SELECT seq FROM deliveries, since WHERE ended_ms IS NOT NULL AND state IN (2, 3, 4, 5) AND ended_ms >= since.ms
  UNION ALL SELECT delivery FROM decisions, since WHERE at_ms >= since.ms)`;

function eventConditions(filter: EventFilter): Conditions {
  const conditions = new Conditions();
  addSubject(conditions, filter.subject, '');
  if (filter.reason !== undefined) conditions.add(bodyText('reason'), filter.reason);
  if (filter.severity !== undefined) conditions.add(bodyText('severity'), filter.severity);
  if (filter.olderThanMs !== undefined) conditions.add('accepted_ms <= outbox_now() - ?::bigint', filter.olderThanMs);
  if (filter.youngerThanMs !== undefined) conditions.add('accepted_ms >= outbox_now() - ?::bigint', filter.youngerThanMs);
  if (filter.pending !== undefined) conditions.state(`pending_due_ms IS ${filter.pending ? 'NOT NULL' : 'NULL'}`);
  if (filter.verdict !== undefined) addVerdict(conditions, filter.verdict);
  return conditions;
}

/** A body may be anything that its intake understood. */
function bodyText(field: 'reason' | 'severity'): string {
  return `outbox_text(body, '${field}') = ?`;
}

function addVerdict(conditions: Conditions, verdict: EventVerdict): void {
  const said = `SELECT FROM json_array_elements(verdicts::json) AS said WHERE said ->> 'kind'`;
  if (verdict !== 'unmatched') conditions.add(`EXISTS (${said} = ?)`, verdict);
  else conditions.state(`pending_due_ms IS NULL AND NOT EXISTS (${said} IN ('matched', 'held'))`);
}

function addSubject(conditions: Conditions, subject: EventFilter['subject'], prefix: string): void {
  for (const field of ['kind', 'namespace', 'name'] as const) {
    const value = subject?.[field];
    if (value !== undefined) conditions.add(`${prefix}${field} = ?`, value);
  }
}

async function withHistory(connection: Connection, found: readonly Row[]): Promise<readonly DeliveryRows[]> {
  if (found.length === 0) return [];
  const seqs = found.map((row) => row['seq']);
  const [attempts, decisions] = await Promise.all([connection.rows(ATTEMPTS, [seqs]), connection.rows(DECISIONS, [seqs])]);
  const attemptsOf = Map.groupBy(attempts, (row) => row['delivery']);
  const decisionsOf = Map.groupBy(decisions, (row) => row['delivery']);
  return found.map((delivery) => {
    const seq = delivery['seq'];
    return { delivery, attempts: attemptsOf.get(seq ?? null) ?? [], decisions: decisionsOf.get(seq ?? null) ?? [] };
  });
}

function withoutHistory(delivery: Row): DeliveryRows {
  return { delivery, attempts: [], decisions: [] };
}

function toLimit(asked: number): number {
  return Math.min(MAX_PAGE, Math.max(0, Math.floor(asked)));
}
