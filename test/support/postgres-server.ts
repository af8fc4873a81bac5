// A PostgreSQL server of a test's own: a cluster in a temporary folder, on a free port of 127.0.0.1, with fsync as in production.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, chownSync, closeSync, constants, globSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Identity } from './certificates.ts';
import { findFreePort } from './free-port.ts';

const START_WITHIN_MS = 30_000;
const DATABASE = 'tocsin';
const OWNER = 'tocsin';
const SUPERUSER = 'postgres';

export interface PostgresOptions {
  /** Asked of everybody who connects (SCRAM); nobody is asked when absent. */
  readonly password?: string;
  /** Shown to those who ask for TLS, which it has none of when absent. */
  readonly identity?: Identity;
  /** Lines of postgresql.conf, such as `synchronous_commit: 'off'`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly port: number;
  /** As its owner, without a password in it. */
  url(database?: string): string;
  /** Runs statements as the superuser and returns the rows of the last. */
  query(sql: string, database?: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** A new empty database that belongs to the owner; resolves to its URL. */
  createDatabase(name: string): Promise<string>;
  /** Ends it as an orderly stop does, connections broken. */
  stop(): Promise<void>;
  /** SIGKILL to the server and all of its processes at once. */
  kill(): Promise<void>;
  /** All of its processes stand still, connections open, until they are told to go on. */
  freeze(isFrozen: boolean): void;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  log(): string;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** Why no server can be started here, or false. */
export function whyNoPostgres(): string | false {
  return findPrograms() === undefined ? 'needs initdb and postgres, in PATH or below /usr/lib/postgresql' : false;
}

/** Makes a cluster with a database and starts it. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const programs = findPrograms();
  if (programs === undefined) throw new Error(String(whyNoPostgres()));
  const server = new OwnServer({ ...options, programs, port: await findFreePort() });
  try {
    server.initialize();
    await server.start();
    await server.query(`CREATE ROLE ${OWNER} LOGIN PASSWORD '${options.password ?? ''}'`, SUPERUSER);
    await server.createDatabase(DATABASE);
  } catch (error) {
    const log = server.log();
    await server.remove();
    throw new Error(`PostgreSQL does not start:\n${log}`, { cause: error });
  }
  return server;
}

interface OwnServerOptions extends PostgresOptions {
  /** Folder of initdb and postgres. */
  readonly programs: string;
  readonly port: number;
}

class OwnServer implements PostgresServer {
  readonly port: number;
  readonly #options: OwnServerOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tocsin-postgres-'));
  readonly #account = toAccount();
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: OwnServerOptions) {
    this.#options = options;
    this.port = options.port;
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  get #logFile(): string {
    return join(this.#folder, 'log');
  }

  initialize(): void {
    const { identity, password, programs, settings } = this.#options;
    const passwordFile = join(this.#folder, 'password');
    writeFileSync(passwordFile, password ?? 'unused');
    this.#giveAway(passwordFile);
    this.#giveAway(this.#folder);
    const auth = password === undefined ? 'trust' : 'scram-sha-256';
    const words = ['-D', this.#data, '-U', SUPERUSER, '-A', auth, `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-sync'];
    execFileSync(join(programs, 'initdb'), words, { ...this.#account, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
    if (identity !== undefined) this.#keep(identity);
    const lines = Object.entries({
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: '',
      fsync: 'on',
      max_connections: '50',
      shared_buffers: '32MB',
      ssl: identity === undefined ? 'off' : 'on',
      ...settings,
    }).map(([name, value]) => `${name} = '${value}'\n`);
    writeFileSync(join(this.#data, 'postgresql.auto.conf'), lines.join(''));
  }

  url(database = DATABASE): string {
    return `postgres://${OWNER}@127.0.0.1:${this.port}/${database}`;
  }

  async query(sql: string, database = DATABASE): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { password } = this.#options;
    const client = new Client({
      host: '127.0.0.1',
      port: this.port,
      user: SUPERUSER,
      database,
      ssl: false,
      ...(password === undefined ? {} : { password }),
    });
    // A server that is killed meanwhile fails the query as well.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const result: unknown = await client.query(sql);
      const last = (Array.isArray(result) ? result.at(-1) : result) as { readonly rows: Record<string, unknown>[] };
      return last.rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async createDatabase(name: string): Promise<string> {
    await this.query(`CREATE DATABASE ${name} OWNER ${OWNER}`, SUPERUSER);
    return this.url(name);
  }

  async start(): Promise<void> {
    const deadlineMs = performance.now() + START_WITHIN_MS;
    this.#spawn();
    for (;;) {
      try {
        await this.query('SELECT 1', SUPERUSER);
        return;
      } catch (error) {
        if (performance.now() > deadlineMs) throw error;
      }
      // What a killed server left may still hold on to its memory for a moment.
      if (this.#child === undefined) this.#spawn();
      await sleep(50);
    }
  }

  #spawn(): void {
    const log = openSync(this.#logFile, 'a');
    const child = spawn(join(this.#options.programs, 'postgres'), ['-D', this.#data], {
      ...this.#account,
      cwd: this.#folder,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const killAtEnd = (): void => void child.kill('SIGKILL');
    process.once('exit', killAtEnd);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const onEnd = (): void => {
        process.off('exit', killAtEnd);
        this.#child = undefined;
        resolve();
      };
      child.once('error', onEnd).once('exit', onEnd);
    });
  }

  async stop(): Promise<void> {
    // Its "fast" way: connections are broken, what is committed is written.
    this.#child?.kill('SIGINT');
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#signalAll('SIGKILL');
    await this.#exited;
  }

  freeze(isFrozen: boolean): void {
    this.#signalAll(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Each of its processes leads a group of its own, so they are named one by one. */
  #signalAll(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    for (const own of [pid, ...childrenOf(pid)]) signalQuietly(own, signal);
  }

  log(): string {
    try {
      return readFileSync(this.#logFile, 'utf8');
    } catch {
      // Never started.
      return '';
    }
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #keep({ cert, key }: Identity): void {
    for (const [name, text] of [
      ['server.crt', cert],
      ['server.key', key],
    ] as const) {
      const path = join(this.#data, name);
      writeFileSync(path, text, { mode: 0o600 });
      this.#giveAway(path);
    }
  }

  #giveAway(path: string): void {
    const { uid, gid } = this.#account;
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  }
}

/** PostgreSQL refuses to run as root; then it runs as its own user, or as nobody. */
function toAccount(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

/** The folder with both programs; Debian keeps the server's out of PATH. */
function findPrograms(): string | undefined {
  const versions = globSync('/usr/lib/postgresql/*/bin').toSorted((left, right) => right.localeCompare(left, 'en', { numeric: true }));
  return [...versions, ...(process.env['PATH'] ?? '').split(delimiter)].find((folder) =>
    ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name))),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not here.
    return false;
  }
}

function childrenOf(pid: number): readonly number[] {
  const found = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return found
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([own, parent]) => (own !== undefined && parent === pid ? [own] : []));
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}
