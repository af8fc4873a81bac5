// Raw connections for sessions: the same guard, proxies, certificates and time-outs as requests have, and nothing pooled.
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { TransportError } from '../sdk/http.ts';
import type { Clock } from '../sdk/ports.ts';
import type { Line, SessionEndpoint } from '../sdk/session.ts';
import { connected, type Connector } from './connect.ts';
import { deadline, toTransportError } from './exchange.ts';

/** How the sockets of one Target's sessions are opened. */
export interface SessionWay {
  readonly connect: Connector;
  /** null leaves trust to the runtime's own store. */
  readonly secureContext: SecureContext | null;
}

export interface LineLimits {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
}

/** Opens a connection that ends with the signal; rejects with TransportError. */
export async function openLine(way: SessionWay, endpoint: SessionEndpoint, limits: LineLimits): Promise<Line> {
  const where = sessionAddress(endpoint);
  const { signal } = limits;
  if (signal.aborted) throw deadline(where, signal);
  const socket = await open(way, endpoint, where);
  if (signal.aborted) {
    socket.destroy();
    throw deadline(where, signal);
  }
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  return { stream: socket, startTls: () => startTls(socket, way, endpoint, limits) };
}

/** The address as messages and the history show it. */
export function sessionAddress({ host, port }: SessionEndpoint): string {
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function open(way: SessionWay, { host, port }: SessionEndpoint, where: string): Promise<Socket> {
  try {
    const socket = await connected(way.connect, { protocol: 'http:', hostname: host, port: String(port) });
    return socket.setNoDelay(true);
  } catch (error) {
    throw toTransportError(error instanceof Error ? error : new Error(String(error)), where);
  }
}

function startTls(socket: Socket, way: SessionWay, endpoint: SessionEndpoint, { clock, connectTimeoutMs }: LineLimits): Promise<Duplex> {
  const where = sessionAddress(endpoint);
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      host: endpoint.host,
      // An address is no server name; it is compared with the certificate all the same.
      ...(isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}),
      ...(way.secureContext === null ? {} : { secureContext: way.secureContext }),
    });
    const settle = (error?: Error): void => {
      cancel();
      secure.off('error', settle).off('close', onClose).off('secureConnect', settle);
      if (error === undefined) return resolve(secure);
      // What it says after this has no listener that needs it.
      secure.on('error', ignore).destroy();
      reject(toTransportError(error, where));
    };
    const onClose = (): void => settle(new TransportError('network', 'the connection was closed during the TLS handshake'));
    const cancel = clock.schedule(connectTimeoutMs, () => settle(new TransportError('timeout', 'no TLS handshake in time')));
    secure.once('secureConnect', settle).once('error', settle).once('close', onClose);
  });
}

function ignore(): void {}
