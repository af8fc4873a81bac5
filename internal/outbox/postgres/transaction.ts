// What all operations of one transaction share: its time, the counts and Targets, the deliveries that it works with, and what
// becomes of their lanes. Nothing is written before `flush`.
import type { EndLog } from '../end-log.ts';
import type { Reason } from '../../sdk/outcome.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { type StateCode, toState } from '../state-codes.ts';
import type { Connection } from './connection.ts';
import { type DeliveryRow, DeliveryRows } from './delivery-rows.ts';
import type { Ledger } from './ledger.ts';
import { MemoryChanges } from './memory.ts';
import { NewestLanes } from './newest-lanes.ts';

/** Of each lane in which something ended the head, unless it is ready or under way. */
const PROMOTE = `UPDATE deliveries SET ready_ms = coalesce(due_ms, $2) FROM (
    SELECT head.seq FROM unnest($1::text[]) AS lanes(lane) CROSS JOIN LATERAL (
      SELECT seq, state, ready_ms FROM deliveries WHERE lane = lanes.lane AND ended_ms IS NULL AND out_of_order = 0 ORDER BY position LIMIT 1
    ) head WHERE head.state = 0 AND head.ready_ms IS NULL
  ) heads WHERE deliveries.seq = heads.seq RETURNING target, ready_ms`;

export interface End {
  readonly state: StateCode;
  readonly reason: Reason | null;
  readonly message: string | null;
}

/** One transaction of one replica. */
export class Transaction {
  readonly connection: Connection;
  readonly ledger: Ledger;
  readonly nowMs: number;
  readonly owner: string;
  readonly ends: EndLog;
  readonly deliveries: DeliveryRows;
  readonly newest: NewestLanes;
  readonly memory = new MemoryChanges();
  readonly #promoted = new Set<string>();

  constructor(parts: Pick<Transaction, 'connection' | 'ledger' | 'nowMs' | 'owner' | 'ends'>) {
    this.connection = parts.connection;
    this.ledger = parts.ledger;
    this.nowMs = parts.nowMs;
    this.owner = parts.owner;
    this.ends = parts.ends;
    this.deliveries = new DeliveryRows(parts.connection);
    this.newest = new NewestLanes(this.deliveries);
  }

  /** Ends a delivery; the head of its lane is ready from then on. */
  end(row: DeliveryRow, end: End): void {
    const { state, ended_ms: endedMs } = row;
    const gone = { ready_ms: null, due_ms: null, hold_until_ms: null };
    this.deliveries.change(row, { ...end, ...gone, ended_ms: this.nowMs, token: row.token + 1 });
    const target = this.ledger.byId(row.target);
    this.ledger.countState(target, state, end.state);
    if (target.probeSeq === row.seq) target.probeSeq = null;
    this.promote(row.lane);
    // A replay that turns one end into another is no second end.
    if (endedMs !== null) return;
    const { reason, message } = end;
    this.ends.note({ seq: row.seq, state: toState(end.state), reason, message, ageMs: this.nowMs - (row.expires_ms - LIFETIME_MS) });
  }

  /** Has the lane's head made ready with the next flush. */
  promote(lane: string): void {
    this.#promoted.add(lane);
  }

  /** Writes what was changed so far; the statements are under way together. */
  async flush(others: readonly Promise<unknown>[] = []): Promise<void> {
    const lanes = [...this.#promoted];
    this.#promoted.clear();
    const writes = [
      ...others,
      ...this.deliveries.flush(),
      ...this.newest.flush(this.connection, this.nowMs),
      ...this.memory.flush(this.connection, this.nowMs),
    ];
    if (lanes.length > 0) writes.push(this.#promote(lanes));
    await Promise.all(writes);
  }

  async #promote(lanes: readonly string[]): Promise<void> {
    const heads = await this.connection.rows<{ target: number; ready_ms: number }>(PROMOTE, [lanes, this.nowMs]);
    for (const { target, ready_ms: readyMs } of heads) this.ledger.noteReady(this.ledger.byId(target), readyMs);
  }
}
