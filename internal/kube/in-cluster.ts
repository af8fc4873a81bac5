// Access from inside a pod: what a kubelet mounts for the service account. No package is needed for three files.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccessOptions, type ClusterAccess, type Credentials, rememberCredentials } from './access.ts';
import { KubeError } from './kube-error.ts';

export interface InClusterOptions extends AccessOptions {
  /** KUBERNETES_SERVICE_HOST */
  readonly host: string;
  /** KUBERNETES_SERVICE_PORT */
  readonly port: string;
  /** Where token, ca.crt and namespace lie; the kubelet's place when absent. */
  readonly folder?: string;
}

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Rejects with KubeError when the files cannot be read. The proxies of the environment are not for the API server. */
export async function openInCluster(options: InClusterOptions): Promise<ClusterAccess> {
  const { host, port, folder = FOLDER, clock, conceal } = options;
  const read = async (): Promise<Credentials> => {
    const token = await readMounted(folder, 'token');
    const ca = await readMounted(folder, 'ca.crt');
    conceal(token);
    return { headers: { authorization: `Bearer ${token}` }, line: { ca } };
  };
  const remembered = rememberCredentials(read, clock);
  await remembered.credentials();
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: await readNamespace(folder),
    ...remembered,
  };
}

async function readMounted(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new KubeError(
      `cannot read ${path}, by which the API server knows this pod: let the pod mount its service account token (automountServiceAccountToken), or name a file with --kubeconfig`,
      { status: 0, reason: 'Unreachable', cause },
    );
  }
}

async function readNamespace(folder: string): Promise<string | undefined> {
  // Projected volumes may leave it out; RUNTIME_NAMESPACE says it as well.
  return readFile(join(folder, 'namespace'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}
