// What a replica knows without asking: the counts, and each Target with its breaker, rate and leases. Only one transaction of all
// replicas writes at a time; each raises the turn, so that a replica whose turn follows its own reads nothing again, and otherwise
// no more than the Targets that others changed since. After a failure all is read anew.
import { hasPolicy, newTarget, setPolicy, type Target } from '../target.ts';
import { DEAD, LEASED, WAITING } from '../state-codes.ts';
import { type Columns, toArrays, upsertText } from './bulk.ts';
import type { Connection } from './connection.ts';

/** A Target that all replicas share. */
export interface SharedTarget extends Target {
  /** The turn in which something of it was last leased: who waits longest goes first. */
  served: number;
}

/** Deliveries of a Target that are due now, by what they wait for. */
export interface DueLater {
  readonly target: number;
  readonly waitsFor: number;
}

interface Counters {
  turn: number;
  /** When the last turn was, by the database. */
  atMs: number;
  /** Jumps of the database's clock that were made good, in all. */
  offsetMs: number;
  pruneFromMs: number;
  /** No lane is let go before; Infinity = none is held. */
  nextHoldMs: number;
  readonly states: number[];
  events: number;
  pending: number;
  nextSequence: number;
  nextEventSequence: number;
  nextTarget: number;
}

type Numbers = Readonly<Record<string, number | null>>;

const BEGIN = `BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('tocsin turn ' || current_schema(), 0));
  SELECT *, outbox_now() AS now_ms FROM turns`;
const END = `UPDATE turns SET turn = $1, at_ms = $2, offset_ms = $3, prune_from_ms = $4, next_hold_ms = $5, waiting = $6, leased = $7,
  delivered = $8, superseded = $9, cancelled = $10, dead = $11, events = $12, pending = $13, next_sequence = $14,
  next_event_sequence = $15, next_target = $16 RETURNING pg_current_xact_id()::text AS xid`;

const COLUMNS = {
  id: 'integer',
  key: 'text',
  turn: 'bigint',
  concurrency: 'integer',
  rate_per_second: 'double precision',
  failures: 'integer',
  paused_until_ms: 'bigint',
  probe_delay_ms: 'bigint',
  probe_position: 'bigint',
  probe_seq: 'bigint',
  waiting: 'bigint',
  leased: 'bigint',
  dead: 'bigint',
  lease_window: 'integer',
  next_ready_ms: 'bigint',
  tokens: 'double precision',
  tokens_at_ms: 'bigint',
  served: 'bigint',
} as const satisfies Columns;

const UPSERT = upsertText('targets', COLUMNS, ['id']);

/** The shared state as of one turn. */
export class Ledger {
  readonly #byId = new Map<number, SharedTarget>();
  readonly #byKey = new Map<string, SharedTarget>();
  readonly #active = new Set<SharedTarget>();
  readonly #touched = new Set<SharedTarget>();
  #counters: Counters | undefined;
  #dueLater: readonly DueLater[] = [];
  #isChanged = false;

  /** Takes the turn: nobody else writes until the transaction ends. Resolves to the time of the database. */
  async begin(connection: Connection): Promise<number> {
    const [row] = await connection.last<Numbers>(BEGIN);
    if (row === undefined) throw new Error('the store has lost its counters');
    const knownTurn = this.#counters?.turn ?? -1;
    this.#counters = toCounters(row);
    if (knownTurn !== this.#counters.turn) await this.#readTargets(connection, knownTurn);
    return Number(row['now_ms']);
  }

  /** Writes what changed; resolves to the transaction's id, or undefined when nothing did. */
  async end(connection: Connection, nowMs: number): Promise<string | undefined> {
    if (!this.isChanged) return undefined;
    const counters = this.change();
    counters.turn += 1;
    counters.atMs = nowMs;
    const touched = [...this.#touched];
    const [, [row]] = await Promise.all([
      touched.length === 0
        ? []
        : connection.rows(
            UPSERT,
            toArrays(
              COLUMNS,
              touched.map((target) => toRow(target, counters.turn)),
            ),
          ),
      connection.rows<{ xid: string }>(END, toValues(counters)),
    ]);
    this.#touched.clear();
    this.#isChanged = false;
    return row?.xid;
  }

  /** After a failure: nothing is known any more. */
  forget(): void {
    this.#counters = undefined;
    this.#byId.clear();
    this.#byKey.clear();
    this.#active.clear();
    this.#touched.clear();
    this.#isChanged = false;
  }

  /** True when this turn has something to write. */
  get isChanged(): boolean {
    return this.#isChanged || this.#touched.size > 0;
  }

  get counters(): Readonly<Counters> {
    if (this.#counters === undefined) throw new Error('no turn was taken');
    return this.#counters;
  }

  /** The counters, to be changed. */
  change(): Counters {
    if (this.#counters === undefined) throw new Error('no turn was taken');
    this.#isChanged = true;
    return this.#counters;
  }

  /** For the next step of maintenance; a replica that ends before leaves them to their schedule. */
  makeDueLater(what: DueLater): void {
    this.#dueLater = [...this.#dueLater, what];
  }

  takeDueLater(): readonly DueLater[] {
    const taken = this.#dueLater;
    this.#dueLater = [];
    return taken;
  }

  takeSequence(): number {
    return this.change().nextSequence++;
  }

  /** Counts a delivery that comes into being (from null), changes state, or is pruned (to null). */
  countState(target: SharedTarget, from: number | null, to: number | null): void {
    this.touch(target);
    if (from !== null) this.#count(target, from, -1);
    if (to !== null) this.#count(target, to, 1);
  }

  all(): Iterable<SharedTarget> {
    return this.#byId.values();
  }

  /** Targets with something ready, now or later. */
  active(): Iterable<SharedTarget> {
    return this.#active;
  }

  byKey(key: string): SharedTarget | undefined {
    return this.#byKey.get(key);
  }

  byId(id: number): SharedTarget {
    const target = this.#byId.get(id);
    if (target === undefined) throw new Error(`no target ${id}`);
    return target;
  }

  /** The Target of that key with this policy; created at first sight. */
  ensure(key: string, concurrency: number, ratePerSecond: number | null): SharedTarget {
    const known = this.#byKey.get(key);
    const policy = { concurrency, ratePerSecond };
    if (known === undefined) {
      const created = { ...newTarget(this.change().nextTarget++, key, policy), served: 0 };
      this.#add(created);
      return this.touch(created);
    }
    if (!hasPolicy(known, policy)) setPolicy(this.touch(known), policy);
    return known;
  }

  /** To be called with every change of a Target, so that it is written. */
  touch(target: SharedTarget): SharedTarget {
    this.#touched.add(target);
    return target;
  }

  noteReady(target: SharedTarget, readyMs: number): void {
    if (readyMs < target.nextReadyMs) this.setReady(target, readyMs);
  }

  setReady(target: SharedTarget, readyMs: number): void {
    if (target.nextReadyMs === readyMs) return;
    this.touch(target).nextReadyMs = readyMs;
    this.#place(target);
  }

  #count(target: SharedTarget, state: number, change: number): void {
    const { states } = this.change();
    states[state] = (states[state] ?? 0) + change;
    if (state === WAITING) target.waiting += change;
    else if (state === LEASED) target.leased += change;
    else if (state === DEAD) target.dead += change;
  }

  async #readTargets(connection: Connection, sinceTurn: number): Promise<void> {
    if (sinceTurn < 0) {
      this.#byId.clear();
      this.#byKey.clear();
      this.#active.clear();
    }
    const rows = await connection.rows('SELECT * FROM targets WHERE turn > $1 ORDER BY id', [sinceTurn]);
    for (const row of rows) {
      const read = toTarget(row);
      const known = this.#byId.get(read.id);
      if (known === undefined) this.#add(read);
      else this.#place(Object.assign(known, read));
    }
  }

  #add(target: SharedTarget): void {
    this.#byId.set(target.id, target);
    this.#byKey.set(target.key, target);
    this.#place(target);
  }

  #place(target: SharedTarget): void {
    if (target.nextReadyMs < Number.POSITIVE_INFINITY) this.#active.add(target);
    else this.#active.delete(target);
  }
}

function toCounters(row: Numbers): Counters {
  const number = (name: string): number => Number(row[name]);
  return {
    turn: number('turn'),
    atMs: number('at_ms'),
    offsetMs: number('offset_ms'),
    pruneFromMs: number('prune_from_ms'),
    nextHoldMs: row['next_hold_ms'] ?? Number.POSITIVE_INFINITY,
    states: ['waiting', 'leased', 'delivered', 'superseded', 'cancelled', 'dead'].map(number),
    events: number('events'),
    pending: number('pending'),
    nextSequence: number('next_sequence'),
    nextEventSequence: number('next_event_sequence'),
    nextTarget: number('next_target'),
  };
}

function toValues(counters: Counters): readonly unknown[] {
  const { turn, atMs, offsetMs, pruneFromMs, nextHoldMs, states, events, pending, nextSequence, nextEventSequence, nextTarget } = counters;
  return [turn, atMs, offsetMs, pruneFromMs, finite(nextHoldMs), ...states, events, pending, nextSequence, nextEventSequence, nextTarget];
}

function toTarget(row: Readonly<Record<string, string | number | null>>): SharedTarget {
  const number = (name: string): number => Number(row[name]);
  const optional = (name: string): number | null => (row[name] === null ? null : Number(row[name]));
  return {
    id: number('id'),
    key: String(row['key']),
    concurrency: number('concurrency'),
    ratePerSecond: optional('rate_per_second'),
    breaker: { failures: number('failures'), pausedUntilMs: optional('paused_until_ms'), probeDelayMs: number('probe_delay_ms') },
    probePosition: number('probe_position'),
    probeSeq: optional('probe_seq'),
    waiting: number('waiting'),
    leased: number('leased'),
    dead: number('dead'),
    leaseWindow: number('lease_window'),
    nextReadyMs: optional('next_ready_ms') ?? Number.POSITIVE_INFINITY,
    tokens: number('tokens'),
    tokensAtMs: number('tokens_at_ms'),
    served: number('served'),
  };
}

function toRow(target: SharedTarget, turn: number): Record<keyof typeof COLUMNS, string | number | null> {
  return {
    id: target.id,
    key: target.key,
    turn,
    concurrency: target.concurrency,
    rate_per_second: target.ratePerSecond,
    failures: target.breaker.failures,
    paused_until_ms: target.breaker.pausedUntilMs,
    probe_delay_ms: target.breaker.probeDelayMs,
    probe_position: target.probePosition,
    probe_seq: target.probeSeq,
    waiting: target.waiting,
    leased: target.leased,
    dead: target.dead,
    lease_window: target.leaseWindow,
    next_ready_ms: finite(target.nextReadyMs),
    tokens: target.tokens,
    tokens_at_ms: target.tokensAtMs,
    served: target.served,
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
