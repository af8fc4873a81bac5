// Opens sockets: straight to the target, or through a proxy. Every address is judged by the egress guard at the moment it is
// connected to, after DNS, so a name cannot answer differently between the check and the use.
//
// undici's own ProxyAgent and Socks5ProxyAgent are not used: they open sockets that no guard sees, and the latter is experimental.
import type { LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { TransportError } from '../sdk/http.ts';
import type { Clock } from '../sdk/ports.ts';
import { addressForms } from './addresses.ts';
import type { Destination } from './egress.ts';
import { handshake } from './handshake.ts';
import { type Proxy, proxyAuthorization } from './proxy.ts';
import { connectSocks5 } from './socks5.ts';

export type Connector = buildConnector.connector;

/** Throws TransportError for a destination that is refused. */
export type Guard = (destination: Destination) => void;

export interface ConnectDependencies {
  readonly guard: Guard;
  readonly lookup: LookupFunction;
  /** null leaves trust to the runtime's own store. */
  readonly secureContext: SecureContext | null;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

/** The proxy's own refusal for want of credentials; it is an answer, not a broken connection. */
export class ProxyAuthenticationRequired extends Error {
  constructor() {
    super('the proxy asks for credentials');
    this.name = 'ProxyAuthenticationRequired';
  }
}

/** Connects to the target itself. */
export function connectDirectly(dependencies: ConnectDependencies, port: number): Connector {
  const connect = build(dependencies, guardedLookup(dependencies, port));
  return (options, callback) => {
    try {
      // A literal address is never looked up.
      if (addressForms(options.hostname) !== undefined) dependencies.guard({ name: options.hostname, address: options.hostname, port });
    } catch (error) {
      return callback(toError(error), null);
    }
    connect(options, callback);
  };
}

/** Connects to the proxy, over TLS where its address says so, and stops there: requests name their target themselves. */
export function connectToProxy(dependencies: ConnectDependencies, proxy: Proxy): Connector {
  const connect = connectDirectly(dependencies, proxy.port);
  return (_options, callback) => {
    connect({ protocol: proxy.protocol === 'https' ? 'https:' : 'http:', hostname: proxy.hostname, port: String(proxy.port) }, callback);
  };
}

/** Connects to the target through a tunnel that the proxy opens. */
export function connectThroughProxy(toProxy: Connector, toTarget: ConnectDependencies, proxy: Proxy, port: number): Connector {
  const startTls = build(toTarget, toTarget.lookup);
  const connect = async (options: buildConnector.Options): Promise<Socket> => {
    const socket = await connected(toProxy, options);
    try {
      await openTunnel(socket, proxy, options.hostname, port, toTarget);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return options.protocol === 'https:' ? connected(startTls, { ...options, httpSocket: socket }) : socket;
  };
  const withCallback = callbackify(connect);
  return (options, callback) => withCallback(options, (error, socket) => (error === null ? callback(null, socket) : callback(error, null)));
}

/** The socket that the connector opens. */
export function connected(connector: Connector, options: buildConnector.Options): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connector(options, (error, socket) => (error === null ? resolve(socket) : reject(error)));
  });
}

async function openTunnel(socket: Socket, proxy: Proxy, host: string, port: number, limits: ConnectDependencies): Promise<void> {
  const cancel = limits.clock.schedule(limits.connectTimeoutMs, () => {
    socket.destroy(new TransportError('timeout', 'the proxy did not open the connection in time'));
  });
  try {
    await handshake(socket, async (stream) => {
      if (proxy.protocol === 'socks5') return connectSocks5(stream, proxy, host, port);
      stream.write(connectRequest(proxy, host, port));
      checkConnectAnswer((await stream.readThrough('\r\n\r\n')).toString('latin1'));
    });
  } finally {
    cancel();
  }
}

function connectRequest(proxy: Proxy, host: string, port: number): string {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`;
}

function checkConnectAnswer(head: string): void {
  const status = Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(head)?.[1] ?? 0);
  if (status >= 200 && status < 300) return;
  if (status === 407) throw new ProxyAuthenticationRequired();
  throw new TransportError('network', status === 0 ? 'the proxy does not speak HTTP' : `the proxy answered CONNECT with ${status}`);
}

function build(dependencies: ConnectDependencies, lookup: LookupFunction): Connector {
  return buildConnector({
    allowH2: false,
    timeout: dependencies.connectTimeoutMs,
    lookup,
    ...(dependencies.secureContext === null ? {} : { secureContext: dependencies.secureContext }),
  });
}

/** Leaves only addresses that may be connected to; refuses when none is left. */
function guardedLookup({ guard, lookup }: ConnectDependencies, port: number): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const addresses: LookupAddress[] = typeof found === 'string' ? [{ address: found, family: found.includes(':') ? 6 : 4 }] : found;
      let refusal: Error | undefined;
      const allowed = addresses.filter(({ address }) => {
        try {
          guard({ name: hostname, address, port });
          return true;
        } catch (fault) {
          refusal = toError(fault);
          return false;
        }
      });
      const [first] = allowed;
      if (first === undefined) return callback(refusal ?? new TransportError('network', `no address for ${hostname}`), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
