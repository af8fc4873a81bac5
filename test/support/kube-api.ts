// The HTTP of a Kubernetes API server, as far as clients of it need: objects of any kind in memory, lists in pages, watches that
// resume, and by hand everything that goes wrong with them. For the real thing see the tests of test/cluster.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';

export interface StoredObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface KubeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface KubeReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly collection: string;
  readonly object: StoredObject;
}

interface Watch {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly response: ServerResponse;
}

interface Location {
  /** Path without namespace and name: what a list over all namespaces has. */
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const PATH = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

/** One server; `close` ends it. */
export class KubeApi {
  /** Oldest first. */
  readonly requests: KubeRequest[] = [];
  /** Looked at before anything else; undefined lets the request pass. */
  intercept: (request: KubeRequest) => KubeReply | 'reset' | 'silence' | undefined = () => undefined;
  /** Kinds that discovery tells of, by the root of their version. */
  readonly discoverable = new Map<string, readonly object[]>();
  readonly #objects = new Map<string, StoredObject>();
  #changes: Change[] = [];
  readonly #watches = new Set<Watch>();
  readonly #sockets = new Set<Socket>();
  #version = 100;
  /** Versions below this are not kept. */
  #oldest = 0;
  #opened = 0;
  readonly #server: ReturnType<typeof createHttpServer> | ReturnType<typeof createHttpsServer>;

  private constructor(tls?: TlsOptions) {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => void this.#onRequest(request, response);
    this.#server = tls === undefined ? createHttpServer(onRequest) : createHttpsServer(tls, onRequest);
    this.#server.keepAliveTimeout = 90_000;
    this.#server.on('connection', (socket: Socket) => {
      this.#opened++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
  }

  static async start(options: { readonly tls?: TlsOptions; readonly port?: number } = {}): Promise<KubeApi> {
    const api = new KubeApi(options.tls);
    await new Promise<void>((resolve) => api.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections were ever opened. */
  get connections(): number {
    return this.#opened;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** The version of the newest change. */
  get version(): string {
    return String(this.#version);
  }

  /** New certificates for connections from now on. */
  setTls(tls: TlsOptions): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls);
  }

  /** Creates or changes an object of `collection`, such as `/apis/example.com/v1/things`. */
  put(collection: string, object: StoredObject): StoredObject {
    const key = keyOf(collection, object.metadata.namespace, object.metadata.name);
    const isNew = !this.#objects.has(key);
    const stored = { ...object, metadata: { uid: `uid-of-${key}`, ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#objects.set(key, stored);
    this.#tell({ version: this.#version, type: isNew ? 'ADDED' : 'MODIFIED', collection, object: stored });
    return stored;
  }

  remove(collection: string, namespace: string | undefined, name: string): boolean {
    const key = keyOf(collection, namespace, name);
    const object = this.#objects.get(key);
    if (object === undefined) return false;
    this.#objects.delete(key);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#tell({ version: this.#version, type: 'DELETED', collection, object: last });
    return true;
  }

  objects(collection: string, namespace?: string): readonly StoredObject[] {
    return [...this.#objects]
      .filter(([key, { metadata }]) => key.startsWith(`${collection} `) && (namespace === undefined || metadata.namespace === namespace))
      .map(([, object]) => object);
  }

  /** Forgets the past: older versions and pages under way are gone. */
  compact(): void {
    this.#changes = [];
    this.#oldest = this.#version;
  }

  /** Moves the version on although nothing happened to what is watched. */
  bookmark(): void {
    this.#version++;
    for (const { response } of this.#watches) writeEvent(response, 'BOOKMARK', { metadata: { resourceVersion: String(this.#version) } });
  }

  /** Bytes as they are, into every watch. */
  writeToWatches(bytes: string | Buffer): void {
    for (const { response } of this.#watches) response.write(bytes);
  }

  /** Ends every watch as its time-out does. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
    this.#watches.clear();
  }

  /** Breaks every connection. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#watches.clear();
  }

  async close(): Promise<void> {
    this.resetConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const watch of this.#watches) {
      if (concerns(watch, change)) writeEvent(watch.response, change.type, change.object);
    }
  }

  async #onRequest(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://api');
    const text = Buffer.concat(chunks).toString();
    const { method = 'GET', headers } = incoming;
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const request = { method, path: url.pathname, query: url.searchParams, headers, body };
    this.requests.push(request);
    const reply = this.intercept(request) ?? this.#serve(request, response);
    if (reply === 'silence' || reply === undefined) return;
    if (reply === 'reset') {
      incoming.socket.resetAndDestroy();
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
  }

  #serve(request: KubeRequest, response: ServerResponse): KubeReply | undefined {
    const resources = this.discoverable.get(request.path);
    if (resources !== undefined) return { status: 200, body: { kind: 'APIResourceList', resources } };
    const location = locate(request.path);
    if (location === undefined) return refusal(404, 'NotFound', 'the server could not find the requested resource');
    if (location.name !== undefined) return this.#serveObject(request, location, location.name);
    if (request.method === 'POST') return this.#create(request.body as StoredObject, location);
    return request.query.get('watch') === 'true' ? this.#watch(request, location, response) : this.#list(request, location);
  }

  #serveObject({ method, body }: KubeRequest, { collection, namespace, subresource }: Location, name: string): KubeReply {
    const found = this.#objects.get(keyOf(collection, namespace, name));
    if (found === undefined) return refusal(404, 'NotFound', `${collection.split('/').at(-1)} "${name}" not found`);
    if (method === 'DELETE') return { status: 200, body: { status: this.remove(collection, namespace, name) ? 'Success' : 'Failure' } };
    if (method === 'GET') return { status: 200, body: found };
    const wanted = (body as Partial<StoredObject>).metadata?.['resourceVersion'];
    if (wanted !== undefined && wanted !== found.metadata['resourceVersion']) return refusal(409, 'Conflict', 'the object was modified');
    const next = method === 'PUT' ? (body as StoredObject) : (merge(found, body) as StoredObject);
    const isStatus = subresource === 'status';
    return {
      status: 200,
      body: this.put(collection, isStatus ? { ...found, status: next['status'] } : { ...next, metadata: { ...next.metadata } }),
    };
  }

  #create(object: StoredObject, { collection, namespace }: Location): KubeReply {
    const name = object.metadata.name;
    if (this.#objects.has(keyOf(collection, namespace, name))) return refusal(409, 'AlreadyExists', `"${name}" already exists`);
    return {
      status: 201,
      body: this.put(collection, { ...object, metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) } }),
    };
  }

  #list({ query }: KubeRequest, { collection, namespace }: Location): KubeReply {
    const [version = this.#version, start = 0] = (query.get('continue') ?? '').split(':').filter(Boolean).map(Number);
    if (version < this.#oldest) return refusal(410, 'Expired', 'the provided continue parameter is too old');
    const all = this.objects(collection, namespace);
    const end = start + Number(query.get('limit') ?? all.length);
    const rest = end < all.length ? { continue: `${version}:${end}`, remainingItemCount: all.length - end } : {};
    return { status: 200, body: { metadata: { resourceVersion: String(version), ...rest }, items: all.slice(start, end) } };
  }

  #watch({ query }: KubeRequest, { collection, namespace }: Location, response: ServerResponse): KubeReply | undefined {
    const from = Number(query.get('resourceVersion'));
    if (from < this.#oldest) return refusal(410, 'Expired', `too old resource version: ${from} (${this.#oldest})`);
    const watch = { collection, namespace, response };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const change of this.#changes) {
      if (change.version > from && concerns(watch, change)) writeEvent(response, change.type, change.object);
    }
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    return undefined;
  }
}

/** A Status object, as a refusal. */
export function refusal(status: number, reason: string, message: string, headers: Readonly<Record<string, string>> = {}): KubeReply {
  return { status, headers, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code: status } };
}

function keyOf(collection: string, namespace: string | undefined, name: string): string {
  return `${collection} ${namespace ?? ''} ${name}`;
}

function locate(path: string): Location | undefined {
  const [, root, namespace, plural, name, subresource] = PATH.exec(path) ?? [];
  return root === undefined ? undefined : { collection: `${root}/${plural}`, namespace, name, subresource };
}

function concerns({ collection, namespace }: Omit<Watch, 'response'>, change: Change): boolean {
  return collection === change.collection && (namespace === undefined || namespace === change.object.metadata.namespace);
}

function writeEvent(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = { ...(typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {}) } as Record<string, unknown>;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
