// What commands without a server read of a cluster.
import { type ReadCluster, readCluster } from '../internal/config/cluster/read-cluster.ts';
import { KubeError } from '../internal/kube/kube-error.ts';
import type { Redactor } from '../internal/sdk/transport.ts';
import { connectCluster } from './cluster-access.ts';
import { readEnvironment } from './environment.ts';
import { StartupError } from './listen.ts';
import { SILENT } from './silent-log.ts';

/** Reads the cluster of a kubeconfig, or that of the pod; rejects with StartupError when it cannot be reached. */
export async function readConnectedCluster(kubeconfig: string | undefined, redactor: Redactor): Promise<ReadCluster> {
  const environment = await readEnvironment(process.env);
  const { client } = await connectCluster({ kubeconfig, environment, conceal: (secret) => redactor.add(secret), log: SILENT });
  try {
    return await readCluster(client);
  } catch (error) {
    if (error instanceof KubeError) throw new StartupError(error.message, { cause: error });
    throw error;
  } finally {
    await client.close();
  }
}
