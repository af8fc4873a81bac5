// The backlog rule on the rows of one lane: which of those that waited for long is sent, and when. It goes before none that the
// rule does not touch, and of another Target it ends nothing.
import { foldBacklog, isBacklog } from '../backlog.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { SUPERSEDED, WAITING } from '../state-codes.ts';
import type { DeliveryRow } from './delivery-rows.ts';
import type { Transaction } from './transaction.ts';

/** What waits in lanes, for `foldLane`. */
export const WAITING_IN_LANES = `deliveries d WHERE lane = ANY ($1::text[]) AND ended_ms IS NULL AND state = ${WAITING} ORDER BY position`;

/** True for a delivery that is sent as it is, however long it waited. */
export function isAlone({ nowMs }: Transaction, row: DeliveryRow): boolean {
  // Its age counts from the end of its life, which a jump of the clock moves along and a replay sets anew.
  return row.latest === 0 || row.newest === 1 || row.forced === 1 || !isBacklog(nowMs - (row.expires_ms - LIFETIME_MS));
}

/** Folds the backlog that a ready delivery belongs to: the one to send now, or null when it ended in favour of one whose turn has not come. */
export function foldLane(transaction: Transaction, ready: DeliveryRow, waiting: readonly DeliveryRow[]): DeliveryRow | null {
  const lane = waiting.filter((row) => row.state === WAITING);
  const isFoldable = (row: DeliveryRow): boolean => row.target === ready.target && !isAlone(transaction, row);
  return ready.out_of_order === 1
    ? yieldToNewer(transaction, ready, lane.filter(isFoldable))
    : sendNewest(transaction, backlogInTurn(lane, isFoldable));
}

/** What stands at the head of the lane without a gap, and what is older and tried out of order. */
function backlogInTurn(lane: readonly DeliveryRow[], isFoldable: (row: DeliveryRow) => boolean): readonly DeliveryRow[] {
  const ordered = lane.filter((row) => row.out_of_order === 0);
  const end = ordered.findIndex((row) => !isFoldable(row));
  const head = end === -1 ? ordered : ordered.slice(0, end);
  const last = head.at(-1)?.position ?? 0;
  return [...head, ...lane.filter((row) => row.out_of_order === 1 && row.position < last && isFoldable(row))];
}

function sendNewest(transaction: Transaction, backlog: readonly DeliveryRow[]): DeliveryRow | null {
  const fold = foldBacklog(backlog.map((row) => ({ row, position: row.position, precededBy: row.preceded_by })));
  if (fold === null) return null;
  for (const { row } of fold.superseded) endFolded(transaction, row);
  transaction.deliveries.change(fold.send.row, { preceded_by: fold.precededBy });
  return fold.send.row;
}

function yieldToNewer(transaction: Transaction, ready: DeliveryRow, backlog: readonly DeliveryRow[]): DeliveryRow | null {
  const newest = backlog.at(-1);
  if (newest === undefined || newest.position <= ready.position) return ready;
  endFolded(transaction, ready);
  transaction.deliveries.change(newest, { preceded_by: newest.preceded_by + 1 + ready.preceded_by });
  return null;
}

function endFolded(transaction: Transaction, row: DeliveryRow): void {
  transaction.end(row, { state: SUPERSEDED, reason: null, message: 'a newer one of its backlog was sent' });
}
