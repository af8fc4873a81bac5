// What a person decides about deliveries: to send once more, or not to send any more.
import { LIFETIME_MS } from '../schedule.ts';
import { endDelivery, findDelivery, isLaneBusy, isOutdated, type LiveRow, promoteLane, supersedeOlder } from './lanes.ts';
import { CANCELLED, DELIVERED, LEASED, type Session, SUPERSEDED, WAITING } from './session.ts';

export function cancel(session: Session, request: { readonly ids: readonly string[]; readonly by: string }): readonly string[] {
  return request.ids.filter((id) => {
    const row = findDelivery(session, id);
    if (row === undefined || (row.state !== WAITING && row.state !== LEASED)) return false;
    endDelivery(session, row, { state: CANCELLED, reason: 'cancelled', message: `cancelled by ${request.by}` });
    promoteLane(session, row.lane);
    return true;
  });
}

export function replay(session: Session, request: { readonly ids: readonly string[]; readonly force: boolean }): readonly string[] {
  return request.ids.filter((id) => {
    const row = findDelivery(session, id);
    if (row === undefined || row.ended_ms === null) return false;
    if (row.newest === 1 && !request.force && isPointless(session, row)) return endAsSuperseded(session, row);
    requeue(session, row, request.force);
    return true;
  });
}

function isPointless(session: Session, row: LiveRow): boolean {
  return row.state === SUPERSEDED || isOutdated(session, row.lane, { orderMs: row.order_ms, sequence: row.seq });
}

/** A replay that would undo a newer one ends where an older one belongs; what was delivered stays so. */
function endAsSuperseded(session: Session, row: LiveRow): boolean {
  if (row.state === SUPERSEDED || row.state === DELIVERED) return false;
  endDelivery(session, row, { state: SUPERSEDED, reason: null, message: 'a newer one of its lane is known' });
  return true;
}

/** At the end of its lane, with a life of its own: 24 h from now. */
function requeue(session: Session, row: LiveRow, force: boolean): void {
  if (row.newest === 1) supersedeOlder(session, row.lane, { orderMs: row.order_ms, sequence: row.seq });
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
