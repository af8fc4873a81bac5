// The connections to one API server: a small pool for requests, and one connection for each watch, which holds its own for
// minutes. Both are kept for as long as the credentials name the same certificates and proxy.
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { type ClusterAccess, lineKey, type LineSettings } from './access.ts';
import { KubeError } from './kube-error.ts';

/** A way to the API server, and how to present oneself there. */
export interface Line {
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

interface Pools {
  readonly line: LineSettings;
  readonly key: string;
  readonly request: Dispatcher;
  readonly watch: Dispatcher;
}

const REQUEST_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 10_000;
/** Below the 90 s after which the API server closes an idle connection, so that nothing is sent on a closed one. */
const IDLE_MS = 60_000;
/** A dead peer is found by probes after this; network devices forget silent connections not much later. */
const PROBE_AFTER_MS = 30_000;

/** The pools of one configuration, opened when first needed. */
export class Connections {
  readonly #access: ClusterAccess;
  #pools: Pools | undefined;
  readonly #retired = new Set<Dispatcher>();
  #isClosed = false;

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  async line(use: 'request' | 'watch'): Promise<Line> {
    const { headers, line } = await this.#access.credentials();
    if (this.#isClosed) throw new KubeError('the connections to the API server are closed', { status: 0, reason: 'Unreachable' });
    return { dispatcher: this.#poolsFor(line)[use], headers };
  }

  /** Ends everything, requests under way included. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#retired, ...(this.#pools === undefined ? [] : [this.#pools.request, this.#pools.watch])];
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  #poolsFor(line: LineSettings): Pools {
    // The same object comes back as long as nothing was read again, so that the hash is computed about once a minute.
    if (this.#pools?.line === line) return this.#pools;
    const key = lineKey(line);
    const before = this.#pools;
    this.#pools = before?.key === key ? { ...before, line } : { line, key, ...openPools(this.#access.server, line) };
    if (before !== undefined && before.key !== key) this.#retire(before);
    return this.#pools;
  }

  /** What is under way on the old connections is finished there; a watch ends by itself within minutes. */
  #retire({ request, watch }: Pools): void {
    for (const dispatcher of [request, watch]) {
      this.#retired.add(dispatcher);
      const forget = (): boolean => this.#retired.delete(dispatcher);
      dispatcher.close().then(forget, forget);
    }
  }
}

function openPools(server: string, line: LineSettings): Pick<Pools, 'request' | 'watch'> {
  const open = (connections: number | null): Dispatcher => openPool(server, line, connections);
  return { request: open(REQUEST_CONNECTIONS), watch: open(null) };
}

function openPool(server: string, line: LineSettings, connections: number | null): Dispatcher {
  const { proxyUrl, isUnverified, ...trust } = line;
  const tls = { ...trust, rejectUnauthorized: isUnverified !== true, timeout: CONNECT_TIMEOUT_MS };
  const kept = { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS };
  // Deadlines are the caller's, who knows whether it is a request or a watch.
  const shared = { connections, pipelining: 1, allowH2: false, keepAliveTimeout: IDLE_MS, headersTimeout: 0, bodyTimeout: 0 };
  if (proxyUrl === undefined) return new Pool(new URL(server).origin, { ...shared, connect: { ...tls, ...kept } });
  if (/^https?:/.test(proxyUrl)) return new ProxyAgent({ ...shared, uri: proxyUrl, requestTls: tls, connect: kept });
  throw new KubeError(`the proxy ${new URL(proxyUrl).protocol}// of the kubeconfig is of no known kind; use http:// or https://`, {
    status: 0,
    reason: 'Unreachable',
  });
}
