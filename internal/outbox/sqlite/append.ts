// Storing events with what was decided about them, and settling verdicts that were pending.
import type { Verdict } from '../../routing/route.ts';
import { newId } from '../../event/id.ts';
import { toKey } from '../../sdk/target.ts';
import { DEDUP_IDLE_WINDOWS, takeDedup } from '../dedup-window.ts';
import { gatherUntil } from '../gather.ts';
import type { DeliveryInput, EventInput, ResolutionInput } from '../operations.ts';
import { EVENT_INPUT_COLUMNS, mergeVerdicts, toClosingPlan } from '../rows.ts';
import { toOrderMs } from '../lane-order.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { DEAD, SUPERSEDED, toState, WAITING } from '../state-codes.ts';
import { type AppendResult, StoreError } from '../store.ts';
import { isLaneBusy, isOutdated, supersedeOlder } from './lanes.ts';
import { remember } from './memory.ts';
import type { Session } from './session.ts';
import { tell } from './tally.ts';

const INSERT_EVENT = `INSERT INTO events (seq, accepted_ms, pending_due_ms, ${EVENT_INPUT_COLUMNS.join(', ')})
  VALUES (?, ?, ?${', ?'.repeat(EVENT_INPUT_COLUMNS.length)})`;

export function append(session: Session, entries: readonly EventInput[]): readonly AppendResult[] {
  return entries.map((entry) => appendEvent(session, entry));
}

function appendEvent(session: Session, entry: EventInput): AppendResult {
  const eventId = String(entry.columns[0]);
  const dedup = entry.dedupKey === null ? null : spend(session, entry.dedupKey, entry.dedupWindowMs, eventId);
  if (dedup?.firstEventId !== undefined) return { outcome: 'duplicate', eventId: dedup.firstEventId, resetAtMs: dedup.resetAtMs };

  const seq = session.takeEventSequence();
  session.sql(INSERT_EVENT).run(seq, session.nowMs, entry.isPending ? session.nowMs : null, ...entry.columns);
  session.countEvents(1);
  if (entry.isPending) session.countPending(1);
  for (const delivery of entry.deliveries) insertDelivery(session, delivery, { seq, orderMs: toOrderMs(entry.occurredMs, session.nowMs) });
  if (entry.remember !== null) remember(session, entry.remember);
  return { outcome: 'accepted', eventId, resetAtMs: dedup?.resetAtMs ?? 0 };
}

function spend(session: Session, key: string, windowMs: number, eventId: string): { firstEventId?: string; resetAtMs: number } {
  const known = session.lean('SELECT start_ms, accepted_ms, event_id FROM dedup WHERE key = ?').get(key) as unknown as
    | readonly [number, number, string]
    | undefined;
  const row = known === undefined ? undefined : { startMs: known[0], acceptedMs: known[1] };
  const decision = takeDedup(row, windowMs, session.nowMs);
  const firstEventId = decision.isDuplicate ? known?.[2] : undefined;
  if (!decision.isDuplicate || decision.row.startMs !== row?.startMs) {
    session
      .sql('INSERT OR REPLACE INTO dedup VALUES (?, ?, ?, ?, ?)')
      .run(key, decision.row.startMs, decision.row.acceptedMs, decision.resetAtMs + DEDUP_IDLE_WINDOWS * windowMs, firstEventId ?? eventId);
  }
  return firstEventId === undefined ? { resetAtMs: decision.resetAtMs } : { firstEventId, resetAtMs: decision.resetAtMs };
}

interface OfEvent {
  readonly seq: number;
  /** Where it stands among the events of its lane. */
  readonly orderMs: number;
}

/** In a lane whose deliveries speak for all of it nothing but the order of arrival counts. */
const BY_ARRIVAL_MS = 0;

interface Ended {
  readonly state: typeof SUPERSEDED | typeof DEAD;
  readonly reason: string | null;
  readonly message: string | null;
}

/** Stores a delivery, and one more in each lane where its word ends the waiting for another. */
function insertDelivery(session: Session, input: DeliveryInput, event: OfEvent, dead?: Ended): void {
  const { tally, plan } = input;
  const inLane = { ...event, orderMs: tally?.speaksFor === 'lane' ? BY_ARRIVAL_MS : event.orderMs };
  const sequence = insertOne(session, input, inLane, dead);
  if (tally === null || dead !== undefined) return;
  for (const closed of tell(session, input.lane, tally, { orderMs: event.orderMs, sequence })) {
    const closing = { id: newId(session.nowMs), lane: closed.lane, plan: toClosingPlan(plan, { revision: closed.revision, by: tally }) };
    // Newer than the word that was open, and older than whatever is told of that revision later.
    const orderMs = tally.speaksFor === 'lane' ? BY_ARRIVAL_MS : closed.orderMs;
    insertOne(session, { ...input, ...closing }, { ...event, orderMs });
  }
}

function insertOne(session: Session, input: DeliveryInput, event: OfEvent, dead?: Ended): number {
  const target = session.targets.ensure(input.targetKey, input.concurrency, input.ratePerSecond);
  const seq = session.takeSequence();
  const age = { orderMs: event.orderMs, sequence: seq };
  const dueMs = dueOf(session, input);
  const end = dead ?? (input.newest ? enterNewestLane(session, input.lane, age) : null);
  const isReady = end === null && !isLaneBusy(session, input.lane);
  const nowMs = session.nowMs;
  session
    .sql(`INSERT INTO deliveries (seq, id, event_seq, target, part, lane, position, newest, latest, order_ms, state,
      created_ms, expires_ms, due_ms, ready_ms, ended_ms, reason, message) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    .run(
      seq,
      input.id,
      event.seq,
      target.id,
      input.lane,
      seq,
      input.newest ? 1 : 0,
      input.latest ? 1 : 0,
      event.orderMs,
      end?.state ?? WAITING,
      nowMs,
      nowMs + LIFETIME_MS,
      end === null ? dueMs : null,
      isReady ? dueMs : null,
      end === null ? null : nowMs,
      end?.reason ?? null,
      end?.message ?? null,
    );
  session.sql('INSERT INTO plans VALUES (?, ?, ?)').run(seq, input.routeKey, input.plan);
  session.countState(target, null, end?.state ?? WAITING);
  if (end !== null) session.ends.note({ seq, state: toState(end.state), reason: end.reason, message: end.message, ageMs: 0 });
  if (isReady) session.targets.noteReady(target, dueMs);
  return seq;
}

/** Now, but for what speaks for all members of its lane. */
function dueOf(session: Session, { lane, tally }: DeliveryInput): number {
  if (tally?.speaksFor !== 'lane') return session.nowMs;
  const waiting = session
    .lean(`SELECT min(due_ms) FROM deliveries WHERE lane = ? AND ended_ms IS NULL AND state = ${WAITING}`)
    .get(lane) as unknown as readonly (number | null)[] | undefined;
  return gatherUntil(session.nowMs, waiting?.[0] ?? null);
}

function enterNewestLane(session: Session, lane: string, age: { orderMs: number; sequence: number }): Ended | null {
  if (isOutdated(session, lane, age)) return { state: SUPERSEDED, reason: null, message: null };
  supersedeOlder(session, lane, age);
  return null;
}

export function resolve(session: Session, entries: readonly ResolutionInput[]): null {
  for (const entry of entries) resolveEvent(session, entry);
  return null;
}

function resolveEvent(session: Session, entry: ResolutionInput): void {
  const row = session.sql('SELECT seq, occurred_ms, accepted_ms, verdicts, pending_due_ms FROM events WHERE id = ?').get(entry.eventId);
  if (row === undefined) throw new StoreError('io', `no event ${entry.eventId} to resolve`);
  const stored = JSON.parse(String(row['verdicts'])) as readonly Verdict[];
  const verdicts = mergeVerdicts(stored, JSON.parse(entry.verdicts) as readonly Verdict[]);
  const isPending = verdicts.some((verdict) => verdict.kind === 'pending');
  session
    .sql('UPDATE events SET verdicts = ?, revision = ?, pending_due_ms = ? WHERE seq = ?')
    .run(JSON.stringify(verdicts), entry.revision, isPending ? session.nowMs + entry.retryAfterMs : null, row['seq'] ?? null);
  session.countPending((isPending ? 1 : 0) - (row['pending_due_ms'] === null ? 0 : 1));

  // A Route that was settled before owes nothing anew: two routers may look at one event.
  const settled = new Set(stored.filter((verdict) => verdict.kind !== 'pending').map((verdict) => toKey(verdict.route)));
  const event = { seq: Number(row['seq']), orderMs: toOrderMs(row['occurred_ms'] as number | null, Number(row['accepted_ms'])) };
  for (const delivery of entry.deliveries) {
    if (!settled.has(delivery.routeKey)) insertDelivery(session, delivery, event);
  }
  for (const { delivery, reason, message } of entry.dead) {
    if (!settled.has(delivery.routeKey)) insertDelivery(session, delivery, event, { state: DEAD, reason, message });
  }
}
