// Starts the real program as a process of its own and speaks to it as anybody would: flags, ports, admin API, signals.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProductOptions {
  readonly manifests: readonly string[];
  /** The SQLite file. */
  readonly store: string;
  /** Everything that the program writes to stdout and stderr, appended. */
  readonly logFile: string;
  readonly flags?: readonly string[];
  /** The command line up to the listeners, as an image is given it; `serve` with manifests and store when absent. */
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The script to run; the unbuilt program when absent. */
  readonly program?: string | undefined;
  /** Words before the program's own command line, such as a namespace wrapper. */
  readonly wrapper?: readonly string[];
  /** The program sees other mounts than we do; its files are read through its own view. */
  readonly isolatedFiles?: boolean;
  readonly startWithinMs?: number;
  /** Called once the process exists, before it listens. */
  readonly onSpawn?: (pid: number) => void;
}

export interface Addresses {
  readonly events: HostPort;
  readonly receiver: HostPort;
  readonly metrics: HostPort;
  readonly health: HostPort;
  readonly admin: HostPort;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface Product {
  readonly pid: number;
  readonly addresses: Addresses;
  /** Milliseconds from the start of the process to its `listening` line. */
  readonly listeningAfterMs: number;
  readonly exited: Promise<Exit>;
  readonly hasExited: () => boolean;
  /** Asks the admin API, with the token of the server unless another is given. */
  admin(path: string, token?: string): Promise<AdminAnswer>;
  /** Status of `/readyz`. */
  ready(): Promise<number>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<Exit>;
  log(): string;
}

export const PROGRAM = join(import.meta.dirname, '..', '..', 'cmd', 'tocsin.ts');

const ANY_PORT = '127.0.0.1:0';
const LISTENER_FLAGS = ['--events-addr', '--receiverAddr', '--metrics-addr', '--health-addr', '--admin-addr'] as const;
const DEFAULT_START_MS = 20_000;

/** Starts it and resolves once it listens; rejects, with the end of its log, when it does not. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const startedAtMs = performance.now();
  const before = fileSize(options.logFile);
  const child = spawnProgram(options);
  if (child.pid !== undefined) options.onSpawn?.(child.pid);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  }).then((how) => (exit = how));
  const log = (): string => readFileSync(options.logFile, 'utf8').slice(before);

  const deadlineMs = startedAtMs + (options.startWithinMs ?? DEFAULT_START_MS);
  let addresses: Addresses | undefined;
  while (addresses === undefined) {
    addresses = findAddresses(log());
    if (addresses !== undefined) break;
    if (exit !== undefined) throw new Error(`the program ended (${JSON.stringify(exit)}) before it listened:\n${tail(log())}`);
    if (performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`the program does not listen:\n${tail(log())}`);
    }
    await sleep(15);
  }
  const listeningAfterMs = performance.now() - startedAtMs;
  const found = addresses;
  const tokenFile = `${options.isolatedFiles === true ? `/proc/${child.pid ?? 0}/root` : ''}${options.store}.admin-token`;
  return {
    pid: child.pid ?? 0,
    addresses: found,
    listeningAfterMs,
    exited,
    hasExited: () => exit !== undefined,
    admin: async (path, token) => askAdmin(found.admin, path, token ?? readFileSync(tokenFile, 'utf8').trim()),
    ready: async () => (await get({ ...found.health, path: '/readyz', headers: {} })).status,
    kill: (signal) => void child.kill(signal),
    stop: (graceMs = 10_000) => stop(child, exited, graceMs),
    log,
  };
}

function spawnProgram(options: ProductOptions): ChildProcess {
  const output = openSync(options.logFile, 'a');
  const [command = process.execPath, ...words] = [
    ...(options.wrapper ?? []),
    process.execPath,
    options.program ?? PROGRAM,
    ...(options.words ?? toWords(options)),
    ...LISTENER_FLAGS.flatMap((flag) => [flag, ANY_PORT]),
    ...(options.flags ?? []),
  ];
  try {
    return spawn(command, words, {
      stdio: ['ignore', output, output],
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', TZ: 'UTC', ...options.env },
    });
  } finally {
    closeSync(output);
  }
}

function toWords({ manifests, store }: ProductOptions): readonly string[] {
  return ['serve', ...manifests.flatMap((directory) => ['--manifests', directory]), '--store', `sqlite:${store}`];
}

async function stop(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<Exit> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  const exit = await exited;
  clearTimeout(timer);
  return exit;
}

function findAddresses(log: string): Addresses | undefined {
  for (const line of log.split('\n')) {
    if (!line.includes('"listening"')) continue;
    const parsed = parseLine(line);
    if (parsed?.msg !== 'listening' || typeof parsed.events !== 'string') continue;
    return {
      events: toHostPort(parsed.events),
      receiver: toHostPort(parsed.receiver),
      metrics: toHostPort(parsed.metrics),
      health: toHostPort(parsed.health),
      admin: toHostPort(parsed.admin),
    };
  }
  return undefined;
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // A line that is still being written, or not JSON at all.
    return undefined;
  }
}

function toHostPort(address: unknown): HostPort {
  const text = typeof address === 'string' ? address : '';
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

async function askAdmin(address: HostPort, path: string, token: string): Promise<AdminAnswer> {
  const answer = await get({ ...address, path, headers: { Authorization: `Bearer ${token}` } });
  return { status: answer.status, body: answer.text === '' ? undefined : (JSON.parse(answer.text) as unknown) };
}

interface GetRequest extends HostPort {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function get({ host, port, path, headers }: GetRequest): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    request.setTimeout(10_000, () => request.destroy(new Error(`no answer to GET ${path} within 10 s`)));
    request.on('error', reject);
    request.end();
  });
}

function fileSize(file: string): number {
  try {
    return readFileSync(file, 'utf8').length;
  } catch {
    // Not written yet.
    return 0;
  }
}

function tail(log: string): string {
  return log.split('\n').slice(-20).join('\n');
}
