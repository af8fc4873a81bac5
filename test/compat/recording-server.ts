// One port that speaks HTTP and HTTPS and works as an HTTP proxy: absolute-form requests, and CONNECT whose TLS it
// terminates with a certificate for the requested name. What arrives goes to the Recorder that the caller finds for it.
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { CertificateAuthority } from '../support/certificates.ts';
import type { Answer, Recorded, Recorder } from './recorder.ts';

/** Chooses who records a request. */
export type FindRecorder = (target: { readonly host: string; readonly path: string; readonly method: string }) => Recorder | undefined;

export interface RecordingServerOptions {
  readonly authority: CertificateAuthority;
  readonly find: FindRecorder;
  /** An environment proxy leaves no trace in the recordings. */
  readonly recordProxy: boolean;
}

/** How a connection reached us, kept beside its socket. */
interface Origin {
  readonly scheme: 'http' | 'https';
  /** The host and port of a CONNECT. */
  readonly tunnel?: { readonly authority: string; readonly authorization?: string };
  readonly clientCertificate?: string;
}

const TLS_HANDSHAKE = 0x16;

export class RecordingServer {
  readonly #options: RecordingServerOptions;
  readonly #http: HttpServer;
  readonly #net: NetServer;
  readonly #origins = new WeakMap<Duplex, Origin>();
  readonly #contexts = new Map<string, SecureContext>();
  readonly #sockets = new Set<Socket>();

  constructor(options: RecordingServerOptions) {
    this.#options = options;
    this.#http = createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => void this.#onRequest(request, response));
    this.#http.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#onConnect(request, socket, head));
    this.#net = createNetServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      this.#sniff(socket, { scheme: 'http' });
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#net.once('error', reject);
      this.#net.listen(port, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    const address = this.#net.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#net.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The first byte tells TLS from HTTP. */
  #sniff(socket: Duplex, origin: Origin): void {
    socket.on('error', ignoreBrokenConnection);
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE) this.#secure(socket as Socket, origin);
      else this.#serve(socket, origin);
    });
  }

  #serve(socket: Duplex, origin: Origin): void {
    this.#origins.set(socket, origin);
    this.#http.emit('connection', socket);
    socket.resume();
  }

  #secure(socket: Socket, origin: Origin): void {
    const fallback = origin.tunnel === undefined ? '127.0.0.1' : hostOf(origin.tunnel.authority);
    const secure = new TLSSocket(socket, {
      isServer: true,
      requestCert: true,
      rejectUnauthorized: false,
      ca: this.#options.authority.cert,
      secureContext: this.#context(fallback),
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, done) => done(null, this.#context(name)),
    });
    secure.on('error', ignoreBrokenConnection);
    secure.once('secure', () => {
      const subject = secure.getPeerCertificate().subject as { readonly CN?: string } | undefined;
      const clientCertificate = subject?.CN;
      this.#serve(secure, { ...origin, scheme: 'https', ...(clientCertificate === undefined ? {} : { clientCertificate }) });
    });
  }

  #context(name: string): SecureContext {
    const known = this.#contexts.get(name);
    if (known !== undefined) return known;
    const identity = this.#options.authority.issueServer([name, '127.0.0.1']);
    const context = createSecureContext({ ...identity, ca: this.#options.authority.cert });
    this.#contexts.set(name, context);
    return context;
  }

  #onConnect(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const authorization = request.headers['proxy-authorization'];
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    this.#sniff(socket, {
      scheme: 'http',
      tunnel: { authority: request.url ?? '', ...(authorization === undefined ? {} : { authorization }) },
    });
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The sender broke off in the middle of the body: nothing complete arrived.
      return;
    }
    const observed = this.#toObserved(request, Buffer.concat(chunks));
    const recorder = this.#options.find(observed);
    if (recorder === undefined) {
      response.writeHead(502).end();
      return;
    }
    const { recorded, answer } = recorder.onRequest(observed);
    // A sender that leaves before the answer sees its own time-out.
    response.once('close', () => {
      if (recorded.answered === 'pending') recorded.answered = 'aborted';
    });
    if (answer.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, answer.delayMs).unref());
    respond({ recorded, answer, response, method: observed.method });
  }

  #toObserved(request: IncomingMessage, body: Buffer): Omit<Recorded, 'answered'> {
    const origin = this.#origins.get(request.socket) ?? { scheme: 'http' };
    const url = request.url ?? '/';
    const absolute = /^(https?):\/\/([^/?]*)(.*)$/s.exec(url);
    const target = absolute === null ? url : absolute[3] || '/';
    const [path, query] = splitOnce(target, '?');
    const proxy = this.#proxyOf(request, origin, absolute !== null);
    return {
      method: request.method ?? '',
      scheme: absolute?.[1] ?? origin.scheme,
      host: absolute?.[2] ?? request.headers.host ?? '',
      path,
      query,
      headers: pairs(request.rawHeaders),
      body,
      atMs: Date.now(),
      ...(proxy === undefined ? {} : { proxy }),
      ...(origin.clientCertificate === undefined ? {} : { clientCertificate: origin.clientCertificate }),
    };
  }

  #proxyOf(request: IncomingMessage, origin: Origin, isAbsolute: boolean): Recorded['proxy'] {
    if (!this.#options.recordProxy) return undefined;
    if (origin.tunnel !== undefined) {
      const { authorization } = origin.tunnel;
      return { form: 'CONNECT', ...(authorization === undefined ? {} : { authorization }) };
    }
    if (!isAbsolute) return undefined;
    const authorization = request.headers['proxy-authorization'];
    return { form: 'absolute-form', ...(authorization === undefined ? {} : { authorization }) };
  }
}

interface Response {
  readonly recorded: Recorded;
  readonly answer: Answer;
  readonly response: ServerResponse;
  readonly method: string;
}

function respond({ recorded, answer, response, method }: Response): void {
  if (recorded.answered === 'aborted') return;
  if (answer.close) {
    recorded.answered = 'closed';
    response.destroy();
    return;
  }
  recorded.answered = answer.status;
  const isBodiless = answer.status === 204 || answer.status === 304 || method === 'HEAD';
  const length = isBodiless ? {} : { 'Content-Length': String(Buffer.byteLength(answer.body)) };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  response.end(isBodiless ? undefined : answer.body);
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) found.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return found;
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

function ignoreBrokenConnection(): void {
  // A sender may break off at any time; what arrived before that was recorded.
}
