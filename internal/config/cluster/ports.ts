// What this part asks of a Kubernetes API server; the client satisfies it by its shape. Requests that fail reject with an
// error whose `status` is that of the answer, or 0 when there was none.

/** Any object of any kind. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ClusterMeta;
  readonly [field: string]: unknown;
}

/** What every object says of itself, as far as it matters here. */
export interface ClusterMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

/** A kind as the API server serves it. */
export interface ClusterResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Names one object of a resource; `namespace` is left out for cluster-wide kinds. */
export interface ClusterKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `absent`: the API server does not serve the resource (yet); what was known of it stays until the next `replaced`. */
export type FollowState =
  | { readonly kind: 'synced' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'disconnected'; readonly error: Error };

/** Called one at a time and in order. */
export interface FollowListener {
  /** Everything there is now. */
  replaced(objects: readonly ClusterObject[]): void;
  upserted(object: ClusterObject): void;
  deleted(object: ClusterObject): void;
  state(state: FollowState): void;
}

/** What is followed, and who is told. */
export interface FollowRequest {
  readonly resource: ClusterResource;
  /** Absent = all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly metadataOnly?: boolean;
  /** Applied to objects that come without their `managedFields`; what it leaves out is never kept. */
  readonly trim?: (object: ClusterObject) => ClusterObject;
  readonly listener: FollowListener;
}

/** Reading; everything that is not written by anybody here. */
export interface ClusterReader {
  follow(request: FollowRequest): { stop(): void };
  /** undefined = there is no such object. */
  get(
    resource: ClusterResource,
    key: ClusterKey,
    options?: { readonly metadataOnly?: boolean; readonly signal?: AbortSignal },
  ): Promise<ClusterObject | undefined>;
  /** undefined = no such kind is served. */
  resourceFor(apiVersion: string, kind: string): Promise<ClusterResource | undefined>;
}

/** Merge patches. */
export interface ClusterWriter {
  patch(resource: ClusterResource, key: ClusterKey, patch: Readonly<Record<string, unknown>>): Promise<unknown>;
  patchStatus(resource: ClusterResource, key: ClusterKey, patch: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** `namespace/name`; the namespace of a cluster-wide object is empty. */
export function placeOf({ metadata }: Pick<ClusterObject, 'metadata'>): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** `Kind/namespace/name` */
export function nameOf(object: Pick<ClusterObject, 'kind' | 'metadata'>): string {
  return `${object.kind}/${placeOf(object)}`;
}

/** The HTTP status of a failed request; 0 when the API server could not be asked. */
export function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' ? error.status : 0;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
