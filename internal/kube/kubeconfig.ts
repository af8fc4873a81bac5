// Access by a kubeconfig: contexts, client certificates, tokens, exec plugins and OIDC, as @kubernetes/client-node reads them.
// The package costs 85 MB and half a second, so it is loaded here and only for this.
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { type AccessOptions, type ClusterAccess, type Credentials, type LineSettings, rememberCredentials } from './access.ts';
import { KubeError } from './kube-error.ts';

export interface KubeconfigOptions extends AccessOptions {
  /** Its current context counts. */
  readonly path: string;
}

/** Rejects with KubeError when the file cannot be used. */
export async function openKubeconfig(options: KubeconfigOptions): Promise<ClusterAccess> {
  const file = new KubeconfigFile(options);
  const config = await file.current();
  const { server } = clusterOf(config, options);
  const remembered = rememberCredentials(async () => readCredentials(await file.current(), options), options.clock);
  await remembered.credentials();
  return {
    server: server.replace(/\/+$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    credentials: remembered.credentials,
    refresh: () => {
      file.forget();
      remembered.refresh();
    },
  };
}

/** Keeps what was loaded, and with it the tokens of exec plugins, until the file changes or somebody forgets it. */
class KubeconfigFile {
  readonly #options: KubeconfigOptions;
  #loaded: { readonly config: KubeConfig; readonly version: string } | undefined;

  constructor(options: KubeconfigOptions) {
    this.#options = options;
  }

  async current(): Promise<KubeConfig> {
    const { path } = this.#options;
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${ino} ${mtimeMs} ${size}`;
      if (this.#loaded?.version !== version) this.#loaded = { config: await load(this.#options), version };
      return this.#loaded.config;
    } catch (cause) {
      if (cause instanceof KubeError) throw cause;
      throw unusable(path, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  forget(): void {
    this.#loaded = undefined;
  }
}

async function load({ path }: KubeconfigOptions): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromString(await readFile(path, 'utf8'));
  config.makePathsAbsolute(dirname(path));
  return config;
}

function clusterOf(config: KubeConfig, { path }: KubeconfigOptions): { readonly server: string; readonly proxyUrl?: string } {
  const cluster = config.getCurrentCluster();
  if (cluster !== null && URL.canParse(cluster.server)) return cluster;
  throw unusable(path, `context '${config.getCurrentContext()}' names no cluster with a server`);
}

async function readCredentials(config: KubeConfig, options: KubeconfigOptions): Promise<Credentials> {
  const cluster = clusterOf(config, options);
  const settings = await readSettings(config, options);
  const headers = authorization(settings);
  for (const secret of [headers['authorization']?.replace(/^\w+ /, ''), config.getCurrentUser()?.password]) {
    if (secret) options.conceal(secret);
  }
  return { headers, line: { ...toLine(settings), ...(cluster.proxyUrl === undefined ? {} : { proxyUrl: cluster.proxyUrl }) } };
}

async function readSettings(config: KubeConfig, { path }: KubeconfigOptions): Promise<Settings> {
  const settings = {};
  try {
    await config.applyToHTTPSOptions(settings);
  } catch (cause) {
    throw unusable(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  return settings as Settings;
}

/** What the package sets: text, and files as it read them. */
type Settings = Readonly<Record<'ca' | 'cert' | 'key', Buffer | string | undefined>> & {
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: string;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
};

function authorization({ headers = {}, auth }: Settings): Record<string, string> {
  const basic = auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
  return { ...basic, ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) };
}

function toLine({ ca, cert, key, passphrase, servername, rejectUnauthorized }: Settings): LineSettings {
  return {
    ...(ca === undefined ? {} : { ca: ca.toString() }),
    ...(cert === undefined ? {} : { cert: cert.toString() }),
    ...(key === undefined ? {} : { key: key.toString() }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === false ? { isUnverified: true } : {}),
  };
}

function unusable(path: string, detail: string, cause?: unknown): KubeError {
  return new KubeError(`the kubeconfig ${path} cannot be used: ${detail}`, { status: 0, reason: 'Unreachable', cause });
}
