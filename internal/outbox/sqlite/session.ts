// What all operations of the writer share: prepared statements, the time of the batch, counters, Targets.
// begin, commit and rollback keep what is in memory equal to what is in the file.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EndLog } from '../end-log.ts';
import { DEAD, LEASED, WAITING } from '../state-codes.ts';
import { DELIVERY_STATES } from '../store.ts';
import type { Target } from '../target.ts';
import { type Sql, Targets } from './targets.ts';

interface Counters {
  states: number[];
  events: number;
  pending: number;
  /** Sequence of the next delivery, and its position in its lane. */
  nextSequence: number;
  nextEventSequence: number;
}

/** One writer's view of the file. */
export class Session {
  readonly db: DatabaseSync;
  readonly sql: Sql;
  /** The same for statements that run for every delivery: rows are arrays, which cost a fraction of named ones. */
  readonly lean: Sql;
  readonly targets: Targets;
  readonly ends = new EndLog();
  nowMs: number;
  #counters: Counters;
  #before: Counters;
  readonly #statements = new Map<string, StatementSync>();
  readonly #leanStatements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, nowMs: number) {
    this.db = db;
    this.nowMs = nowMs;
    this.sql = (text) => this.#prepare(text);
    this.lean = (text) => this.#prepareLean(text);
    this.targets = new Targets(this.sql);
    this.targets.load();
    this.targets.commit();
    this.#counters = this.#loadCounters();
    this.#before = this.#copy();
  }

  get counters(): Readonly<Counters> {
    return this.#counters;
  }

  takeSequence(): number {
    return this.#counters.nextSequence++;
  }

  takeEventSequence(): number {
    return this.#counters.nextEventSequence++;
  }

  countEvents(change: number): void {
    this.#counters.events += change;
  }

  countPending(change: number): void {
    this.#counters.pending += change;
  }

  /** Counts a delivery that comes into being (from null), changes state, or is pruned (to null). */
  countState(target: Target, from: number | null, to: number | null): void {
    this.targets.touch(target);
    if (from !== null) this.#count(target, from, -1);
    if (to !== null) this.#count(target, to, 1);
  }

  /** Writes what is there, to find out whether that can be done. */
  touchCounters(): void {
    this.sql('UPDATE counters SET id = id').run();
  }

  begin(): void {
    this.sql('BEGIN IMMEDIATE').run();
  }

  commit(): void {
    if (this.#isChanged()) {
      const { states, events, pending, nextSequence } = this.#counters;
      this.sql(`UPDATE counters SET waiting = ?, leased = ?, delivered = ?, superseded = ?, cancelled = ?, dead = ?,
        events = ?, pending = ?, next_sequence = ? WHERE id = 1`).run(...states, events, pending, nextSequence);
    }
    this.targets.flush();
    this.sql('COMMIT').run();
    this.targets.commit();
    this.ends.commit();
    this.#before = this.#copy();
  }

  rollback(): void {
    if (this.db.isTransaction) this.sql('ROLLBACK').run();
    this.targets.rollback();
    this.ends.rollback();
    this.#counters = this.#before;
    this.#before = this.#copy();
  }

  #count(target: Target, state: number, change: number): void {
    this.#counters.states[state] = (this.#counters.states[state] ?? 0) + change;
    if (state === WAITING) target.waiting += change;
    else if (state === LEASED) target.leased += change;
    else if (state === DEAD) target.dead += change;
  }

  #isChanged(): boolean {
    const now = this.#counters;
    const before = this.#before;
    return (
      now.events !== before.events ||
      now.pending !== before.pending ||
      now.nextSequence !== before.nextSequence ||
      now.states.some((count, state) => count !== before.states[state])
    );
  }

  #copy(): Counters {
    return { ...this.#counters, states: [...this.#counters.states] };
  }

  #loadCounters(): Counters {
    const row = this.sql('SELECT * FROM counters').get() ?? {};
    const number = (name: string): number => Number(row[name] ?? 0);
    const last = this.sql('SELECT max(seq) AS seq FROM events').get()?.['seq'];
    return {
      states: DELIVERY_STATES.map(number),
      events: number('events'),
      pending: number('pending'),
      nextSequence: number('next_sequence'),
      nextEventSequence: Number(last ?? 0) + 1,
    };
  }

  #prepareLean(text: string): StatementSync {
    const known = this.#leanStatements.get(text);
    if (known !== undefined) return known;
    const statement = this.db.prepare(text);
    statement.setReturnArrays(true);
    this.#leanStatements.set(text, statement);
    return statement;
  }

  #prepare(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}
