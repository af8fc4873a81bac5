// Lanes: who is at the head, who is held back, who supersedes whom. Only a lane's head is ready for a worker,
// so that what waits behind it costs nothing.
import { isOlder, type LaneAge } from '../lane-order.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { LEASED, type StateCode, SUPERSEDED, toState, WAITING } from '../state-codes.ts';
import type { Reason } from '../../sdk/outcome.ts';
import type { Session } from './session.ts';

/** A live delivery as the writer works with it. */
export interface LiveRow {
  readonly seq: number;
  readonly id: string;
  readonly target: number;
  readonly lane: string;
  readonly position: number;
  readonly newest: number;
  readonly latest: number;
  readonly order_ms: number;
  readonly state: number;
  readonly created_ms: number;
  readonly expires_ms: number;
  readonly due_ms: number | null;
  readonly hold_until_ms: number | null;
  readonly ended_ms: number | null;
  readonly token: number;
  readonly attempts: number;
  readonly tries: number;
  readonly out_of_order: number;
  readonly forced: number;
  readonly preceded_by: number;
  readonly first_try_ms: number | null;
  readonly gone_ms: number | null;
  readonly reason: string | null;
  readonly message: string | null;
}

export const LIVE_COLUMNS = `seq, id, target, lane, position, newest, latest, order_ms, state, created_ms, expires_ms, due_ms,
  hold_until_ms, ended_ms, token, attempts, tries, out_of_order, forced, preceded_by, first_try_ms, gone_ms, reason, message`;

const SELECT_BY_ID = `SELECT ${LIVE_COLUMNS} FROM deliveries WHERE id = ?`;

/** The delivery of that id, live or ended. */
export function findDelivery(session: Session, id: string): LiveRow | undefined {
  const values = session.lean(SELECT_BY_ID).get(id);
  return values === undefined ? undefined : toLiveRow(values as unknown as readonly unknown[]);
}

export interface End {
  readonly state: StateCode;
  readonly reason: Reason | null;
  readonly message: string | null;
}

/** Ends a live delivery; the caller promotes its lane. */
export function endDelivery(session: Session, row: LiveRow, end: End): void {
  session
    .sql(`UPDATE deliveries SET state = ?, ended_ms = ?, reason = ?, message = ?, token = token + 1,
      ready_ms = NULL, due_ms = NULL, lease_until_ms = NULL, hold_until_ms = NULL WHERE seq = ?`)
    .run(end.state, session.nowMs, end.reason, end.message, row.seq);
  const target = session.targets.byId(row.target);
  session.countState(target, row.state, end.state);
  if (target.probeSeq === row.seq) target.probeSeq = null;
  // A replay that turns one end into another is no second end.
  if (row.ended_ms !== null) return;
  const { reason, message } = end;
  session.ends.note({ seq: row.seq, state: toState(end.state), reason, message, ageMs: session.nowMs - (row.expires_ms - LIFETIME_MS) });
}

/** True while something of the lane goes before whatever arrives now. */
export function isLaneBusy(session: Session, lane: string): boolean {
  return session.lean('SELECT 1 FROM deliveries WHERE lane = ? AND ended_ms IS NULL AND out_of_order = 0 LIMIT 1').get(lane) !== undefined;
}

/** Makes the head of the lane ready, if nothing of the lane is being sent in order. */
export function promoteLane(session: Session, lane: string): void {
  const head = session
    .lean(`SELECT seq, target, state, ready_ms, due_ms FROM deliveries
      WHERE lane = ? AND ended_ms IS NULL AND out_of_order = 0 ORDER BY position LIMIT 1`)
    .get(lane) as unknown as readonly (number | null)[] | undefined;
  if (head === undefined) return;
  const [seq = null, target, state, ready, due] = head;
  if (state !== WAITING || ready !== null) return;
  const readyMs = due ?? session.nowMs;
  session.sql('UPDATE deliveries SET ready_ms = ? WHERE seq = ?').run(readyMs, seq);
  session.targets.noteReady(session.targets.byId(Number(target)), readyMs);
}

/** Lets lanes go whose head has failed for long enough: it is tried out of order from now on. */
export function releaseHeldLanes(session: Session): void {
  for (const row of session
    .sql('SELECT seq, lane FROM deliveries WHERE hold_until_ms IS NOT NULL AND hold_until_ms <= ? LIMIT 1000')
    .all(session.nowMs)) {
    session.sql('UPDATE deliveries SET hold_until_ms = NULL, out_of_order = 1 WHERE seq = ?').run(row['seq'] ?? null);
    promoteLane(session, String(row['lane']));
  }
}

/** When the next lane is let go. */
export function nextLaneReleaseMs(session: Session): number {
  const row = session.sql('SELECT min(hold_until_ms) AS at FROM deliveries WHERE hold_until_ms IS NOT NULL').get();
  return typeof row?.['at'] === 'number' ? row['at'] : Number.POSITIVE_INFINITY;
}

/** What of a `newest` lane makes a delivery of this age pointless: a newer one that lives, or the last one delivered. */
export function isOutdated(session: Session, lane: string, age: LaneAge): boolean {
  const top = session.sql('SELECT order_ms, seq FROM lane_tops WHERE lane = ?').get(lane);
  if (top !== undefined && isOlder(age, { orderMs: Number(top['order_ms']), sequence: Number(top['seq']) })) return true;
  return session
    .sql('SELECT seq, order_ms FROM deliveries WHERE lane = ? AND ended_ms IS NULL AND seq <> ?')
    .all(lane, age.sequence)
    .some((row) => isOlder(age, { orderMs: Number(row['order_ms']), sequence: Number(row['seq']) }));
}

/** Ends the waiting deliveries of a `newest` lane that are older than this one, but for those that a person forced: one of them may be the head now. */
export function supersedeOlder(session: Session, lane: string, age: LaneAge): void {
  const waiting = session
    .sql(`SELECT ${LIVE_COLUMNS} FROM deliveries WHERE lane = ? AND ended_ms IS NULL AND state = ${WAITING} AND forced = 0 AND seq <> ?`)
    .all(lane, age.sequence) as unknown as LiveRow[];
  for (const row of waiting) {
    if (isOlder({ orderMs: row.order_ms, sequence: row.seq }, age))
      endDelivery(session, row, { state: SUPERSEDED, reason: null, message: null });
  }
  if (waiting.length > 0) promoteLane(session, lane);
}

/** Remembers the newest that was delivered, for replays and late arrivals. */
export function noteDelivered(session: Session, row: LiveRow): void {
  const top = session.sql('SELECT order_ms, seq FROM lane_tops WHERE lane = ?').get(row.lane);
  const age = { orderMs: row.order_ms, sequence: row.seq };
  if (top !== undefined && isOlder(age, { orderMs: Number(top['order_ms']), sequence: Number(top['seq']) })) return;
  session.sql('INSERT OR REPLACE INTO lane_tops VALUES (?, ?, ?, ?)').run(row.lane, row.order_ms, row.seq, session.nowMs);
}

/** Gives a leased delivery back to its lane as if it had not been leased; superseded when a newer one made it pointless. */
export function giveBack(session: Session, row: LiveRow, wasLost: boolean): void {
  if (wasLost && row.newest === 1 && row.forced === 0 && isOutdated(session, row.lane, { orderMs: row.order_ms, sequence: row.seq })) {
    endDelivery(session, row, { state: SUPERSEDED, reason: null, message: null });
    promoteLane(session, row.lane);
    return;
  }
  const dueMs = wasLost ? session.nowMs : (row.due_ms ?? session.nowMs);
  session
    .sql(`UPDATE deliveries SET state = ${WAITING}, due_ms = ?, ready_ms = ?, lease_until_ms = NULL WHERE seq = ?`)
    .run(dueMs, dueMs, row.seq);
  const target = session.targets.byId(row.target);
  session.countState(target, LEASED, WAITING);
  if (target.probeSeq === row.seq) target.probeSeq = null;
  session.targets.noteReady(target, dueMs);
}

/** The values of LIVE_COLUMNS, by name. */
function toLiveRow(v: readonly unknown[]): LiveRow {
  return {
    seq: v[0] as number,
    id: v[1] as string,
    target: v[2] as number,
    lane: v[3] as string,
    position: v[4] as number,
    newest: v[5] as number,
    latest: v[6] as number,
    order_ms: v[7] as number,
    state: v[8] as number,
    created_ms: v[9] as number,
    expires_ms: v[10] as number,
    due_ms: v[11] as number | null,
    hold_until_ms: v[12] as number | null,
    ended_ms: v[13] as number | null,
    token: v[14] as number,
    attempts: v[15] as number,
    tries: v[16] as number,
    out_of_order: v[17] as number,
    forced: v[18] as number,
    preceded_by: v[19] as number,
    first_try_ms: v[20] as number | null,
    gone_ms: v[21] as number | null,
    reason: v[22] as string | null,
    message: v[23] as string | null,
  };
}
