// Hands out what is ready: fair over Targets, within each one's lease window and rate, one probe at a time while it is paused.
import type { LeaseRow, Poll } from '../operations.ts';
import { DEAD, LEASED, WAITING } from '../state-codes.ts';
import { capacityOf, nextTurnMs, spendToken } from '../target.ts';
import type { DeliveryRow } from './delivery-rows.ts';
import { foldLane, isAlone, WAITING_IN_LANES } from './fold.ts';
import type { Ledger, SharedTarget } from './ledger.ts';
import type { Transaction } from './transaction.ts';

/** One more than may go of each Target: it tells when the next is due. */
const READY = `unnest($1::integer[], $2::integer[]) AS asked(target, room) CROSS JOIN LATERAL (
    SELECT * FROM deliveries WHERE target = asked.target AND ready_ms IS NOT NULL ORDER BY ready_ms LIMIT asked.room + 1
  ) d`;
const PROBE = `deliveries d WHERE target = $1 AND ready_ms IS NOT NULL AND (waits_for = 0 OR ready_ms <= $2) AND position > $3
  ORDER BY position LIMIT 1`;
const NEXT_READY = 'SELECT min(ready_ms) AS ready FROM deliveries WHERE target = $1 AND ready_ms IS NOT NULL';
const EXPIRED_MESSAGE = 'not delivered within 24 h of acceptance';

/** Leases up to the request's limit; empty when nothing may go now. */
export async function lease(transaction: Transaction, request: Poll): Promise<readonly LeaseRow[]> {
  const { ledger, nowMs } = transaction;
  const leased: LeaseRow[] = [];
  for (;;) {
    const spare = (request.room ?? Number.POSITIVE_INFINITY) - leased.length;
    const runnable = [...ledger.active()].filter((target) => capacityOf(target, nowMs, spare) > 0).toSorted((a, b) => a.served - b.served);
    const room = request.limit - leased.length;
    if (runnable.length === 0 || room <= 0) return leased;
    const share = Math.max(1, Math.floor(room / runnable.length));
    const round = new Round(transaction, { leaseMs: request.leaseMs, share, room, spare });
    const moved = await round.run(runnable.slice(0, room), leased);
    await transaction.flush();
    if (moved === 0) return leased;
  }
}

/** When a process with this room could lease something without anything else happening; Infinity = not by time alone. */
export function nextLeaseMs(ledger: Ledger, nowMs: number, room: number): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const target of ledger.active()) nextMs = Math.min(nextMs, nextTurnMs(target, nowMs, room));
  return nextMs;
}

/** True when something could be leased at this moment. */
export function isSomethingReady(ledger: Ledger, nowMs: number): boolean {
  for (const target of ledger.active()) if (capacityOf(target, nowMs) > 0) return true;
  return false;
}

interface RoundLimits {
  readonly leaseMs: number;
  /** Of one Target. */
  readonly share: number;
  /** Left of the request. */
  readonly room: number;
  /** Left in the process that asks; no Target gets more than its part of it. */
  readonly spare: number;
}

/** One share for each Target that may send. */
class Round {
  readonly #transaction: Transaction;
  readonly #leaseMs: number;
  readonly #share: number;
  #room: number;
  #spare: number;
  /** What waits in lanes that have a backlog. */
  readonly #waiting = new Map<string, DeliveryRow[]>();

  constructor(transaction: Transaction, limits: RoundLimits) {
    this.#transaction = transaction;
    this.#leaseMs = limits.leaseMs;
    this.#share = limits.share;
    this.#room = limits.room;
    this.#spare = limits.spare;
  }

  /** Resolves to how many deliveries it moved in any way. */
  async run(targets: readonly SharedTarget[], leased: LeaseRow[]): Promise<number> {
    const running = targets.filter(({ breaker }) => breaker.pausedUntilMs === null);
    const found = await this.#read(running);
    await this.#readBacklogs(found.values());
    let moved = 0;
    for (const target of running) moved += this.#leaseReady(target, found.get(target.id) ?? [], leased);
    for (const target of targets) if (target.breaker.pausedUntilMs !== null && this.#room > 0) moved += await this.#probe(target, leased);
    return moved;
  }

  async #read(targets: readonly SharedTarget[]): Promise<ReadonlyMap<number, readonly DeliveryRow[]>> {
    if (targets.length === 0) return new Map();
    const rooms = targets.map((target) => this.#roomOf(target));
    const rows = await this.#transaction.deliveries.read(READY, [targets.map(({ id }) => id), rooms]);
    return Map.groupBy(rows, ({ target }) => target);
  }

  async #readBacklogs(found: Iterable<readonly DeliveryRow[]>): Promise<void> {
    const lanes = [...found]
      .flat()
      .filter((row) => !isAlone(this.#transaction, row))
      .map(({ lane }) => lane);
    if (lanes.length === 0) return;
    const rows = await this.#transaction.deliveries.read(WAITING_IN_LANES, [[...new Set(lanes)]]);
    for (const [lane, waiting] of Map.groupBy(rows, (row) => row.lane)) this.#waiting.set(lane, waiting);
  }

  #roomOf(target: SharedTarget): number {
    return Math.min(this.#share, capacityOf(target, this.#transaction.nowMs, this.#spare));
  }

  #leaseReady(target: SharedTarget, rows: readonly DeliveryRow[], leased: LeaseRow[]): number {
    const { ledger, nowMs } = this.#transaction;
    const room = Math.min(this.#room, this.#roomOf(target));
    if (room <= 0) return 0;
    const ready = rows.filter((row) => row.ready_ms !== null && row.ready_ms <= nowMs).slice(0, room);
    const nextReadyMs = rows[ready.length]?.ready_ms ?? Number.POSITIVE_INFINITY;
    let moved = 0;
    for (const row of ready) {
      const chosen = this.#chooseLive(row);
      if (row.state !== WAITING || chosen !== null) moved += 1;
      if (chosen === null) continue;
      leased.push(this.#leaseOne(target, chosen));
      spendToken(target, nowMs);
      this.#room -= 1;
      this.#spare -= 1;
    }
    ledger.setReady(target, nextReadyMs);
    ledger.touch(target).served = ledger.counters.turn + 1;
    return moved;
  }

  /** The next delivery behind the last probe, due or not, unless the other side asked to wait with it. */
  async #probe(target: SharedTarget, leased: LeaseRow[]): Promise<number> {
    const { connection, deliveries, ledger, nowMs } = this.#transaction;
    const behind = await deliveries.read(PROBE, [target.id, nowMs, target.probePosition]);
    const [row] = behind.length > 0 ? behind : await deliveries.read(PROBE, [target.id, nowMs, 0]);
    if (row !== undefined) await this.#readBacklogs([[row]]);
    const chosen = row === undefined ? null : this.#chooseLive(row);
    if (chosen !== null) {
      leased.push(this.#leaseOne(target, chosen));
      target.probeSeq = chosen.seq;
      target.probePosition = chosen.position;
      this.#room -= 1;
      this.#spare -= 1;
    }
    await this.#transaction.flush();
    const [next] = await connection.rows<{ ready: number | null }>(NEXT_READY, [target.id]);
    ledger.setReady(target, next?.ready ?? Number.POSITIVE_INFINITY);
    ledger.touch(target).served = ledger.counters.turn + 1;
    return row === undefined ? 0 : 1;
  }

  /** The delivery to send in the place of this one: itself, the newest of its backlog, or none because it expired or is gone. */
  #chooseLive(row: DeliveryRow): DeliveryRow | null {
    if (row.state !== WAITING) return null;
    if (row.expires_ms <= this.#transaction.nowMs) {
      expire(this.#transaction, row);
      return null;
    }
    if (isAlone(this.#transaction, row)) return row;
    return foldLane(this.#transaction, row, this.#waiting.get(row.lane) ?? []);
  }

  #leaseOne(target: SharedTarget, row: DeliveryRow): LeaseRow {
    const { deliveries, ledger, nowMs, owner } = this.#transaction;
    const until = { lease_until_ms: nowMs + this.#leaseMs, lease_owner: owner };
    deliveries.change(row, { state: LEASED, token: row.token + 1, ready_ms: null, ...until });
    ledger.countState(target, WAITING, LEASED);
    return {
      id: row.id,
      token: row.token,
      precededBy: row.preceded_by,
      expiresMs: row.expires_ms,
      expiresInMs: row.expires_ms - nowMs,
      createdMs: row.created_ms,
      tries: row.tries,
      outOfOrder: row.out_of_order === 1,
    };
  }
}

/** Ends a delivery whose time is over. */
export function expire(transaction: Transaction, row: DeliveryRow): void {
  const message = row.reason === null ? EXPIRED_MESSAGE : `${EXPIRED_MESSAGE}; last: ${row.reason}: ${row.message ?? ''}`;
  transaction.end(row, { state: DEAD, reason: 'expired', message });
}

const HELD = `deliveries d WHERE hold_until_ms <= $1 LIMIT 1000`;

/** Lets lanes go whose head has failed for long enough: it is tried out of order from now on. */
export async function releaseHeldLanes(transaction: Transaction): Promise<void> {
  const { connection, deliveries, ledger, nowMs } = transaction;
  if (ledger.counters.nextHoldMs > nowMs) return;
  for (const row of await deliveries.read(HELD, [nowMs])) {
    deliveries.change(row, { hold_until_ms: null, out_of_order: 1 });
    transaction.promote(row.lane);
  }
  await transaction.flush();
  const [next] = await connection.rows<{ at: number | null }>(
    'SELECT min(hold_until_ms) AS at FROM deliveries WHERE hold_until_ms IS NOT NULL',
  );
  ledger.change().nextHoldMs = next?.at ?? Number.POSITIVE_INFINITY;
}
