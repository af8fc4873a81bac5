// A product process with everything that surrounds it, for all cases that share flags and environment.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createCertificateAuthority, newRsaKeyPem } from '../support/certificates.ts';
import { type Product, startProduct } from '../support/product.ts';
import { untilReady } from '../support/ready.ts';
import { openEnvironmentProxy } from './environment-proxy.ts';
import type { Ground, Laid } from './ground.ts';
import { fillIn, type Placeholders } from './placeholders.ts';
import { recordNats } from './nats.ts';
import { Recorder } from './recorder.ts';
import { RecordingServer } from './recording-server.ts';
import { type CaseResult, type PreparedCase, runCase } from './run-case.ts';
import { needsNats, type Vector } from './vector.ts';

export interface WorldOptions {
  readonly ground: Ground;
  /** An empty directory for manifests, store, certificates and log. */
  readonly directory: string;
  readonly vectors: readonly Vector[];
  readonly jobs: number;
  readonly program?: string;
  readonly onResult: (result: CaseResult) => void;
}

export interface WorldResult {
  readonly results: readonly CaseResult[];
  /** Requests through the environment proxy that belong to no case. */
  readonly strays: readonly string[];
  /** How the process ended; anything but exit 0 is a finding. */
  readonly ending: string;
}

/** Material that all cases share; made once per process, since keys take time. */
export interface Material {
  readonly authority: ReturnType<typeof createCertificateAuthority>;
  readonly placeholders: Placeholders;
}

export function createMaterial(): Material {
  const authority = createCertificateAuthority('vectors test authority');
  const client = authority.issueClient('vectors-client');
  return {
    authority,
    placeholders: {
      'ca.crt': authority.cert,
      'other-ca.crt': createCertificateAuthority('unrelated test authority').cert,
      'client.crt': client.cert,
      'client.key': client.key,
      'rsa.key': newRsaKeyPem(),
    },
  };
}

/** Runs the cases, `jobs` at a time, and takes everything down again. */
export async function runWorld(options: WorldOptions, material: Material, ports: () => Promise<number>): Promise<WorldResult> {
  const { directory, vectors } = options;
  const proxy = await openEnvironmentProxy(material.authority);
  const servers: { close(): unknown }[] = [];
  const prepared: PreparedCase[] = [];
  for (const vector of vectors) {
    const port = await ports();
    const natsPort = needsNats(vector) ? await ports() : undefined;
    const placeholders = {
      ...material.placeholders,
      sink: `127.0.0.1:${port}`,
      ...(natsPort === undefined ? {} : { nats: `127.0.0.1:${natsPort}` }),
    };
    const given = fillIn(vector.given, placeholders);
    const recorder = new Recorder(given.replies ?? []);
    prepared.push({ vector: { ...vector, given }, recorder, placeholders });
    if (natsPort !== undefined) servers.push(await recordNats(natsPort, recorder));
    proxy.add(vector, recorder);
    if (given.sinkDown === true) continue;
    const server = new RecordingServer({ authority: material.authority, recordProxy: true, find: () => recorder });
    await server.listen(port);
    servers.push(server);
  }
  const filledIn = prepared.map(({ vector }) => vector);
  const laid = await options.ground.lay(filledIn, directory);
  const product = await start({ ...options, vectors: filledIn }, { material, laid, proxyPort: proxy.port });
  try {
    await untilReady(product);
    const results = await judged(await runAll(prepared, product, options), prepared, options);
    const ending = await endOf(product);
    return { results: withLateRequests(results, prepared, options.onResult), strays: proxy.strays.requests.map(describe), ending };
  } finally {
    product.kill('SIGKILL');
    proxy.close();
    for (const server of servers) server.close();
  }
}

interface Surroundings {
  readonly material: Material;
  readonly laid: Laid;
  readonly proxyPort: number;
}

async function start({ directory, vectors, program }: WorldOptions, { material, laid, proxyPort }: Surroundings): Promise<Product> {
  mkdirSync(join(directory, 'data'), { recursive: true });
  const authorityFile = join(directory, 'ca.crt');
  writeFileSync(authorityFile, material.authority.cert);
  const [first] = vectors;
  const extra = (first?.given.env ?? []).map((line) => line.split(/=(.*)/s, 2) as [string, string]);
  const proxyUrl = `http://127.0.0.1:${proxyPort}`;
  return startProduct({
    manifests: laid.manifests,
    store: join(directory, 'data', 'tocsin.db'),
    logFile: join(directory, 'tocsin.log'),
    flags: [...laid.flags, ...(first?.given.flags ?? [])],
    env: {
      RUNTIME_NAMESPACE: 'flux-system',
      HTTP_PROXY: proxyUrl,
      HTTPS_PROXY: proxyUrl,
      SSL_CERT_FILE: authorityFile,
      ...Object.fromEntries(extra),
    },
    ...(program === undefined ? {} : { program }),
  });
}

async function runAll(cases: readonly PreparedCase[], product: Product, options: WorldOptions): Promise<readonly CaseResult[]> {
  const queue = [...cases];
  const results: CaseResult[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const result = await runCase(next, { product, ground: options.ground });
      results.push(result);
      options.onResult(result);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return results;
}

/** Adds what differs beside answers and requests. */
async function judged(
  results: readonly CaseResult[],
  cases: readonly PreparedCase[],
  { ground, onResult }: WorldOptions,
): Promise<readonly CaseResult[]> {
  const differences = await ground.judge(cases, results);
  return results.map((result) => withDifferences(result, differences.get(result.name) ?? [], onResult));
}

function withDifferences(result: CaseResult, found: readonly string[], onResult: WorldOptions['onResult']): CaseResult {
  if (found.length === 0) return result;
  const whole = { ...result, differences: [...result.differences, ...found] };
  onResult(whole);
  return whole;
}

async function endOf(product: Product): Promise<string> {
  if (product.hasExited()) return `ended by itself: ${JSON.stringify(await product.exited)}`;
  const exit = await product.stop(12_000);
  return exit.code === 0 ? 'exit 0' : `ended with ${JSON.stringify(exit)}`;
}

/** What arrives after a case was over is allowed only as a repeat of something that is tried again. */
function withLateRequests(
  results: readonly CaseResult[],
  cases: readonly PreparedCase[],
  onResult: WorldOptions['onResult'],
): readonly CaseResult[] {
  const recorders = new Map(cases.map((each) => [each.vector.name, each.recorder]));
  return results.map((result) => {
    const recorder = recorders.get(result.name);
    if (recorder === undefined || result.isTriedLater || recorder.hasRetriedAnswer(result.arrived)) return result;
    const late = recorder.requests.slice(result.arrived).map((request) => `late request ${describe(request)}`);
    return withDifferences(result, late, onResult);
  });
}

function describe(request: { readonly method: string; readonly scheme: string; readonly host: string; readonly path: string }): string {
  return `${request.method} ${request.scheme}://${request.host}${request.path}`;
}

/**
 * Hands out ports outside the range from which the system takes its own, each once, so that none serves two cases. It
 * starts anywhere, so that two runs at a time do not meet.
 */
export function createPorts(first = 12_000 + Math.floor(Math.random() * 15_000), end = 32_000): () => Promise<number> {
  let next = first;
  const take = async (): Promise<number> => {
    next += 1;
    const port = next;
    if (port > end) throw new Error('no ports left');
    return (await isFree(port)) ? port : take();
  };
  return take;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
