// Our own client of a real API server, where tests make more requests than kubectl could.
import { systemClock } from '../../cmd/system-clock.ts';
import { createKubeClient } from '../../internal/kube/client.ts';
import { openKubeconfig } from '../../internal/kube/kubeconfig.ts';
import type { KubeClient, ObjectDraft, Resource } from '../../internal/kube/ports.ts';
import { createRecordingLog } from './recording-log.ts';

const AT_A_TIME = 16;

/** As the user of a kubeconfig. */
export async function openTestClient(kubeconfig: string): Promise<KubeClient> {
  const access = await openKubeconfig({ path: kubeconfig, clock: systemClock, conceal: () => undefined });
  return createKubeClient({ access, clock: systemClock, random: Math.random, log: createRecordingLog(), userAgent: 'tocsin/test' });
}

/** Over few connections, as a controller that applies a repository would. */
export async function createObjects(kubeconfig: string, resource: Resource, objects: readonly ObjectDraft[]): Promise<void> {
  const client = await openTestClient(kubeconfig);
  const left = [...objects];
  const createRest = async (): Promise<void> => {
    for (let object = left.pop(); object !== undefined; object = left.pop()) await client.create(resource, object);
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, createRest));
  } finally {
    await client.close();
  }
}
