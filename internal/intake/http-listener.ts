// An HTTP/1.1 listener with the notification-controller's limits, a clear error when its address cannot be used, and a
// stop that lets open requests finish.
import { type IncomingMessage, type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../sdk/ports.ts';

/** Where to listen; an empty host means all addresses, port 0 any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A running server. */
export interface HttpListener {
  readonly port: number;
  /** Accepts nothing new, lets open requests finish, and cuts what is left after the grace period. */
  close(graceMs: number): Promise<void>;
}

/** The address cannot be used; the message says why and which flag set it. */
export class ListenError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ListenError';
    this.code = code;
  }
}

const MAX_HEADER_BYTES = 256 * 1024;
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;
const IDLE_MS = 30_000;
/** How often the two deadlines above are looked at. */
const DEADLINE_CHECK_MS = 1_000;
/** Connections that wait to be taken; one that finds no room here tries again after a second, then after three. */
const BACKLOG = 4_096;
/** Requests that are on their way when the last open one ends still arrive within this time. */
const SETTLE_MS = 100;

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use by another process',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'the port needs privileges that this process does not have',
  ENOTFOUND: 'the host name cannot be resolved',
};

/** Starts a server for an Express application. */
export async function createHttpListener(options: {
  readonly app: RequestListener;
  readonly address: ListenAddress;
  /** The flag that set the address. */
  readonly flag: string;
  readonly clock: Clock;
  /** True when a request that asks before it sends its body need not send it. */
  readonly refusesBody: (request: IncomingMessage) => boolean;
  /** Called for each new connection. */
  readonly onConnection?: () => void;
}): Promise<HttpListener> {
  const { app, clock } = options;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_WITHIN_MS,
      requestTimeout: REQUEST_WITHIN_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: DEADLINE_CHECK_MS,
    },
    app,
  );
  server.maxHeadersCount = 0;
  if (options.onConnection !== undefined) server.on('connection', options.onConnection);
  server.on('checkContinue', (request, response) => {
    if (!options.refusesBody(request)) response.writeContinue();
    app(request, response);
  });
  server.on('connect', (_request, socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  const drain = new Drain(server, clock);
  await listen(server, options.address, options.flag);
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => drain.close(graceMs) };
}

function listen(server: Server, address: ListenAddress, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'unknown';
      const place = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
      reject(new ListenError(code, `cannot listen on ${place} (${flag}): ${LISTEN_FAULTS[code] ?? code}`, { cause: error }));
    });
    server.listen({ port: address.port, backlog: BACKLOG, ...(address.host !== '' && { host: address.host }) }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** Counts open requests, so that a stop knows when the last one is answered. */
class Drain {
  readonly #server: Server;
  readonly #clock: Clock;
  #openRequests = 0;
  #isDraining = false;

  constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    const onRequest: RequestListener = (_request, response) => {
      this.#openRequests += 1;
      if (this.#isDraining) response.shouldKeepAlive = false;
      response.once('close', () => this.#onClosed());
    };
    server.prependListener('request', onRequest).prependListener('checkContinue', onRequest);
  }

  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#isDraining = true;
      const cancel = this.#clock.schedule(graceMs, () => this.#server.closeAllConnections());
      this.#server.close(() => {
        cancel();
        resolve();
      });
      this.#settle();
    });
  }

  #onClosed(): void {
    this.#openRequests -= 1;
    if (this.#isDraining) this.#settle();
  }

  /** Connections that never sent a request do not count as idle, and would hold up the stop. */
  #settle(): void {
    this.#server.closeIdleConnections();
    if (this.#openRequests > 0) return;
    this.#clock.schedule(SETTLE_MS, () => {
      if (this.#openRequests === 0) this.#server.closeAllConnections();
    });
  }
}
