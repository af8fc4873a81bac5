// One size in one process: the forwarder first, then the program with the fleet that the API server holds.
import { join } from 'node:path';
import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../support/cluster.ts';
import { parseExposition, type Sample } from '../../support/exposition.ts';
import { readUsage } from '../../support/process-usage.ts';
import { type Product, startProduct } from '../../support/product.ts';
import { type Bench, measureForwarder, QUIET_SECONDS, spreadOf } from '../measure.ts';
import type { ClusterSize } from './report.ts';

const SNAPSHOT_WITHIN_MS = 120_000;
/** What the program asks for; everything else is the API server talking to itself. */
const RESOURCES = new Set(['alerts', 'providers', 'receivers', 'secrets', 'events', 'kustomizations']);

export async function measureInCluster(bench: Bench, cluster: Cluster, alerts: number): Promise<ClusterSize> {
  const forwarder = (await measureForwarder(bench)).deliveriesPerSecond;
  const directory = join(bench.directory, `cluster-${alerts}`);
  mkdirSync(directory);
  const startedAtMs = performance.now();
  const product = await startProduct({
    manifests: [],
    store: join(directory, 'tocsin.db'),
    logFile: join(directory, 'log'),
    program: bench.program,
    flags: ['--kubeconfig', cluster.kubeconfig, '--egress-allow', '127.0.0.0/8'],
    env: { RUNTIME_NAMESPACE: 'flux-system' },
  });
  try {
    await untilRoutes(product, alerts);
    const snapshotMs = performance.now() - startedAtMs;
    await sleep(1_000);
    const idleRssMb = readUsage(product.pid).rssMb;
    return { forwarder, snapshotMs, idleRssMb, ...(await load(bench, cluster, product, alerts)) };
  } finally {
    await product.stop();
    rmSync(directory, { recursive: true });
  }
}

async function load(
  { generator, seconds }: Bench,
  cluster: Cluster,
  product: Product,
  alerts: number,
): Promise<Omit<ClusterSize, 'forwarder' | 'snapshotMs' | 'idleRssMb'>> {
  const target = product.addresses.events;
  const spread = { target, ...spreadOf({ alerts, shape: 'spread' }) };
  const warm = await generator.load({ ...spread, seconds: 2 });
  await generator.drain(warm.from, QUIET_SECONDS);
  const requestsBefore = await countRequests(cluster);
  const { acksPerSecond, ackP99Ms, from } = await generator.load({ ...spread, seconds });
  const { accepted, deliveriesPerSecond, missing } = await generator.drain(from, QUIET_SECONDS);
  const requestsPer1000 = (((await countRequests(cluster)) - requestsBefore) / Math.max(1, accepted)) * 1000;
  return { acksPerSecond, ackP99Ms, deliveriesPerSecond, missing, requestsPer1000, peakRssMb: readUsage(product.pid).peakRssMb };
}

/** Requests of the kinds that the program deals with, as the API server counts them; a watch counts when it ends. */
async function countRequests(cluster: Cluster): Promise<number> {
  const samples = parseExposition(String(await cluster.ask('GET', '/metrics')));
  return sum(samples.filter(({ name, labels }) => name === 'apiserver_request_total' && RESOURCES.has(labels['resource'] ?? '')));
}

async function untilRoutes(product: Product, alerts: number): Promise<void> {
  const { host, port } = product.addresses.metrics;
  const endMs = performance.now() + SNAPSHOT_WITHIN_MS;
  while (performance.now() < endMs) {
    const samples = parseExposition(await (await fetch(`http://${host}:${port}/metrics`)).text());
    if (sum(samples.filter(({ name }) => name === 'tocsin_snapshot_routes')) === alerts) return;
    await sleep(20);
  }
  throw new Error(`no Snapshot of ${alerts} Alerts:\n${product.log().slice(-2_000)}`);
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}
