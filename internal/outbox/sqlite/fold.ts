// The backlog rule on the rows of one lane: which of those that waited for long is sent, and when. It goes before none that the
// rule does not touch, and of another Target it ends nothing.
import { foldBacklog, isBacklog } from '../backlog.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { SUPERSEDED, WAITING } from '../state-codes.ts';
import { endDelivery, LIVE_COLUMNS, type LiveRow } from './lanes.ts';
import type { Session } from './session.ts';

type Aged = Pick<LiveRow, 'expires_ms'>;

/** True for a delivery that is sent as it is, however long it waited. */
export function isAlone(session: Session, row: Aged & Pick<LiveRow, 'latest' | 'newest' | 'forced'>): boolean {
  return row.latest === 0 || row.newest === 1 || row.forced === 1 || !isBacklog(ageMs(session, row));
}

/**
 * Folds the backlog that a ready delivery belongs to; returns the one to send now, or null when the ready one ended in favour of one
 * whose turn has not come. Whatever it took out of the lane is added to `gone`.
 */
export function foldLane(session: Session, seq: number, gone: Set<number>): LiveRow | null {
  const lane = session
    .sql(`SELECT ${LIVE_COLUMNS} FROM deliveries WHERE lane = (SELECT lane FROM deliveries WHERE seq = ?)
      AND ended_ms IS NULL AND state = ${WAITING} ORDER BY position`)
    .all(seq) as unknown as LiveRow[];
  const ready = lane.find((row) => row.seq === seq);
  if (ready === undefined) return null;
  const isFoldable = (row: LiveRow): boolean => row.target === ready.target && !isAlone(session, row);
  return ready.out_of_order === 1
    ? yieldToNewer(session, ready, lane.filter(isFoldable), gone)
    : sendNewest(session, backlogInTurn(lane, isFoldable), gone);
}

/** What stands at the head of the lane without a gap, and what is older and tried out of order. */
function backlogInTurn(lane: readonly LiveRow[], isFoldable: (row: LiveRow) => boolean): readonly LiveRow[] {
  const ordered = lane.filter((row) => row.out_of_order === 0);
  const end = ordered.findIndex((row) => !isFoldable(row));
  const head = end === -1 ? ordered : ordered.slice(0, end);
  const last = head.at(-1)?.position ?? 0;
  return [...head, ...lane.filter((row) => row.out_of_order === 1 && row.position < last && isFoldable(row))];
}

function sendNewest(session: Session, backlog: readonly LiveRow[], gone: Set<number>): LiveRow | null {
  const fold = foldBacklog(backlog.map((row) => ({ row, position: row.position, precededBy: row.preceded_by })));
  if (fold === null) return null;
  for (const { row } of fold.superseded) endFolded(session, row, gone);
  gone.add(fold.send.row.seq);
  return { ...fold.send.row, preceded_by: fold.precededBy };
}

function yieldToNewer(session: Session, ready: LiveRow, backlog: readonly LiveRow[], gone: Set<number>): LiveRow | null {
  const newest = backlog.at(-1);
  if (newest === undefined || newest.position <= ready.position) return ready;
  endFolded(session, ready, gone);
  session.sql('UPDATE deliveries SET preceded_by = preceded_by + ? WHERE seq = ?').run(1 + ready.preceded_by, newest.seq);
  return null;
}

function endFolded(session: Session, row: LiveRow, gone: Set<number>): void {
  endDelivery(session, row, { state: SUPERSEDED, reason: null, message: 'a newer one of its backlog was sent' });
  gone.add(row.seq);
}

/** Counted from the end of its life, which a jump of the clock moves along and a replay sets anew. */
function ageMs(session: Session, row: Aged): number {
  return session.nowMs - (row.expires_ms - LIFETIME_MS);
}
