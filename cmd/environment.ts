// What the environment says; read once, at the start.
import { readFile } from 'node:fs/promises';
import { catalog } from '../internal/catalog/catalog.ts';
import type { ControllerIdentity } from '../internal/credentials/workload-identity.ts';
import { readAzureAuthority, readControllerIdentity } from './controller-identity.ts';
import { StartupError } from './listen.ts';

export interface Environment {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
  /** PEM of the certificates that replace the runtime's own. */
  readonly trustedCa?: string;
  /** Of the store, where its address holds none; libpq's name. */
  readonly databasePassword?: string;
  /** Where the API server is, in a pod. */
  readonly kubernetes?: { readonly host: string; readonly port: string };
  /** A pod's own name is the name of its host. */
  readonly podName?: string | undefined;
  /** The namespace of the pod. */
  readonly runtimeNamespace?: string | undefined;
  /** Who Tocsin is in a cloud. */
  readonly identity: ControllerIdentity;
  /** Variables that types of Providers declare. */
  readonly forProviders: Readonly<Record<string, string>>;
  /** Where Azure issues tokens. */
  readonly azureAuthority?: string | undefined;
}

/** Go's names, upper case first as Go reads them; SSL_CERT_FILE must be readable where it is set. */
export async function readEnvironment(variables: NodeJS.ProcessEnv): Promise<Environment> {
  const either = (name: string): string | undefined => variables[name] || variables[name.toLowerCase()];
  const caFile = variables['SSL_CERT_FILE'];
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = variables;
  return {
    httpProxy: either('HTTP_PROXY'),
    httpsProxy: either('HTTPS_PROXY'),
    noProxy: either('NO_PROXY'),
    ...(variables['PGPASSWORD'] ? { databasePassword: variables['PGPASSWORD'] } : {}),
    ...(host ? { kubernetes: { host, port } } : {}),
    podName: variables['HOSTNAME'],
    runtimeNamespace: variables['RUNTIME_NAMESPACE'],
    forProviders: readForProviders(variables),
    identity: readControllerIdentity(variables),
    azureAuthority: readAzureAuthority(variables),
    ...(caFile ? { trustedCa: await readCa(caFile) } : {}),
  };
}

/** Variables that types of Providers declare, and no others. */
export function readForProviders(variables: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const names = catalog.types.flatMap((type) => catalog.get(type)?.capabilities.environment ?? []);
  return Object.fromEntries(names.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])));
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new StartupError(`cannot read the certificates in ${path}, which SSL_CERT_FILE names`, { cause });
  }
}
