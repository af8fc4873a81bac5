// One measurement each, in processes of their own; what a run is made of.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DrainResult, Load, LoadGenerator, LoadResult } from '../support/load-generator.ts';
import { type Fleet, groupsOf, writeFleet } from '../support/many-alerts.ts';
import { readUsage } from '../support/process-usage.ts';
import { type HostPort, type Product, startProduct } from '../support/product.ts';
import { untilReady } from '../support/ready.ts';

export interface Bench {
  readonly generator: LoadGenerator;
  /** An empty directory. */
  readonly directory: string;
  /** The script that is measured. */
  readonly program: string | undefined;
  /** Length of one load. */
  readonly seconds: number;
  /** Path of the Go forwarder's binary. */
  readonly forwarder: string;
}

/** Requests that the generator has in flight. */
export const CONNECTIONS = 64;
/** Requests that one Target may have in flight. */
export const IN_FLIGHT = 8;
/** Objects that the events of a load are about, in all namespaces together: as many lanes at every number of Alerts. */
const OBJECTS = 10_000;
/** How long a backlog may stand still before what is missing counts as lost. */
export const QUIET_SECONDS = 15;

const run = promisify(execFile);

/** How the events of a load spread over the namespaces and objects of a fleet. */
export function spreadOf(fleet: Pick<Fleet, 'alerts' | 'shape'>): Pick<Load, 'connections' | 'groups' | 'objects'> {
  const groups = groupsOf(fleet);
  return { connections: CONNECTIONS, groups, objects: Math.max(1, Math.round(OBJECTS / groups)) };
}

/** Runs a script of this suite and reads the JSON line that it prints. */
export async function runPart<T>(part: string, words: readonly (string | number)[]): Promise<T> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, part), ...words.map(String)], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as T;
}

/** acks/s of the Express server that does nothing. */
export async function measureExpress(bench: Bench): Promise<number> {
  const server = await startServer(process.execPath, [join(import.meta.dirname, 'limits', 'express.ts')]);
  try {
    await bench.generator.load({ target: server.target, connections: CONNECTIONS, seconds: 1 });
    return (await bench.generator.load({ target: server.target, connections: CONNECTIONS, seconds: bench.seconds })).acksPerSecond;
  } finally {
    await server.stop();
  }
}

/** deliveries/s, end to end, of the forwarder that stores nothing. */
export async function measureForwarder(bench: Bench): Promise<DrainResult> {
  return drainThrough(bench, bench.forwarder, []);
}

/** The same of one Node thread with our libraries. */
export async function measureNodeForwarder(bench: Bench): Promise<DrainResult> {
  const script = join(import.meta.dirname, 'limits', 'node-forwarder.ts');
  return drainThrough(bench, process.execPath, [script], [String(IN_FLIGHT)]);
}

async function drainThrough(bench: Bench, command: string, before: readonly string[], after: readonly string[] = []): Promise<DrainResult> {
  const { host, port } = bench.generator.sink;
  const server = await startServer(command, [...before, `http://${host}:${port}/hook`, ...after]);
  try {
    const warm = await bench.generator.load({ target: server.target, connections: CONNECTIONS, seconds: 1 });
    await bench.generator.drain(warm.from, QUIET_SECONDS);
    const load = await bench.generator.load({ target: server.target, connections: CONNECTIONS, seconds: bench.seconds });
    return await bench.generator.drain(load.from, QUIET_SECONDS);
  } finally {
    await server.stop();
  }
}

export interface ProductFigures {
  readonly load: LoadResult;
  readonly drain: DrainResult;
  readonly readyMs: number;
  readonly idleRssMb: number;
  readonly peakRssMb: number;
  readonly cpuSecondsPer1000: number;
  /** At half the rate of acks, by the clock; only where asked for. */
  readonly half?: LoadResult;
}

/** The program with a fleet of Alerts: closed loop, drained, and where asked for once more at half the rate. */
export async function measureProduct(bench: Bench, fleet: Pick<Fleet, 'alerts' | 'shape'>, withHalf: boolean): Promise<ProductFigures> {
  const directory = join(bench.directory, `${fleet.shape}-${fleet.alerts}-${Date.now()}`);
  const { host, port } = bench.generator.sink;
  writeFleet(join(directory, 'manifests'), { ...fleet, address: `http://${host}:${port}/hook` });
  const { product, readyMs } = await startOn(bench, directory, join(directory, 'manifests'));
  try {
    await sleep(1_000);
    const idleRssMb = readUsage(product.pid).rssMb;
    const spread = { target: product.addresses.events, ...spreadOf(fleet) };
    const warm = await bench.generator.load({ ...spread, seconds: 2 });
    await bench.generator.drain(warm.from, QUIET_SECONDS);
    const cpuBefore = readUsage(product.pid).cpuSeconds;
    const load = await bench.generator.load({ ...spread, seconds: bench.seconds });
    const drain = await bench.generator.drain(load.from, QUIET_SECONDS);
    const usage = readUsage(product.pid);
    const cpuSecondsPer1000 = ((usage.cpuSeconds - cpuBefore) / Math.max(1, drain.accepted)) * 1000;
    const figures = { load, drain, readyMs, idleRssMb, peakRssMb: usage.peakRssMb, cpuSecondsPer1000 };
    if (!withHalf) return figures;
    const half = await bench.generator.load({ ...spread, seconds: bench.seconds, rate: load.acksPerSecond / 2 });
    await bench.generator.drain(half.from, QUIET_SECONDS);
    return { ...figures, half };
  } finally {
    await product.stop();
    rmSync(directory, { recursive: true });
  }
}

/** Nobody listens there: the Target is paused after its first failures, and what arrives is only stored. */
const NOBODY = 'http://127.0.0.1:9/hook';

/** Acks of the program while its webhook is down: taking events in and storing what is owed, and nothing else. */
export async function measureIntake(bench: Bench): Promise<LoadResult> {
  const directory = join(bench.directory, `intake-${Date.now()}`);
  writeFleet(join(directory, 'manifests'), { alerts: 1, shape: 'spread', address: NOBODY });
  const { product } = await startOn(bench, directory, join(directory, 'manifests'));
  try {
    const target = product.addresses.events;
    const spread = { target, ...spreadOf({ alerts: 1, shape: 'spread' }) };
    await bench.generator.load({ ...spread, seconds: 2 });
    return await bench.generator.load({ ...spread, seconds: bench.seconds });
  } finally {
    await product.stop();
    rmSync(directory, { recursive: true });
  }
}

export interface StartFigures {
  readonly readyMs: number;
  readonly idleRssMb: number;
}

/** From the start of the process to `/readyz`, and what it holds when nothing happens. */
export async function measureStart(bench: Bench, manifests: string): Promise<StartFigures> {
  const directory = join(bench.directory, `start-${Date.now()}`);
  const { product, readyMs } = await startOn(bench, directory, manifests);
  try {
    await sleep(4_000);
    return { readyMs, idleRssMb: readUsage(product.pid).rssMb };
  } finally {
    await product.stop();
    rmSync(directory, { recursive: true });
  }
}

async function startOn(
  bench: Bench,
  directory: string,
  manifests: string,
): Promise<{ readonly product: Product; readonly readyMs: number }> {
  mkdirSync(directory, { recursive: true });
  const product = await startProduct({
    manifests: [manifests],
    store: join(directory, 'tocsin.db'),
    logFile: join(directory, 'tocsin.log'),
    program: bench.program,
  });
  const readyMs = product.listeningAfterMs + (await untilReady(product));
  return { product, readyMs };
}

async function startServer(command: string, words: readonly string[]): Promise<{ readonly target: HostPort; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { events } = JSON.parse(String((await lines.next()).value)) as { readonly events: string };
  const [host = '', port = ''] = events.split(':');
  return {
    target: { host, port: Number(port) },
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
