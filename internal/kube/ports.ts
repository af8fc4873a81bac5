// What the rest of Tocsin sees of a Kubernetes API server: objects, kinds, requests and reflections. No implementation here.

/** Any object of any kind, as the API server sent it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** What every object says of itself, as far as it matters here. */
export interface ObjectMeta {
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
  readonly managedFields?: readonly unknown[];
}

/** A kind as the API server serves it; `group` is empty for the core group. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Names one object of a resource; `namespace` is left out for cluster-wide kinds. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What narrows a list or a reflection. */
export interface Selection {
  /** Absent = all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Only `metadata` of each object travels. */
  readonly metadataOnly?: boolean;
}

/** What is followed, and who is told. */
export interface FollowOptions extends Selection {
  readonly resource: Resource;
  /** Applied to every object as it arrives, without its `managedFields`; what it leaves out is never kept. */
  readonly trim?: (object: KubeObject) => KubeObject;
  readonly listener: ReflectionListener;
}

/** Called one at a time and in order; must not throw. */
export interface ReflectionListener {
  /** Everything there is now: whatever is not in `objects` is gone. */
  replaced(objects: readonly KubeObject[], resourceVersion: string): void;
  upserted(object: KubeObject): void;
  /** The last known form of an object that is gone. */
  deleted(object: KubeObject): void;
  /** Called when it changes or has another cause, `synced` for the first time after the first `replaced`. */
  state(state: ReflectionState): void;
}

/** `absent`: the API server does not know the resource (yet); what was known of it stays until the next `replaced`. */
export type ReflectionState =
  | { readonly kind: 'synced' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'disconnected'; readonly error: Error };

/** A list that is kept up to date until it is stopped; nothing is delivered after `stop`. */
export interface Reflection {
  stop(): void;
}

/** All objects of a selection, as of one version. */
export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** An object as it is written: everything but what the server fills in. */
export type ObjectDraft = Omit<KubeObject, 'metadata'> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Partial<ObjectMeta>;
};

/** A JSON merge patch (RFC 7386): null removes a field. A `metadata.resourceVersion` in it makes it fail with a conflict. */
export type MergePatch = Readonly<Record<string, unknown>>;

/** How a server-side apply settles with other managers of the object. */
export interface ApplyOptions extends RequestOptions {
  readonly fieldManager: string;
  /** Takes over fields of other managers. */
  readonly force?: boolean;
  readonly subresource?: 'status';
}

export interface SubmitOptions extends RequestOptions {
  /** The object that it is about, and which of its subresources takes it. */
  readonly of?: ObjectKey & { readonly subresource: string };
}

/** Requests to one API server. All of them reject with KubeError, or with the reason of an aborted signal. */
export interface KubeClient {
  follow(options: FollowOptions): Reflection;
  /** undefined = there is no such object, or no such resource. */
  get(resource: Resource, key: ObjectKey, options?: RequestOptions & { readonly metadataOnly?: boolean }): Promise<KubeObject | undefined>;
  /** All pages, as of one resource version. */
  list(resource: Resource, selection?: Selection, options?: RequestOptions): Promise<KubeList>;
  create(resource: Resource, object: ObjectDraft, options?: RequestOptions): Promise<KubeObject>;
  /** Writes the whole object; its `metadata.resourceVersion` makes it fail with a conflict if somebody else was faster. */
  replace(resource: Resource, object: KubeObject, options?: RequestOptions): Promise<KubeObject>;
  patch(resource: Resource, key: ObjectKey, patch: MergePatch, options?: RequestOptions): Promise<KubeObject>;
  /** Patches by the subresource, which takes only what is below `status`. */
  patchStatus(resource: Resource, key: ObjectKey, patch: MergePatch, options?: RequestOptions): Promise<KubeObject>;
  /** Server-side apply. */
  apply(resource: Resource, object: ObjectDraft, options: ApplyOptions): Promise<KubeObject>;
  /** false = it was gone already. */
  delete(resource: Resource, key: ObjectKey, options?: RequestOptions): Promise<boolean>;
  /** Posts what is answered and never stored: reviews, requests for a token. */
  submit(
    resource: Resource,
    document: Readonly<Record<string, unknown>>,
    options?: SubmitOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** undefined = the API server serves no such kind (yet). */
  resourceFor(apiVersion: string, kind: string): Promise<Resource | undefined>;
  /** Closes all connections; reflections end. */
  close(): Promise<void>;
}
