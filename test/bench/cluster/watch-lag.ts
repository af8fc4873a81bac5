// How long a changed Alert of a large fleet takes from the API server's answer into the Snapshot.
//
//   node watch-lag.ts KUBECONFIG ALERTS CHANGES
import { performance } from 'node:perf_hooks';
import { catalog } from '../../../internal/catalog/catalog.ts';
import { openCluster } from '../../../internal/config/cluster/cluster.ts';
import { createFluxDialect } from '../../../internal/dialects/flux/dialect.ts';
import type { Snapshot } from '../../../internal/routing/route.ts';
import { quantile } from '../statistics.ts';
import { ALERTS, clock, connect, SILENT } from './fleet.ts';

const NAMESPACE = 'flux-system';
const [kubeconfig = '', alerts = '', changes = ''] = process.argv.slice(2);

const client = await connect(kubeconfig);
const startMs = performance.now();
const cluster = openCluster({
  client,
  dialect: createFluxDialect({ catalog }),
  secrets: { isCaching: false, isWatching: false, labelSelector: '' },
  clock,
  log: SILENT,
});
await until((snapshot) => snapshot.routes.size === Number(alerts));
const snapshotMs = performance.now() - startMs;

const lagsMs: number[] = [];
for (let change = 0; change < Number(changes); change += 1) {
  const name = `alert-${(change * 37) % Number(alerts)}`;
  const summary = `change ${change}`;
  const seen = until(({ routes }) => [...routes.values()].some((route) => route.ref.name === name && route.summary === summary));
  await client.patch(ALERTS, { namespace: NAMESPACE, name }, { spec: { summary } });
  const answeredMs = performance.now();
  lagsMs.push(Math.max(0, (await seen) - answeredMs));
}
cluster.close();
await client.close();

lagsMs.sort((left, right) => left - right);
process.stdout.write(`${JSON.stringify({ snapshotMs, p50Ms: quantile(lagsMs, 0.5), p99Ms: quantile(lagsMs, 0.99) })}\n`);

/** Resolves with the moment at which a Snapshot first was as asked for. */
function until(isSo: (snapshot: Snapshot) => boolean): Promise<number> {
  return new Promise((resolve) => {
    const look = (snapshot: Snapshot | null): void => {
      if (snapshot === null || !isSo(snapshot)) return;
      unsubscribe();
      resolve(performance.now());
    };
    const unsubscribe = cluster.snapshots.subscribe(look);
    look(cluster.snapshots.current());
  });
}
