// One connection to the database: opened with the settings that the store relies on, refused when the server cannot keep its promises,
// and of no more use after the first failure of the network.
import { readFileSync } from 'node:fs';
import type { Client, ClientConfig } from 'pg';
import { StoreError } from '../store.ts';
import type { Address, Host, SslMode } from './address.ts';
import { isConnectionLost, toStoreError } from './failures.ts';

const INT8_OID = 20;
const OLDEST_SERVER = 130_000;
/** What no text of PostgreSQL can hold, and what is stored in its place. */
const NUL = '\0';
const NUL_PICTURE = '\u2400';

// Every statement goes from few keys to their rows by an index. Tables grow faster than their statistics, and a plan that was made when one was small reads
// all of it later; compiling a plan takes longer than any of them.
const SESSION = `SET lock_timeout = '8s'; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '5s';
  SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET client_min_messages = warning`;
const CHECKS = `SELECT current_setting('server_version_num')::integer AS version, current_setting('synchronous_commit') AS commit,
  current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby`;

export type Row = Readonly<Record<string, string | number | null>>;

export interface ConnectionOptions {
  readonly address: Address;
  readonly schema: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly connectMs: number;
  /** Longer than any statement of the store may take. */
  readonly answerMs: number;
}

/** An open connection whose statements are sent without waiting for the answers of earlier ones. */
export class Connection {
  readonly #client: Client;
  readonly #place: string;
  #isLost = false;
  #onLost: () => void = () => undefined;

  constructor(client: Client, place: string) {
    this.#client = client;
    this.#place = place;
    client.on('error', () => this.#lose());
    client.on('end', () => this.#lose());
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Calls the listener once when the connection breaks. */
  whenLost(listener: () => void): void {
    this.#onLost = listener;
    if (this.#isLost) listener();
  }

  /** The rows of one statement, as its author says they are; rejects with what the server or the network said. */
  async rows<T = Row>(text: string, values?: readonly unknown[]): Promise<readonly T[]> {
    try {
      const result = await this.#client.query(text, values?.map(toParameter));
      return result.rows as readonly T[];
    } catch (error) {
      if (isConnectionLost(error)) this.#lose();
      throw error;
    }
  }

  /** The rows of the last of several statements. */
  async last<T = Row>(text: string): Promise<readonly T[]> {
    try {
      const results = (await this.#client.query(text)) as unknown as
        | readonly { readonly rows: readonly T[] }[]
        | { readonly rows: readonly T[] };
      return 'rows' in results ? results.rows : (results.at(-1)?.rows ?? []);
    } catch (error) {
      if (isConnectionLost(error)) this.#lose();
      throw error;
    }
  }

  /** Calls the listener with the payload of each notification. */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload }) => listener(payload ?? ''));
  }

  async close(): Promise<void> {
    if (this.#isLost) return;
    this.#isLost = true;
    await this.#client.end();
  }

  get place(): string {
    return this.#place;
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    // A server that went silent must not keep the socket and the transaction.
    this.#client.end().catch(() => undefined);
    this.#onLost();
  }
}

/** Opens a connection to the first host that takes writes; rejects with StoreError. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { address } = options;
  let failure: StoreError | undefined;
  for (const host of address.hosts) {
    try {
      return await connectTo(host, address.sslMode, options);
    } catch (error) {
      failure ??= toConnectError(error, address.place);
    }
  }
  throw failure ?? new StoreError('io', 'the address of the store names no host');
}

async function connectTo(host: Host, sslMode: SslMode, options: ConnectionOptions): Promise<Connection> {
  const { Client: PgClient } = (await import('pg')).default;
  const client = new PgClient(toConfig(host, sslMode, options));
  client.setTypeParser(INT8_OID, Number);
  const connection = new Connection(client, options.address.place);
  try {
    await client.connect();
    await check(connection, options);
    return connection;
  } catch (error) {
    await connection.close().catch(() => undefined);
    const isPlain = error instanceof Error && error.message.includes('does not support SSL');
    if (isPlain && (sslMode === 'prefer' || sslMode === 'allow')) return connectTo(host, 'disable', options);
    throw error;
  }
}

function toConfig(host: Host, sslMode: SslMode, options: ConnectionOptions): ClientConfig {
  const { address, connectMs, answerMs } = options;
  const password = readPassword(options) ?? address.password ?? options.password;
  return {
    host: host.host,
    port: host.port,
    application_name: address.applicationName,
    connectionTimeoutMillis: connectMs,
    query_timeout: answerMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    pipeline: true,
    ssl: host.host.startsWith('/') ? false : toSsl(sslMode, address),
    ...(address.database === undefined ? {} : { database: address.database }),
    ...(address.user === undefined ? {} : { user: address.user }),
    ...(password === undefined ? {} : { password }),
  };
}

function readPassword({ passwordFile }: ConnectionOptions): string | undefined {
  if (passwordFile === undefined) return undefined;
  try {
    return readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new StoreError('io', `the password file ${passwordFile} of the store cannot be read`, { cause: error });
  }
}

/** As libpq does: `require` encrypts and, unless it is given an authority to check against, trusts whoever answers. */
function toSsl(mode: SslMode, { ca, cert, key }: Address): ClientConfig['ssl'] {
  if (mode === 'disable') return false;
  const isChecked = mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && ca !== undefined);
  return {
    rejectUnauthorized: isChecked,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}

async function check(connection: Connection, { address, schema }: ConnectionOptions): Promise<void> {
  await connection.last(SESSION);
  await connection.rows("SELECT set_config('search_path', quote_ident($1), false)", [schema]);
  const [server] = await connection.rows<{ version: number; commit: string; encoding: string; standby: boolean }>(CHECKS);
  const { place } = address;
  if (server === undefined) throw new StoreError('io', `the database ${place} says nothing about itself`);
  if (server.version < OLDEST_SERVER) throw new StoreError('io', `the database ${place} is older than PostgreSQL 13`);
  if (server.standby) throw new StoreError('read-only', `the database ${place} is a standby, which takes no writes`);
  if (server.encoding !== 'UTF8')
    throw new StoreError('io', `the database ${place} has the encoding ${server.encoding}; the store needs UTF8`);
  if (server.commit === 'off') {
    throw new StoreError(
      'io',
      `the database ${place} has synchronous_commit off: it confirms what it may still lose; set it to on, for instance with ALTER ROLE … SET synchronous_commit = on`,
    );
  }
}

function toConnectError(error: unknown, place: string): StoreError {
  const message = error instanceof Error ? error.message : '';
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (message.startsWith('SASL') && message.includes('client password')) {
    return new StoreError('io', `the database ${place} asks for a password and none is given`);
  }
  if (message.includes('does not support SSL'))
    return new StoreError('io', `the database ${place} offers no TLS, which its address asks for`);
  if (/CERT|TLS|SSL|SIGN|ISSUER|VERIFY/.test(code)) {
    return new StoreError('io', `the certificate of the database ${place} is not accepted: ${message}`, { cause: error });
  }
  return toStoreError(error, place);
}

/** What the server can hold: no text of it has room for a NUL. */
function toParameter(value: unknown): unknown {
  if (typeof value === 'string') return value.includes(NUL) ? value.replaceAll(NUL, NUL_PICTURE) : value;
  return Array.isArray(value) ? value.map(toParameter) : value;
}
