// What a person decides about deliveries: to send once more, or not to send any more. Each decision is kept with who made it.
import { isOlder, type LaneAge } from '../lane-order.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { CANCELLED, DELIVERED, SUPERSEDED, WAITING } from '../state-codes.ts';
import type { CancelRequest, CancelResult, PersonsDecision, ReplayRequest, ReplayResult } from '../store.ts';
import { endDelivery, findDelivery, isLaneBusy, isOutdated, type LiveRow, promoteLane, supersedeOlder } from './lanes.ts';
import type { Session } from './session.ts';

/** Decisions that are kept of one delivery. */
const KEEP_DECISIONS = 10;

export function cancel(session: Session, request: CancelRequest): readonly CancelResult[] {
  return request.ids.map((id) => {
    const row = findDelivery(session, id);
    if (row === undefined) return 'unknown';
    if (row.ended_ms !== null) return 'ended';
    if (request.dryRun === true) return 'cancelled';
    note(session, row, { kind: 'cancel', by: request.by, forced: false });
    endDelivery(session, row, { state: CANCELLED, reason: 'cancelled', message: `cancelled by ${request.by}` });
    promoteLane(session, row.lane);
    return 'cancelled';
  });
}

export function replay(session: Session, request: ReplayRequest): readonly ReplayResult[] {
  const tops = newestOfLanes(session, request.ids);
  return request.ids.map((id) => {
    const row = findDelivery(session, id);
    if (row === undefined) return 'unknown';
    if (row.ended_ms === null) return 'live';
    const top = tops.get(row.lane);
    const isRefused = row.newest === 1 && !request.force && (isPointless(session, row) || (top !== undefined && isOlder(ageOf(row), top)));
    if (request.dryRun === true) return isRefused ? 'outdated' : 'requeued';
    if (!isRefused || isEndChanged(row)) note(session, row, { kind: 'replay', by: request.by, forced: request.force });
    if (isRefused) endAsSuperseded(session, row);
    else requeue(session, row, request.force);
    return isRefused ? 'outdated' : 'requeued';
  });
}

/** Of those asked for, the newest of each `newest` lane: the others of the lane are outdated by it. */
function newestOfLanes(session: Session, ids: readonly string[]): ReadonlyMap<string, LaneAge> {
  const tops = new Map<string, LaneAge>();
  for (const id of ids) {
    const row = findDelivery(session, id);
    if (row === undefined || row.newest !== 1 || row.ended_ms === null || isPointless(session, row)) continue;
    const top = tops.get(row.lane);
    if (top === undefined || isOlder(top, ageOf(row))) tops.set(row.lane, ageOf(row));
  }
  return tops;
}

function isPointless(session: Session, row: LiveRow): boolean {
  return row.state === SUPERSEDED || isOutdated(session, row.lane, ageOf(row));
}

/** A replay that would undo a newer one ends where an older one belongs; what was delivered stays so. */
function endAsSuperseded(session: Session, row: LiveRow): void {
  if (isEndChanged(row)) endDelivery(session, row, { state: SUPERSEDED, reason: null, message: 'a newer one of its lane is known' });
}

function isEndChanged(row: LiveRow): boolean {
  return row.state !== SUPERSEDED && row.state !== DELIVERED;
}

/** At the end of its lane, with a life of its own: 24 h from now. */
function requeue(session: Session, row: LiveRow, force: boolean): void {
  if (row.newest === 1) supersedeOlder(session, row.lane, ageOf(row));
  const isReady = !isLaneBusy(session, row.lane);
  const nowMs = session.nowMs;
  session
    .sql(`UPDATE deliveries SET state = ${WAITING}, position = ?, expires_ms = ?, due_ms = ?, ready_ms = ?, ended_ms = NULL, attempts = 0,
      waits_for = 0, out_of_order = 0, forced = ?, preceded_by = 0, first_try_ms = NULL, gone_ms = NULL, reason = NULL, message = NULL
      WHERE seq = ?`)
    .run(session.takeSequence(), nowMs + LIFETIME_MS, nowMs, isReady ? nowMs : null, force ? 1 : 0, row.seq);
  const target = session.targets.byId(row.target);
  session.countState(target, row.state, WAITING);
  if (isReady) session.targets.noteReady(target, nowMs);
}

function ageOf(row: LiveRow): LaneAge {
  return { orderMs: row.order_ms, sequence: row.seq };
}

/** The columns of a decision, oldest first. */
export const DECISIONS_OF = 'SELECT at_ms, kind, by_whom, forced, from_state, reason FROM decisions WHERE delivery = ? ORDER BY number';

function note(session: Session, row: LiveRow, decision: Pick<PersonsDecision, 'kind' | 'by' | 'forced'>): void {
  const last = session.sql('SELECT max(number) AS number FROM decisions WHERE delivery = ?').get(row.seq);
  const number = Number(last?.['number'] ?? 0) + 1;
  session
    .sql('INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(row.seq, number, session.nowMs, decision.kind, decision.by, decision.forced ? 1 : 0, row.state, row.reason);
  session.sql('DELETE FROM decisions WHERE delivery = ? AND number <= ?').run(row.seq, number - KEEP_DECISIONS);
}
