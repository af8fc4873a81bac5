// What a list that is taken now comes to: the Snapshot of somebody who has never seen this cluster.
import assert from 'node:assert/strict';
import { systemClock } from '../../cmd/system-clock.ts';
import { catalog } from '../../internal/catalog/catalog.ts';
import { openCluster } from '../../internal/config/cluster/cluster.ts';
import { createFluxDialect } from '../../internal/dialects/flux/dialect.ts';
import type { Snapshot } from '../../internal/routing/route.ts';
import { openTestClient } from './cluster-client.ts';
import type { ClusterProduct, Served } from './cluster-product.ts';
import { createRecordingLog } from './recording-log.ts';
import { untilTrue } from './until.ts';

const EQUAL_WITHIN_MS = 60_000;

/** Fails unless, before long, the program serves what a fresh list gives. */
export async function assertServesFreshList(product: Pick<ClusterProduct, 'served'>, kubeconfig: string): Promise<void> {
  const fresh = await listFresh(kubeconfig);
  const isEqual = async (): Promise<boolean> => (await product.served()).revision === fresh.revision;
  await untilTrue(isEqual, 'the fresh list', EQUAL_WITHIN_MS).catch(() => undefined);
  assert.deepEqual(await product.served(), fresh);
}

async function listFresh(kubeconfig: string): Promise<Served> {
  const client = await openTestClient(kubeconfig);
  const cluster = openCluster({
    client,
    dialect: createFluxDialect({ catalog }),
    secrets: { isCaching: false, isWatching: false, labelSelector: '' },
    clock: systemClock,
    log: createRecordingLog(),
  });
  try {
    await untilTrue(() => cluster.snapshots.current() !== null, 'the fresh list', EQUAL_WITHIN_MS);
    return toServed(cluster.snapshots.current());
  } finally {
    cluster.close();
    await client.close();
  }
}

function toServed(snapshot: Snapshot | null): Served {
  assert.ok(snapshot);
  const { revision, routes, targets } = snapshot;
  return { revision, routes: [...routes.keys()].toSorted(), targets: [...targets.keys()].toSorted() };
}
