// Which connections exist: per Target and setting a set of pools, one per origin, each with at most `concurrency` sockets.
// Nothing is shared between Targets, so a slow one holds up nobody else. Sets that nobody used for a while are closed.
import { createHash } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Dispatcher, Pool } from 'undici';
import { TransportError } from '../sdk/http.ts';
import type { Clock } from '../sdk/ports.ts';
import type { Connection } from '../sdk/transport.ts';
import { type ConnectDependencies, connectDirectly, connectThroughProxy, connectToProxy, type Connector, type Guard } from './connect.ts';
import type { SessionWay } from './line.ts';
import { type Endpoint, parseProxy, type Proxy, proxyAuthorization } from './proxy.ts';
import type { Address } from './wire.ts';

export interface PoolDependencies {
  readonly guard: Guard;
  /** For the environment's proxies, which whoever runs the process chose. */
  readonly proxyGuard: Guard;
  readonly chooseProxy: (endpoint: Endpoint) => Proxy | undefined;
  readonly lookup: LookupFunction;
  /** PEM that replaces the runtime's trust store. */
  readonly systemCa: string | undefined;
  /** The same, parsed; null leaves trust to the runtime. */
  readonly systemTrust: SecureContext | null;
  readonly connectTimeoutMs: number;
  readonly idleSocketMs: number;
  readonly clock: Clock;
}

/** How the requests to one origin travel. */
export interface Way {
  readonly dispatcher: Dispatcher;
  /** Behind a proxy the target's name is judged at each request, since nobody here resolves it. */
  readonly behindProxy: boolean;
  /** Set where the proxy itself is asked, with the whole address in the request line. */
  readonly absoluteForm: { readonly authorization: string | undefined; readonly servername: string } | undefined;
}

const UNUSED_MS = 10 * 60_000;
const SWEEP_EVERY_MS = 60_000;

interface PoolSet {
  readonly pool: string;
  readonly ways: Map<string, Way>;
  readonly own: Proxy | undefined;
  readonly connect: ConnectDependencies;
  readonly concurrency: number;
  usedAtMs: number;
}

/** All pools of the process. */
export class Pools {
  private readonly dependencies: PoolDependencies;
  private readonly sets = new Map<string, PoolSet>();
  /** The resolver hands out the same Connection as long as nothing changed, so its hash is rarely computed. */
  private readonly keys = new WeakMap<Connection, string>();
  private sweptAtMs: number;

  constructor(dependencies: PoolDependencies) {
    this.dependencies = dependencies;
    this.sweptAtMs = dependencies.clock.monotonicMs();
  }

  wayTo(address: Address, connection: Connection): Way {
    const set = this.setOf(connection);
    set.usedAtMs = this.dependencies.clock.monotonicMs();
    const existing = set.ways.get(address.origin);
    if (existing !== undefined) return existing;
    const way = this.openWay(address, set);
    set.ways.set(address.origin, way);
    return way;
  }

  /** For one session: only the Provider's own proxy may lie in between, those of the environment are for HTTP. */
  sessionWay(port: number, connection: Connection): SessionWay & Pick<Way, 'behindProxy'> {
    const set = this.setOf(connection);
    set.usedAtMs = this.dependencies.clock.monotonicMs();
    const { own, connect } = set;
    const { secureContext } = connect;
    if (own === undefined) return { connect: connectDirectly(connect, port), secureContext, behindProxy: false };
    return { connect: connectThroughProxy(connectToProxy(connect, own), connect, own, port), secureContext, behindProxy: true };
  }

  /** Closes the sets whose owner is not in `pools`; requests under way are finished. */
  async retain(pools: ReadonlySet<string>): Promise<void> {
    await this.closeWhere((set) => !pools.has(set.pool));
  }

  /** Ends everything, requests under way included. */
  async destroy(): Promise<void> {
    const dispatchers = [...this.sets.values()].flatMap(dispatchersOf);
    this.sets.clear();
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  private setOf(connection: Connection): PoolSet {
    const key = this.keyOf(connection);
    const existing = this.sets.get(key);
    if (existing !== undefined) return existing;
    this.sweep();
    const { pool, concurrency, proxyUrl } = connection;
    const created: PoolSet = {
      pool,
      concurrency,
      ways: new Map(),
      own: proxyUrl === undefined ? undefined : parseProxy(proxyUrl, 'proxy'),
      connect: { ...this.dependencies, secureContext: toSecureContext(connection.tls, this.dependencies) },
      usedAtMs: 0,
    };
    this.sets.set(key, created);
    return created;
  }

  private keyOf(connection: Connection): string {
    const known = this.keys.get(connection);
    if (known !== undefined) return known;
    const { proxyUrl, tls, concurrency } = connection;
    const settings = JSON.stringify([proxyUrl ?? null, tls?.ca ?? null, tls?.cert ?? null, tls?.key ?? null, concurrency]);
    const key = `${createHash('sha256').update(settings).digest('base64')} ${connection.pool}`;
    this.keys.set(connection, key);
    return key;
  }

  private openWay(address: Address, set: PoolSet): Way {
    const chosen = set.own ?? this.dependencies.chooseProxy(address);
    if (chosen === undefined) {
      return {
        dispatcher: this.newPool(address.origin, set, connectDirectly(set.connect, address.port)),
        behindProxy: false,
        absoluteForm: undefined,
      };
    }
    const toProxy = connectToProxy(set.own === undefined ? { ...set.connect, guard: this.dependencies.proxyGuard } : set.connect, chosen);
    if (chosen.protocol === 'socks5' || address.protocol === 'https:') {
      const connect = connectThroughProxy(toProxy, set.connect, chosen, address.port);
      return { dispatcher: this.newPool(address.origin, set, connect), behindProxy: true, absoluteForm: undefined };
    }
    const absoluteForm = { authorization: proxyAuthorization(chosen), servername: chosen.hostname };
    return { dispatcher: this.newPool(originOf(chosen), set, toProxy), behindProxy: true, absoluteForm };
  }

  private newPool(origin: string, set: PoolSet, connect: Connector): Pool {
    return new Pool(origin, {
      connect,
      connections: set.concurrency,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: this.dependencies.idleSocketMs,
      // What a server promises about idle connections is believed for a minute at most.
      keepAliveMaxTimeout: Math.max(this.dependencies.idleSocketMs, 60_000),
    });
  }

  /** Sockets close by themselves; this frees what is kept about Targets that have been silent. */
  private sweep(): void {
    const nowMs = this.dependencies.clock.monotonicMs();
    if (nowMs - this.sweptAtMs < SWEEP_EVERY_MS) return;
    this.sweptAtMs = nowMs;
    // Closing waits for requests under way, which is nobody's concern here; it does not fail.
    void this.closeWhere((set) => nowMs - set.usedAtMs > UNUSED_MS);
  }

  private async closeWhere(isUnwanted: (set: PoolSet) => boolean): Promise<void> {
    const unwanted = [...this.sets].filter(([, set]) => isUnwanted(set));
    for (const [key] of unwanted) this.sets.delete(key);
    await Promise.all(unwanted.flatMap(([, set]) => dispatchersOf(set)).map((dispatcher) => dispatcher.close()));
  }
}

function dispatchersOf(set: PoolSet): Dispatcher[] {
  return [...set.ways.values()].map((way) => way.dispatcher);
}

function originOf(proxy: Proxy): string {
  const host = proxy.hostname.includes(':') ? `[${proxy.hostname}]` : proxy.hostname;
  return `${proxy.protocol === 'https' ? 'https' : 'http'}://${host}:${proxy.port}`;
}

function toSecureContext(tls: Connection['tls'], { systemCa, systemTrust }: PoolDependencies): SecureContext | null {
  if (tls?.ca === undefined && tls?.cert === undefined) return systemTrust;
  const ca = tls.ca ?? systemCa;
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
    });
  } catch (error) {
    throw new TransportError('config', 'the TLS certificates or the key cannot be used', { cause: error });
  }
}
