// The API server that a command speaks to: the one that --kubeconfig names, or that of the pod.
import { createKubeClient } from '../internal/kube/client.ts';
import type { ClusterAccess } from '../internal/kube/access.ts';
import type { KubeObserver } from '../internal/kube/api.ts';
import { openInCluster } from '../internal/kube/in-cluster.ts';
import { KubeError } from '../internal/kube/kube-error.ts';
import { openKubeconfig } from '../internal/kube/kubeconfig.ts';
import type { Rate } from '../internal/kube/pace.ts';
import type { KubeClient } from '../internal/kube/ports.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import type { Environment } from './environment.ts';
import { StartupError } from './listen.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

/** An API server that can be asked, and who asks it. */
export interface ClusterConnection {
  readonly client: KubeClient;
  /** The namespace of the pod, or of the kubeconfig's context. */
  readonly namespace: string | undefined;
}

export interface ClusterConnectionOptions {
  /** A file; the pod's service account when absent. */
  readonly kubeconfig?: string | undefined;
  readonly environment: Pick<Environment, 'kubernetes'>;
  /** Keeps a credential out of everything that is written. */
  readonly conceal: (secret: string) => void;
  readonly observer?: KubeObserver;
  /** Absent = requests are sent as they come. */
  readonly rate?: Rate | undefined;
  readonly log: Logger;
}

/** Opens no connection yet; rejects with StartupError when there are no credentials. */
export async function connectCluster(options: ClusterConnectionOptions): Promise<ClusterConnection> {
  try {
    const { log, observer, rate } = options;
    const access = await findAccess(options);
    const userAgent = `tocsin/${VERSION}`;
    const client = createKubeClient({ access, clock: systemClock, random: Math.random, log, userAgent, observer, rate });
    return { client, namespace: access.namespace };
  } catch (error) {
    if (error instanceof KubeError) throw new StartupError(error.message, { cause: error });
    throw error;
  }
}

function findAccess({ kubeconfig, environment, conceal }: ClusterConnectionOptions): Promise<ClusterAccess> {
  if (kubeconfig !== undefined) return openKubeconfig({ path: kubeconfig, clock: systemClock, conceal });
  const { kubernetes } = environment;
  if (kubernetes === undefined) throw new StartupError('name a kubeconfig with --kubeconfig FILE: this is no pod of a cluster');
  return openInCluster({ ...kubernetes, clock: systemClock, conceal });
}
