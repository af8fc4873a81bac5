// What the writer knows of each Target without asking the file: how much waits, what is leased, the breaker, the rate.
// Changes of one transaction can be undone as a whole; what must survive a restart is written with the commit.
import type { StatementSync } from 'node:sqlite';
import { hasPolicy, newTarget, setPolicy, type Target } from '../target.ts';

export type Sql = (text: string) => StatementSync;

/** The table of Targets, in memory and on disk. */
export class Targets {
  readonly #sql: Sql;
  readonly #byKey = new Map<string, Target>();
  readonly #byId = new Map<number, Target>();
  /** Targets that may have something ready, least recently served first. */
  readonly #active = new Map<number, Target>();
  readonly #before = new Map<Target, Target>();
  readonly #created: Target[] = [];
  #nextId = 1;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  load(): void {
    for (const row of this.#sql('SELECT * FROM targets ORDER BY id').all()) {
      const pausedUntilMs = row['paused_until_ms'] as number | null;
      this.#add({
        id: row['id'] as number,
        key: row['key'] as string,
        concurrency: row['concurrency'] as number,
        ratePerSecond: row['rate_per_second'] as number | null,
        breaker: { failures: row['failures'] as number, pausedUntilMs, probeDelayMs: row['probe_delay_ms'] as number },
        probePosition: row['probe_position'] as number,
        waiting: row['waiting'] as number,
        leased: row['leased'] as number,
        leaseWindow: row['concurrency'] as number,
        dead: row['dead'] as number,
        probeSeq: null,
        nextReadyMs: Number.POSITIVE_INFINITY,
        tokens: 0,
        tokensAtMs: 0,
      });
    }
    for (const target of this.#byId.values()) this.refreshReady(target);
  }

  all(): Iterable<Target> {
    return this.#byId.values();
  }

  /** Targets with something ready, now or later, least recently served first. */
  active(): Iterable<Target> {
    return this.#active.values();
  }

  byKey(key: string): Target | undefined {
    return this.#byKey.get(key);
  }

  byId(id: number): Target {
    const target = this.#byId.get(id);
    if (target === undefined) throw new Error(`no target ${id}`);
    return target;
  }

  /** The Target of that key with this policy; created at first sight. */
  ensure(key: string, concurrency: number, ratePerSecond: number | null): Target {
    const known = this.#byKey.get(key);
    const policy = { concurrency, ratePerSecond };
    if (known !== undefined) {
      if (!hasPolicy(known, policy)) setPolicy(this.touch(known), policy);
      return known;
    }
    const target = newTarget(this.#nextId, key, policy);
    this.#sql('INSERT INTO targets VALUES (?, ?, ?, ?, 0, NULL, 0, 0, 0, 0, 0)').run(target.id, key, concurrency, ratePerSecond);
    this.#add(target);
    this.#created.push(target);
    return target;
  }

  /** To be called before a change, so that it can be undone. */
  touch(target: Target): Target {
    if (!this.#before.has(target)) this.#before.set(target, { ...target });
    return target;
  }

  noteReady(target: Target, readyMs: number): void {
    if (readyMs >= target.nextReadyMs) return;
    this.touch(target).nextReadyMs = readyMs;
    this.#active.set(target.id, target);
  }

  /** Reads from the file when the Target's next delivery is due. */
  refreshReady(target: Target): void {
    const row = this.#sql('SELECT min(ready_ms) AS ready FROM deliveries WHERE target = ? AND ready_ms IS NOT NULL').get(target.id);
    const readyMs = row?.['ready'];
    this.touch(target).nextReadyMs = typeof readyMs === 'number' ? readyMs : Number.POSITIVE_INFINITY;
    if (typeof readyMs === 'number') this.#active.set(target.id, target);
    else this.#active.delete(target.id);
  }

  /** Sends the Target to the end of the round. */
  served(target: Target): void {
    if (this.#active.delete(target.id)) this.#active.set(target.id, target);
  }

  /** Writes what changed; part of the transaction. */
  flush(): void {
    for (const target of this.#before.keys()) {
      this.#sql(`UPDATE targets SET concurrency = ?, rate_per_second = ?, failures = ?, paused_until_ms = ?, probe_delay_ms = ?,
        probe_position = ?, waiting = ?, leased = ?, dead = ? WHERE id = ?`).run(
        target.concurrency,
        target.ratePerSecond,
        target.breaker.failures,
        target.breaker.pausedUntilMs,
        target.breaker.probeDelayMs,
        target.probePosition,
        target.waiting,
        target.leased,
        target.dead,
        target.id,
      );
    }
  }

  commit(): void {
    this.#before.clear();
    this.#created.length = 0;
  }

  rollback(): void {
    for (const [target, before] of this.#before) {
      Object.assign(target, before);
      if (target.nextReadyMs < Number.POSITIVE_INFINITY) this.#active.set(target.id, target);
      else this.#active.delete(target.id);
    }
    for (const target of this.#created) this.#remove(target);
    this.commit();
  }

  #add(target: Target): void {
    this.#byKey.set(target.key, target);
    this.#byId.set(target.id, target);
    this.#nextId = Math.max(this.#nextId, target.id + 1);
  }

  #remove(target: Target): void {
    this.#byKey.delete(target.key);
    this.#byId.delete(target.id);
    this.#active.delete(target.id);
  }
}
