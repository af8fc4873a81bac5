// A cluster in memory behind the ports of internal/config/cluster: what is applied is reported at once, requests can be made to fail.
import type {
  ClusterKey,
  ClusterObject,
  ClusterReader,
  ClusterResource,
  ClusterWriter,
  FollowRequest,
} from '../../internal/config/cluster/ports.ts';

const GROUP = 'notification.toolkit.fluxcd.io';

/** The kinds that a cluster with Flux has, as far as tests ask for them. */
export const FLUX_RESOURCES: readonly ClusterResource[] = [
  { group: GROUP, version: 'v1beta3', plural: 'alerts', kind: 'Alert', namespaced: true },
  { group: GROUP, version: 'v1beta3', plural: 'providers', kind: 'Provider', namespaced: true },
  { group: GROUP, version: 'v1', plural: 'receivers', kind: 'Receiver', namespaced: true },
  { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', plural: 'kustomizations', kind: 'Kustomization', namespaced: true },
  { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true },
];

/** A failed request, as the client rejects. */
export class MemoryClusterError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** One request that was made. */
export interface MemoryRequest {
  readonly verb: 'get' | 'patch' | 'patchStatus';
  readonly what: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export class MemoryCluster implements ClusterReader, ClusterWriter {
  readonly requests: MemoryRequest[] = [];
  /** Set = every request fails so. */
  failure: MemoryClusterError | undefined;
  /** Set = every write fails so. */
  refusal: MemoryClusterError | undefined;
  /** True = no read of an object is answered. */
  isSilent = false;
  /** Kinds of objects that have no status. */
  readonly withoutStatus = new Set<string>();
  readonly #resources: ClusterResource[];
  readonly #objects = new Map<string, ClusterObject>();
  readonly #follows = new Set<FollowRequest>();
  #version = 0;

  constructor(resources: readonly ClusterResource[] = FLUX_RESOURCES) {
    this.#resources = [...resources];
  }

  install(resource: ClusterResource): void {
    this.#resources.push(resource);
  }

  /** The kind is not served any more; its objects are as they were. */
  uninstall(kind: string): void {
    const index = this.#resources.findIndex((resource) => resource.kind === kind);
    this.#resources.splice(index, 1);
    for (const follow of this.#follows) if (follow.resource.kind === kind) follow.listener.state({ kind: 'absent' });
  }

  /** Creates or replaces an object and reports it. */
  apply(object: ClusterObject, isReported = true): ClusterObject {
    this.#version += 1;
    const resource = this.#resourceOf(object);
    const key = keyOf(resource, object.metadata);
    const old = this.#objects.get(key);
    const metadata = { uid: old?.metadata.uid ?? `uid-${this.#version}`, ...object.metadata, resourceVersion: String(this.#version) };
    const stored = { ...object, metadata } as ClusterObject;
    this.#objects.set(key, stored);
    if (isReported) this.#report(resource, stored, ({ listener }, seen) => listener.upserted(seen));
    return stored;
  }

  remove(apiVersion: string, kind: string, key: ClusterKey, isReported = true): void {
    const resource = this.#resourceOf({ apiVersion, kind });
    const id = keyOf(resource, key);
    const object = this.#objects.get(id);
    if (object === undefined) return;
    this.#objects.delete(id);
    if (isReported) this.#report(resource, object, ({ listener }, seen) => listener.deleted(seen));
  }

  /** Ends what is followed of a kind with this state, or lists it anew. */
  disturb(kind: string, error: Error | null): void {
    for (const follow of this.#follows) {
      if (follow.resource.kind !== kind) continue;
      if (error === null) this.#list(follow);
      else follow.listener.state({ kind: 'disconnected', error });
    }
  }

  follow(request: FollowRequest): { stop(): void } {
    this.#follows.add(request);
    queueMicrotask(() => this.#list(request));
    return { stop: () => this.#follows.delete(request) };
  }

  followed(): readonly string[] {
    return [...this.#follows].map(({ resource }) => resource.kind).toSorted();
  }

  async get(
    resource: ClusterResource,
    key: ClusterKey,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ClusterObject | undefined> {
    this.#take({ verb: 'get', what: keyOf(resource, key) });
    if (this.isSilent) return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
    return this.#objects.get(keyOf(resource, key));
  }

  async resourceFor(apiVersion: string, kind: string): Promise<ClusterResource | undefined> {
    if (this.failure !== undefined) throw this.failure;
    return this.#resources.find((resource) => versionOf(resource) === apiVersion && resource.kind === kind);
  }

  async patch(resource: ClusterResource, key: ClusterKey, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#patch('patch', resource, key, body);
  }

  async patchStatus(resource: ClusterResource, key: ClusterKey, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.withoutStatus.has(resource.kind)) throw new MemoryClusterError(404, 'the server could not find the requested resource');
    return this.#patch('patchStatus', resource, key, body);
  }

  #patch(verb: 'patch' | 'patchStatus', resource: ClusterResource, key: ClusterKey, body: Readonly<Record<string, unknown>>): unknown {
    this.#take({ verb, what: keyOf(resource, key), body });
    const object = this.#objects.get(keyOf(resource, key));
    if (object === undefined) throw new MemoryClusterError(404, 'not found');
    const { metadata = {}, ...fields } = body as { metadata?: Partial<ClusterObject['metadata']> };
    if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw new MemoryClusterError(409, 'the object has been modified');
    }
    const patched = { ...object, ...fields, metadata: { ...object.metadata, ...metadata } } as ClusterObject;
    if (patched.metadata.deletionTimestamp === undefined || patched.metadata.finalizers?.length !== 0) return this.apply(patched);
    return this.remove(object.apiVersion, object.kind, key);
  }

  #take(request: MemoryRequest): void {
    this.requests.push(request);
    if (this.failure !== undefined) throw this.failure;
    if (this.refusal !== undefined && request.verb !== 'get') throw this.refusal;
  }

  #list(request: FollowRequest): void {
    if (!this.#follows.has(request)) return;
    if (!this.#resources.includes(request.resource)) return request.listener.state({ kind: 'absent' });
    const prefix = `${request.resource.plural}/`;
    const listed = [...this.#objects].filter(([key, object]) => key.startsWith(prefix) && isWanted(request, object));
    request.listener.replaced(listed.map(([, object]) => seenBy(request, object)));
    request.listener.state({ kind: 'synced' });
  }

  #report(resource: ClusterResource, object: ClusterObject, tell: (request: FollowRequest, seen: ClusterObject) => void): void {
    for (const follow of this.#follows) {
      if (follow.resource === resource && isWanted(follow, object)) tell(follow, seenBy(follow, object));
    }
  }

  #resourceOf({ apiVersion, kind }: Pick<ClusterObject, 'apiVersion' | 'kind'>): ClusterResource {
    const found = this.#resources.find((resource) => versionOf(resource) === apiVersion && resource.kind === kind);
    if (found === undefined) throw new MemoryClusterError(404, `no kind ${kind} in ${apiVersion}`);
    return found;
  }
}

function isWanted({ labelSelector, namespace }: FollowRequest, { metadata }: ClusterObject): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  const [key = '', value] = labelSelector?.split('=') ?? [];
  return labelSelector === undefined || metadata.labels?.[key] === value;
}

function seenBy({ trim }: FollowRequest, object: ClusterObject): ClusterObject {
  return trim === undefined ? object : trim(object);
}

function keyOf({ plural }: ClusterResource, { namespace = '', name }: ClusterKey): string {
  return `${plural}/${namespace}/${name}`;
}

function versionOf({ group, version }: ClusterResource): string {
  return group === '' ? version : `${group}/${version}`;
}
