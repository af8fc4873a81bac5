// What a dialect's rule compiles to, and what one Route says of one Event. Pure data.
import type { CompiledExpression } from '../expr/cel.ts';
import type { Pattern } from '../expr/pattern.ts';
import type { Metadata, ObjectReference } from '../event/event.ts';
import type { ProviderDefinition } from '../sdk/provider.ts';
import type { ObjectRef } from '../sdk/target.ts';

/** One place of a rule that names objects. */
export interface Selector {
  readonly kind: string;
  readonly namespace: string;
  /** An exact name, or `*`. */
  readonly name: string;
  readonly matchLabels: Readonly<Record<string, string>> | null;
}

/** One Alert = one Route. */
export interface Route {
  readonly ref: ObjectRef;
  readonly selectors: readonly Selector[];
  /** `error` lets only events of severity error pass; `info` lets every event pass. */
  readonly severity: string;
  readonly inclusions: readonly Pattern[];
  readonly exclusions: readonly Pattern[];
  readonly metadata: Metadata;
  readonly summary: string;
  readonly suspended: boolean;
  readonly targetKey: string;
  /** The whole object, for expressions that name it. */
  readonly object: ManifestObject;
  /** Changes when anything of the object changes. */
  readonly hash: string;
}

/** A named place to send to: one Provider = one Target. Secrets are not part of it; they are read at each attempt. */
export interface Target {
  readonly ref: ObjectRef;
  readonly key: string;
  readonly type: string;
  /** null for a type that this program does not know. */
  readonly definition: ProviderDefinition | null;
  readonly spec: ProviderSpec;
  readonly annotations: Readonly<Record<string, string>>;
  readonly suspended: boolean;
  readonly timeoutMs: number;
  /** The compiled `commitStatusExpr`; an `error` is what a person must mend. */
  readonly statusExpression: CompiledExpression | { readonly error: string } | null;
  /** The compiled annotation that says where commit statuses link to; an `error` is what a person must mend. */
  readonly targetUrlExpression?: CompiledExpression | { readonly error: string };
  readonly object: ManifestObject;
  readonly hash: string;
}

/** A Provider's spec with defaults filled in; an absent field is undefined. */
export interface ProviderSpec {
  readonly type: string;
  readonly address?: string;
  readonly channel?: string;
  readonly username?: string;
  readonly proxy?: string;
  readonly proxySecretRef?: string;
  readonly secretRef?: string;
  readonly certSecretRef?: string;
  readonly serviceAccountName?: string;
  readonly commitStatusExpr?: string;
}

/** A manifest as parsed. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** The named checks, in the order of the chain: the first that fails is the reason. */
export type DropReason =
  | 'suspended'
  | 'kind-or-namespace'
  | 'severity'
  | 'name'
  | 'labels'
  | 'inclusion'
  | 'exclusion'
  | 'cross-namespace'
  | 'provider-suspended'
  | 'commit-status-update'
  | 'no-commit'
  | 'no-change-request'
  /** An event of ours about the Provider that it would be sent through. */
  | 'own-failure'
  /** Nobody is left to decide for: the Alert is gone, or this verdict stood for Routes that have since spoken for themselves. */
  | 'nothing-to-send';

/** Why a verdict cannot be known yet. */
export type PendingReason = 'no-snapshot' | 'labels-unknown' | 'provider-missing' | 'too-much-work';

interface VerdictOf {
  readonly route: ObjectRef;
  readonly targetKey: string;
  /** In words, for people: what was compared with what. */
  readonly detail?: string;
}

/** What one Route said of one Event. */
export type Verdict =
  | (VerdictOf & { readonly kind: 'matched' })
  | (VerdictOf & { readonly kind: 'dropped'; readonly reason: DropReason })
  | (VerdictOf & { readonly kind: 'muted'; readonly reason: string })
  | (VerdictOf & { readonly kind: 'held'; readonly bucket: string })
  | (VerdictOf & { readonly kind: 'pending'; readonly reason: PendingReason });

/** Something that a Kubernetes Event on the Alert would say (flux.md 2.6). */
export interface Notice {
  readonly route: ObjectRef;
  readonly reason: 'NotificationDispatchFailed' | 'InvalidConfig' | 'SourceFetchFailed' | 'MetadataAppendFailed';
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject: ObjectReference;
}

/** The labels of objects: the cluster asks the API server, a folder the manifests that it holds. */
export interface LabelSource {
  /**
   * `labels`: known. `missing`: there is certainly no such object (or a folder holds no manifest of it).
   * `unknown`: ask again later; the verdict is pending. `detail` says why, in words.
   */
  lookup(
    object: ObjectReference,
  ):
    | { readonly state: 'labels'; readonly labels: Readonly<Record<string, string>> }
    | { readonly state: 'missing' | 'unknown'; readonly detail?: string };
}

/** One Route that the index found for a subject, with the selectors of it that name the subject's kind and namespace. */
export interface Candidate {
  readonly route: Route;
  readonly selectors: readonly Selector[];
}

/** One immutable, indexed view of all Routes and Targets; replaced as a whole, unchanged parts shared. */
export interface Snapshot {
  readonly revision: string;
  /** By toKey of their ref. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly targets: ReadonlyMap<string, Target>;
  /** The Routes that name the subject's kind and namespace and its name or `*`; never a scan of all Routes. */
  candidates(subject: Pick<ObjectReference, 'kind' | 'namespace' | 'name'>): readonly Candidate[];
}

/** What turns one Snapshot into the next. */
export interface SnapshotChanges {
  readonly upsertRoutes: readonly Route[];
  readonly removeRoutes: readonly string[];
  readonly upsertTargets: readonly Target[];
  readonly removeTargets: readonly string[];
}

/** Where the current Snapshot comes from: a folder or a cluster. */
export interface SnapshotSource {
  /** null until the first one is there. */
  current(): Snapshot | null;
  /** Called after each replacement with the keys of Targets whose object or Secrets changed; returns the unsubscriber. */
  subscribe(listener: (snapshot: Snapshot, changedTargets: readonly string[]) => void): () => void;
}
