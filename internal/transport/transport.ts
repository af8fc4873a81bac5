// The one way out of the process: pools kept per Target, proxies, TLS, deadline, size cap, redirects and the egress guard.
// It reads no environment and never touches undici's global dispatcher.
import { X509Certificate } from 'node:crypto';
import { lookup as systemLookup } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';
import { hostname as systemHostName, networkInterfaces } from 'node:os';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type HttpRequest, type HttpResponse, type Send, TransportError } from '../sdk/http.ts';
import type { Clock } from '../sdk/ports.ts';
import { ConfigFault } from '../sdk/provider.ts';
import type { Dial } from '../sdk/session.ts';
import type { Connection, SendOptions, Transport } from '../sdk/transport.ts';
import { type Destination, egressFault, type EgressPolicy, type Listener, type OwnSockets } from './egress.ts';
import { exchange, toTransportError, type WireRequest } from './exchange.ts';
import { toFetch } from './fetch.ts';
import { openLine, sessionAddress } from './line.ts';
import { Pools } from './pools.ts';
import { createProxyChooser, type ProxyEnvironment } from './proxy.ts';
import { type Address, parseAddress, sameHostRedirect, toWireHeaders } from './wire.ts';

export interface TransportOptions {
  readonly environment: ProxyEnvironment;
  /** PEM of the certificates that replace the runtime's trust store: the content of SSL_CERT_FILE. */
  readonly extraCa?: string;
  readonly egress: EgressPolicy;
  /** Where this process listens; no request ever goes there. */
  readonly ownListeners: () => readonly Listener[];
  readonly clock: Clock;
  readonly limits?: Partial<TransportLimits>;
  /** Sent where a request has none of its own. */
  readonly userAgent?: string;
  readonly lookup?: LookupFunction;
}

export interface TransportLimits {
  readonly maxResponseBytes: number;
  /** To the point where a request could be written: TCP, proxy and TLS each. */
  readonly connectTimeoutMs: number;
  /** An unused socket is closed after this time. */
  readonly idleSocketMs: number;
}

const DEFAULT_LIMITS: TransportLimits = { maxResponseBytes: 1024 * 1024, connectTimeoutMs: 10_000, idleSocketMs: 4000 };
const MAX_REDIRECTS = 3;
const MAX_PARSED_ADDRESSES = 4096;

/** Builds the stack; throws ConfigFault where the environment names a proxy or certificates that cannot be used. */
export function createTransport(options: TransportOptions): Transport {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const userAgent = options.userAgent ?? 'tocsin';
  const guard = (destination: Destination): void => refuse(destination, egressFault(destination, options.egress, ownSockets(options)));
  const pools = new Pools({
    guard,
    proxyGuard: (destination) => refuse(destination, egressFault(destination, ALLOW_ALL_BUT_OWN, ownSockets(options))),
    chooseProxy: createProxyChooser(options.environment),
    lookup: options.lookup ?? systemLookup,
    systemCa: options.extraCa,
    systemTrust: toSystemTrust(options.extraCa),
    connectTimeoutMs: limits.connectTimeoutMs,
    idleSocketMs: limits.idleSocketMs,
    clock: options.clock,
  });
  const addresses = createAddressCache();

  const toWire = (request: HttpRequest, connection: Connection): { wire: WireRequest; address: Address } => {
    const address = addresses(request.url);
    const way = pools.wayTo(address, connection);
    if (way.behindProxy) guard({ name: address.hostname, port: address.port });
    const headers = toWireHeaders(request.headers, address, userAgent);
    const { dispatcher, absoluteForm } = way;
    if (absoluteForm === undefined) return { address, wire: { dispatcher, origin: address.origin, path: address.path, headers } };
    headers.unshift('Host', address.host);
    if (absoluteForm.authorization !== undefined) headers.push('Proxy-Authorization', absoluteForm.authorization);
    const path = address.origin + address.path;
    return { address, wire: { dispatcher, origin: address.origin, path, headers, servername: absoluteForm.servername } };
  };

  const sendOnce = async (request: HttpRequest, { connection, signal, onExchange }: SendOptions): Promise<HttpResponse> => {
    try {
      const { wire } = toWire(request, connection);
      const response = await exchange(request, wire, signal, limits.maxResponseBytes);
      onExchange?.({ request, response });
      return response;
    } catch (error) {
      const failure = toFailure(error, request);
      onExchange?.({ request, error: failure });
      throw failure;
    }
  };

  const open = (sendOptions: SendOptions): Send => {
    return async (first) => {
      let request = first;
      let response = await sendOnce(request, sendOptions);
      for (let followed = 0; followed < MAX_REDIRECTS; followed++) {
        const url = sameHostRedirect(response.status, response.headers['location'], request.url, addresses(request.url));
        if (url === undefined) return response;
        request = { ...request, url };
        response = await sendOnce(request, sendOptions);
      }
      return response;
    };
  };

  const openDial = ({ connection, signal, onExchange }: SendOptions): Dial => {
    return async (endpoint) => {
      const request: HttpRequest = { method: 'CONNECT', url: sessionAddress(endpoint), headers: [] };
      try {
        const way = pools.sessionWay(endpoint.port, connection);
        if (way.behindProxy) guard({ name: endpoint.host, port: endpoint.port });
        const line = await openLine(way, endpoint, { signal, clock: options.clock, connectTimeoutMs: limits.connectTimeoutMs });
        onExchange?.({ request });
        return line;
      } catch (error) {
        const failure = toFailure(error, request);
        onExchange?.({ request, error: failure });
        throw failure;
      }
    };
  };

  return {
    open,
    openDial,
    openFetch: (sendOptions) =>
      toFetch((request, signal) => open(signal === null ? sendOptions : withSignal(sendOptions, signal))(request)),
    retain: (keep) => pools.retain(keep),
    close: () => pools.destroy(),
  };
}

function withSignal(options: SendOptions, signal: AbortSignal): SendOptions {
  return { ...options, signal: AbortSignal.any([options.signal, signal]) };
}

const ALLOW_ALL_BUT_OWN: EgressPolicy = {
  deny: { names: new Set(), suffixes: [], networks: new BlockList() },
  allow: { names: new Set(), suffixes: [''], networks: new BlockList() },
  denyLoopback: false,
};

function refuse({ name, port }: Destination, fault: string | undefined): void {
  if (fault !== undefined) throw new TransportError('egress', `requests to ${name}:${port} are refused: ${fault}`);
}

function ownSockets(options: TransportOptions): OwnSockets {
  return { listeners: options.ownListeners(), addresses: interfaceAddresses, hostName: systemHostName() };
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}

/** Parsed once for all Targets: a bundle of a whole system takes milliseconds and a megabyte. */
function toSystemTrust(pem: string | undefined): SecureContext | null {
  if (pem === undefined) return null;
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  // The runtime would pass over what it cannot read, and then trust nobody.
  if (!blocks.some(isCertificate)) throw new ConfigFault('the file of trusted certificates (SSL_CERT_FILE) holds no certificate');
  return createSecureContext({ ca: pem });
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    // Not a certificate is the answer.
    return false;
  }
}

/** Every delivery to a webhook has the same address: it is taken apart once. */
function createAddressCache(): (url: string) => Address {
  const known = new Map<string, Address>();
  return (url) => {
    const existing = known.get(url);
    if (existing !== undefined) return existing;
    const address = parseAddress(url);
    if (known.size >= MAX_PARSED_ADDRESSES) known.clear();
    known.set(url, address);
    return address;
  };
}

function toFailure(error: unknown, request: HttpRequest): TransportError {
  if (error instanceof TransportError) return error;
  if (error instanceof ConfigFault) return new TransportError('config', error.message, { cause: error });
  return toTransportError(error instanceof Error ? error : new Error(String(error)), request.method);
}
