// What becomes of deliveries in their lanes: superseded by a newer one, given back by whoever held them.
import type { LaneAge } from '../lane-order.ts';
import { isOlder } from '../lane-order.ts';
import { LEASED, SUPERSEDED, WAITING } from '../state-codes.ts';
import type { DeliveryRow } from './delivery-rows.ts';
import { ageOf } from './newest-lanes.ts';
import type { Transaction } from './transaction.ts';

/** Ends the waiting deliveries of a `newest` lane that are older than this one, but for those that a person forced. */
export function supersedeOlder(transaction: Transaction, lane: string, age: LaneAge): void {
  for (const row of transaction.newest.live(lane)) {
    if (row.state !== WAITING || row.forced === 1 || row.seq === age.sequence) continue;
    if (isOlder(ageOf(row), age)) transaction.end(row, { state: SUPERSEDED, reason: null, message: null });
  }
}

/**
 * Gives a leased delivery back to its lane as if it had not been leased; when the lease was lost, superseded if a newer one made it
 * pointless. The lanes of policy `newest` have to be read.
 */
export function giveBack(transaction: Transaction, row: DeliveryRow, wasLost: boolean): void {
  const { ledger, nowMs, newest, deliveries } = transaction;
  if (wasLost && row.newest === 1 && row.forced === 0 && newest.isOutdated(row.lane, ageOf(row))) {
    transaction.end(row, { state: SUPERSEDED, reason: null, message: null });
    return;
  }
  const dueMs = wasLost ? nowMs : (row.due_ms ?? nowMs);
  deliveries.change(row, { state: WAITING, due_ms: dueMs, ready_ms: dueMs });
  const target = ledger.byId(row.target);
  ledger.countState(target, LEASED, WAITING);
  if (target.probeSeq === row.seq) target.probeSeq = null;
  ledger.noteReady(target, dueMs);
}

/** Reads the `newest` lanes among those of the rows. */
export async function readNewest(transaction: Transaction, rows: Iterable<DeliveryRow>): Promise<void> {
  const lanes = [...rows].filter((row) => row.newest === 1).map(({ lane }) => lane);
  await transaction.newest.read(transaction.connection, lanes);
}
