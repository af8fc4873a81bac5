// Hands out what is ready: fair over Targets, within each one's lease window and rate, one probe at a time while it is paused.
import type { LeaseRow, Poll } from '../operations.ts';
import { DEAD, LEASED, WAITING } from '../state-codes.ts';
import { capacityOf, nextTurnMs, spendToken, type Target } from '../target.ts';
import { foldLane, isAlone } from './fold.ts';
import { endDelivery, LIVE_COLUMNS, type LiveRow, promoteLane } from './lanes.ts';
import type { Session } from './session.ts';

/** What leasing needs of a delivery; few columns, since every lease reads them. */
type ReadyRow = Pick<
  LiveRow,
  | 'seq'
  | 'id'
  | 'token'
  | 'position'
  | 'newest'
  | 'latest'
  | 'created_ms'
  | 'expires_ms'
  | 'tries'
  | 'out_of_order'
  | 'forced'
  | 'preceded_by'
>;

const READY_COLUMNS = 'seq, id, token, position, newest, latest, created_ms, expires_ms, tries, out_of_order, forced, preceded_by';
const READY = `SELECT ${READY_COLUMNS} FROM deliveries WHERE target = ? AND ready_ms <= ? ORDER BY ready_ms LIMIT ?`;
const EXPIRED_MESSAGE = 'not delivered within 24 h of acceptance';

/** Leases up to the request's limit; empty when nothing may go now. */
export function lease(session: Session, request: Poll): readonly LeaseRow[] {
  const leased: LeaseRow[] = [];
  for (;;) {
    const runnable = [...session.targets.active()].filter((target) => capacityOf(target, session.nowMs, roomOf(request, leased)) > 0);
    if (runnable.length === 0 || leased.length >= request.limit) return leased;
    const share = Math.max(1, Math.floor((request.limit - leased.length) / runnable.length));
    let progress = 0;
    for (const target of runnable) {
      const limit = Math.min(share, request.limit - leased.length);
      if (limit <= 0) break;
      progress += leaseFromTarget(session, target, { ...request, limit }, leased);
    }
    if (progress === 0) return leased;
  }
}

function roomOf({ room = Number.POSITIVE_INFINITY }: Poll, leased: readonly LeaseRow[]): number {
  return room - leased.length;
}

/** Takes what it can of one Target; returns how many deliveries it moved in any way. */
function leaseFromTarget(session: Session, target: Target, request: Poll, leased: LeaseRow[]): number {
  const isProbe = target.breaker.pausedUntilMs !== null;
  const limit = Math.min(request.limit, capacityOf(target, session.nowMs, roomOf(request, leased)));
  if (limit <= 0) return 0;
  const rows = isProbe ? probeRows(session, target) : readyRows(session.lean(READY).all(target.id, session.nowMs, limit));
  const gone = new Set<number>();
  let moved = 0;
  for (const row of rows) {
    if (gone.has(row.seq)) continue;
    moved += 1;
    const chosen = chooseLive(session, row, gone);
    if (chosen === null) continue;
    leased.push(leaseOne(session, target, chosen, request.leaseMs));
    if (isProbe) {
      target.probeSeq = chosen.seq;
      target.probePosition = chosen.position;
      break;
    }
    spendToken(session.targets.touch(target), session.nowMs);
  }
  // A full answer may have more behind it: what is known of the next due time stays until an answer falls short.
  if (isProbe || rows.length < limit) session.targets.refreshReady(target);
  session.targets.served(target);
  return moved;
}

/** The next delivery of a paused Target behind the last probe, due or not, unless the other side asked to wait with it. */
function probeRows(session: Session, target: Target): ReadyRow[] {
  const next =
    session.lean(`SELECT ${READY_COLUMNS} FROM deliveries WHERE target = ? AND ready_ms IS NOT NULL AND (waits_for = 0 OR ready_ms <= ?)
    AND position > ? ORDER BY position LIMIT 1`);
  const rows = next.all(target.id, session.nowMs, target.probePosition);
  return readyRows(rows.length > 0 ? rows : next.all(target.id, session.nowMs, 0));
}

/** The delivery to send in the place of this one: itself, the newest of its backlog, or none because it expired. */
function chooseLive(session: Session, row: ReadyRow, gone: Set<number>): ReadyRow | null {
  if (row.expires_ms <= session.nowMs) {
    expire(session, session.sql(`SELECT ${LIVE_COLUMNS} FROM deliveries WHERE seq = ?`).get(row.seq) as unknown as LiveRow);
    return null;
  }
  return isAlone(session, row) ? row : foldLane(session, row.seq, gone);
}

function leaseOne(session: Session, target: Target, row: ReadyRow, leaseMs: number): LeaseRow {
  session
    .sql(`UPDATE deliveries SET state = ${LEASED}, token = token + 1, ready_ms = NULL, lease_until_ms = ?, preceded_by = ? WHERE seq = ?`)
    .run(session.nowMs + leaseMs, row.preceded_by, row.seq);
  session.countState(target, WAITING, LEASED);
  return {
    id: row.id,
    token: row.token + 1,
    precededBy: row.preceded_by,
    expiresMs: row.expires_ms,
    expiresInMs: row.expires_ms - session.nowMs,
    createdMs: row.created_ms,
    tries: row.tries,
    outOfOrder: row.out_of_order === 1,
  };
}

/** Ends a delivery whose time is over. */
export function expire(session: Session, row: LiveRow): void {
  const message = row.reason === null ? EXPIRED_MESSAGE : `${EXPIRED_MESSAGE}; last: ${row.reason}: ${row.message ?? ''}`;
  endDelivery(session, row, { state: DEAD, reason: 'expired', message });
  promoteLane(session, row.lane);
}

/** When something could be leased without anything else happening; Infinity = not by time alone. */
export function nextLeaseMs(session: Session, room: number): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const target of session.targets.active()) nextMs = Math.min(nextMs, nextTurnMs(target, session.nowMs, room));
  return nextMs;
}

/** The values of READY_COLUMNS, by name. */
function readyRows(rows: readonly unknown[]): ReadyRow[] {
  return (rows as readonly (readonly unknown[])[]).map((v) => ({
    seq: v[0] as number,
    id: v[1] as string,
    token: v[2] as number,
    position: v[3] as number,
    newest: v[4] as number,
    latest: v[5] as number,
    created_ms: v[6] as number,
    expires_ms: v[7] as number,
    tries: v[8] as number,
    out_of_order: v[9] as number,
    forced: v[10] as number,
    preceded_by: v[11] as number,
  }));
}
