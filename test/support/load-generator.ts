// The load generator and cheap webhook of test/bench/loadgen, built with Go and steered over stdin.
// A generator in this language would cost as much as the program that it measures.
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { HostPort } from './product.ts';

export interface Load {
  readonly target: HostPort;
  readonly connections: number;
  readonly seconds: number;
  /** Events per second by the clock; absent = as fast as answers come. */
  readonly rate?: number;
  /** Namespaces `team-00000`... that the events spread over. */
  readonly groups?: number;
  /** Objects `application-00000`... of each namespace that the events spread over. */
  readonly objects?: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly sent: number;
  /** How often each status came; `0` is no answer within 5 s. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly acksPerSecond: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly ackMaxMs: number;
  /** From the first byte sent, where the others count from when an event was due. */
  readonly slowestAnswerMs: number;
  readonly deliveriesPerSecondInWindow: number;
  /** Number of the first event of this load. */
  readonly from: number;
}

export interface DrainResult {
  readonly accepted: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly firstLost?: string;
  /** Accepted events per second, from the first byte sent to the last delivery. */
  readonly deliveriesPerSecond: number;
  readonly deliveryP50Ms: number;
  readonly deliveryP99Ms: number;
}

export interface SinkState {
  readonly open: number;
  readonly peak: number;
  readonly requests: number;
  readonly distinct: number;
}

const SOURCES = join(import.meta.dirname, '..', 'bench');

/** True where the Go tool chain is. */
export function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    // No Go on this machine: whoever needs it says so.
    return false;
  }
}

/** Builds a Go program of test/bench into the directory and returns its path. */
export function buildGo(name: string, directory: string): string {
  const binary = join(directory, basename(name));
  execFileSync('go', ['build', '-o', binary, '.'], {
    cwd: join(SOURCES, name),
    env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' },
  });
  return binary;
}

export class LoadGenerator {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly #directory: string;
  /** Where the webhook listens. */
  readonly sink: HostPort;

  private constructor(parts: {
    readonly child: ChildProcessByStdio<Writable, Readable, null>;
    readonly answers: AsyncIterator<string>;
    readonly directory: string;
    readonly sink: HostPort;
  }) {
    this.#child = parts.child;
    this.#answers = parts.answers;
    this.#directory = parts.directory;
    this.sink = parts.sink;
  }

  static async start(): Promise<LoadGenerator> {
    const directory = mkdtempSync(join(tmpdir(), 'tocsin-loadgen-'));
    const child = spawn(buildGo('loadgen', directory), [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = JSON.parse(String((await answers.next()).value)) as { readonly sink: string };
    const [host = '', port = ''] = first.sink.split(':');
    return new LoadGenerator({ child, answers, directory, sink: { host, port: Number(port) } });
  }

  load({ target, ...load }: Load): Promise<LoadResult> {
    return this.#ask({ cmd: 'load', target: `${target.host}:${target.port}`, ...load });
  }

  /** Waits until what was accepted since event `from` has arrived, or nothing more has for `quietSeconds`. */
  drain(from: number, quietSeconds: number): Promise<DrainResult> {
    return this.#ask({ cmd: 'drain', from, seconds: quietSeconds });
  }

  sinkState(): Promise<SinkState> {
    return this.#ask({ cmd: 'sink' });
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true });
  }

  async #ask<T>(command: Readonly<Record<string, unknown>>): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    const line = await this.#answers.next();
    if (line.done === true) throw new Error('the load generator ended');
    return JSON.parse(line.value) as T;
  }
}
