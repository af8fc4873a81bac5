// Stores on one PostgreSQL server for tests: each in a schema of its own, whose clock is the test's and not the database's.
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { openPostgresOutbox, type PostgresOutboxOptions } from '../../internal/outbox/postgres/outbox.ts';
import type { Outbox } from '../../internal/outbox/store.ts';
import type { Clock } from '../../internal/sdk/ports.ts';
import { projectBody } from './outbox.ts';

/** One schema of a database, which tests look into and whose time they set. */
export class PostgresSchema {
  readonly name = `test_${randomUUID().replaceAll('-', '')}`;
  readonly #url: string;
  #client: Client;
  #timeSet: { readonly ms: number; readonly done: Promise<void> } | undefined;

  private constructor(url: string, client: Client) {
    this.#url = url;
    this.#client = client;
  }

  static async connect(url: string): Promise<PostgresSchema> {
    return new PostgresSchema(url, await connect(url));
  }

  /** After the server was away. */
  async reconnect(): Promise<void> {
    this.#client = await connect(this.#url);
  }

  /** A store in this schema that goes by the clock of the test. */
  async open(options: Pick<PostgresOutboxOptions, 'clock' | 'random'> & Partial<PostgresOutboxOptions>): Promise<Outbox> {
    const { clock } = options;
    const outbox = await this.openOnDatabaseTime({ ...options, clock: this.#following(clock) });
    await this.#takeOverTime();
    await this.setTime(clock.nowMs());
    return new Proxy(outbox, {
      get: (target, name: keyof Outbox) => {
        const method = target[name]?.bind(target) as ((...args: readonly unknown[]) => Promise<unknown>) | undefined;
        // A promise looks for a `then`.
        if (method === undefined) return undefined;
        return async (...args: readonly unknown[]) => {
          await this.setTime(clock.nowMs());
          return method(...args);
        };
      },
    });
  }

  /** A store in this schema as it is in use. */
  openOnDatabaseTime(options: Pick<PostgresOutboxOptions, 'clock' | 'random'> & Partial<PostgresOutboxOptions>): Promise<Outbox> {
    return openPostgresOutbox({ url: this.#url, schema: this.name, project: projectBody, ...options });
  }

  async query<T extends Readonly<Record<string, unknown>>>(text: string): Promise<readonly T[]> {
    return (await this.#client.query<T>(text)).rows;
  }

  /** Calls of one tick wait for the same change, so that they stay together. */
  setTime(ms: number): Promise<void> {
    if (this.#timeSet?.ms !== ms) {
      const done = this.#client.query(`UPDATE ${this.name}.test_time SET ms = ${Math.floor(ms)}`).then(() => undefined);
      this.#timeSet = { ms, done };
    }
    return this.#timeSet.done;
  }

  async drop(): Promise<void> {
    await this.#client.query(`DROP SCHEMA IF EXISTS ${this.name} CASCADE`);
    await this.#client.end();
  }

  async #takeOverTime(): Promise<void> {
    await this.#client.query(`CREATE TABLE IF NOT EXISTS ${this.name}.test_time (ms bigint NOT NULL);
      INSERT INTO ${this.name}.test_time SELECT 0 WHERE NOT EXISTS (SELECT FROM ${this.name}.test_time);
      CREATE OR REPLACE FUNCTION ${this.name}.outbox_now() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT ms FROM ${this.name}.test_time'`);
  }

  async #followedBy(clock: Clock, callback: () => void): Promise<void> {
    await this.setTime(clock.nowMs());
    callback();
  }

  /** Whatever happens at a moment of the clock happens at that moment of the database. */
  #following(clock: Clock): Clock {
    return {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      schedule: (delayMs, callback) => clock.schedule(delayMs, () => void this.#followedBy(clock, callback)),
    };
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // The server may be stopped while a test holds this.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
