// Deliveries that come into being: each takes its place in its lane, may supersede what waits there, and may bring words that
// close what is open in other lanes.
import { newId } from '../../event/id.ts';
import { gatherUntil } from '../gather.ts';
import type { LaneAge } from '../lane-order.ts';
import type { DeliveryInput } from '../operations.ts';
import { toClosingPlan } from '../rows.ts';
import { LIFETIME_MS } from '../schedule.ts';
import { type StateCode, SUPERSEDED, toState, WAITING } from '../state-codes.ts';
import { type Columns, insertText, toArrays } from './bulk.ts';
import type { DeliveryRow } from './delivery-rows.ts';
import { supersedeOlder } from './lanes.ts';
import { Tallies } from './tally.ts';
import type { Transaction } from './transaction.ts';

const PLAN_COLUMNS = { seq: 'bigint', route_key: 'text', plan: 'text' } as const satisfies Columns;
const INSERT_PLANS = insertText('plans', PLAN_COLUMNS);
/** One look into the index per lane: with a plain EXISTS the planner may read all that lives. */
const BUSY = `SELECT busy.lane FROM unnest($1::text[]) AS asked(lane) CROSS JOIN LATERAL (
    SELECT lane FROM deliveries WHERE lane = asked.lane AND ended_ms IS NULL AND out_of_order = 0 LIMIT 1
  ) busy`;
/** In a lane whose deliveries speak for all of it nothing but the order of arrival counts. */
const BY_ARRIVAL_MS = 0;

export interface OfEvent {
  readonly seq: number;
  /** Where it stands among the events of its lane. */
  readonly orderMs: number;
}

export interface Ended {
  readonly state: StateCode;
  readonly reason: string | null;
  readonly message: string | null;
}

/** The deliveries that one transaction adds. */
export class NewDeliveries {
  readonly #transaction: Transaction;
  readonly #tallies = new Tallies();
  /** Lanes of policy `ordered` in which something goes before whatever arrives now. */
  readonly #busy = new Set<string>();
  readonly #plans: { readonly seq: number; readonly route_key: string; readonly plan: string }[] = [];

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** Reads what is to be known before these are inserted. */
  async read(inputs: readonly DeliveryInput[]): Promise<void> {
    const { connection, newest } = this.#transaction;
    const told = inputs.flatMap(({ lane, tally }) => (tally === null ? [] : [{ lane, tally }]));
    const closable = await this.#tallies.read(connection, told);
    const ordered = [...new Set([...inputs.filter((input) => !input.newest).map(({ lane }) => lane), ...closable])];
    const [busy] = await Promise.all([
      ordered.length === 0 ? [] : connection.rows<{ lane: string }>(BUSY, [ordered]),
      newest.read(connection, [
        ...inputs.filter((input) => input.newest).map(({ lane }) => lane),
        ...closable,
        ...told.map(({ lane }) => lane),
      ]),
    ]);
    for (const { lane } of busy) this.#busy.add(lane);
  }

  /** Stores a delivery, and one more in each lane where its word ends the waiting for another. */
  insert(input: DeliveryInput, event: OfEvent, dead?: Ended): void {
    const { tally, plan, lane } = input;
    const sequence = this.#insertOne(input, { ...event, orderMs: tally?.speaksFor === 'lane' ? BY_ARRIVAL_MS : event.orderMs }, dead);
    if (tally === null || dead !== undefined) return;
    const { nowMs } = this.#transaction;
    for (const closed of this.#tallies.tell({ lane, tally }, { orderMs: event.orderMs, sequence }, nowMs)) {
      const closing = { id: newId(nowMs), lane: closed.lane, plan: toClosingPlan(plan, { revision: closed.revision, by: tally }) };
      // Newer than the word that was open, and older than whatever is told of that revision later.
      this.#insertOne({ ...input, ...closing }, { ...event, orderMs: tally.speaksFor === 'lane' ? BY_ARRIVAL_MS : closed.orderMs });
    }
  }

  flush(): readonly Promise<unknown>[] {
    const { connection } = this.#transaction;
    const plans = this.#plans.length === 0 ? [] : [connection.rows(INSERT_PLANS, toArrays(PLAN_COLUMNS, this.#plans))];
    return [...plans, ...this.#tallies.flush(connection)];
  }

  #insertOne(input: DeliveryInput, event: OfEvent, dead?: Ended): number {
    const { ledger, deliveries, newest, ends, nowMs } = this.#transaction;
    const target = ledger.ensure(input.targetKey, input.concurrency, input.ratePerSecond);
    const seq = ledger.takeSequence();
    const dueMs = this.#dueOf(input);
    const end = dead ?? (input.newest ? this.#enterNewestLane(input.lane, { orderMs: event.orderMs, sequence: seq }) : null);
    const isReady = end === null && !this.#isBusy(input);
    const row: DeliveryRow = {
      ...FRESH,
      seq,
      id: input.id,
      event_seq: event.seq,
      target: target.id,
      lane: input.lane,
      position: seq,
      newest: input.newest ? 1 : 0,
      latest: input.latest ? 1 : 0,
      order_ms: event.orderMs,
      state: end?.state ?? WAITING,
      created_ms: nowMs,
      expires_ms: nowMs + LIFETIME_MS,
      due_ms: end === null ? dueMs : null,
      ready_ms: isReady ? dueMs : null,
      ended_ms: end === null ? null : nowMs,
      reason: end?.reason ?? null,
      message: end?.message ?? null,
    };
    deliveries.add(row);
    newest.add(row);
    this.#plans.push({ seq, route_key: input.routeKey, plan: input.plan });
    ledger.countState(target, null, row.state);
    if (end !== null) ends.note({ seq, state: toState(end.state), reason: end.reason, message: end.message, ageMs: 0 });
    else if (!input.newest) this.#busy.add(input.lane);
    if (isReady) ledger.noteReady(target, dueMs);
    return seq;
  }

  #isBusy({ lane, newest }: DeliveryInput): boolean {
    if (!newest) return this.#busy.has(lane);
    return this.#transaction.newest.live(lane).some((row) => row.out_of_order === 0);
  }

  /** Now, but for what speaks for all members of its lane. */
  #dueOf({ lane, tally }: DeliveryInput): number {
    const { newest, nowMs } = this.#transaction;
    if (tally?.speaksFor !== 'lane') return nowMs;
    const waiting = newest.live(lane).filter((row) => row.state === WAITING);
    const earliestMs = waiting.reduce<number | null>(
      (least, { due_ms: dueMs }) => (least === null ? dueMs : Math.min(least, dueMs ?? least)),
      null,
    );
    return gatherUntil(nowMs, earliestMs);
  }

  #enterNewestLane(lane: string, age: LaneAge): Ended | null {
    if (this.#transaction.newest.isOutdated(lane, age)) return { state: SUPERSEDED, reason: null, message: null };
    supersedeOlder(this.#transaction, lane, age);
    return null;
  }
}

const FRESH = {
  part: 0,
  lease_until_ms: null,
  lease_owner: null,
  hold_until_ms: null,
  token: 0,
  attempts: 0,
  tries: 0,
  waits_for: 0,
  out_of_order: 0,
  forced: 0,
  preceded_by: 0,
  first_try_ms: null,
  gone_ms: null,
} as const;
