// The Event: one thing that happened to an object, in an envelope every dialect fills the same way.
// Flux's event JSON is one projection of it; the native body is kept as it came.

/** The `origin` of events that this program tells of itself. */
export const OWN_ORIGIN = 'tocsin';

/** Free-form pairs an event carries; always a null-prototype record, so a key such as `__proto__` is only data. */
export type Metadata = Readonly<Record<string, string>>;

/** A Kubernetes object reference; an absent field is the empty string, as in Flux's event JSON. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly fieldPath: string;
}

/** Flux's event as its receivers see it (fluxcd/pkg apis/event v1beta1), after metadata clean-up. */
export interface FluxEvent {
  readonly involvedObject: ObjectReference;
  readonly severity: string;
  /** UTC RFC3339 with seconds precision, or null for the zero time. */
  readonly timestamp: string | null;
  readonly message: string;
  readonly reason: string;
  readonly metadata: Metadata;
  readonly reportingController: string;
  readonly reportingInstance: string;
}

/** One thing that happened to an object: the envelope that intake builds and the outbox keeps. */
export interface Event {
  /** UUIDv7, chosen at arrival; the value of the `Tocsin-Event` header. */
  readonly id: string;
  /** The family of inputs that it came from: `flux`, later `argo`, `kubesphere`, `runai`, `flyte`. */
  readonly dialect: string;
  /** Who may see it; empty where the dialect knows no tenants beyond namespaces. */
  readonly tenant: string;
  /** Name of the cluster it came from; empty when only one is served. */
  readonly cluster: string;
  /** How it arrived, such as `http` or `replay`. */
  readonly origin: string;
  readonly subject: ObjectReference;
  /** When it happened by its sender's clock, in milliseconds since the epoch; null when the sender did not say. */
  readonly occurredAtMs: number | null;
  /** What makes two events the same one, and for how long; null when the dialect never drops duplicates. */
  readonly dedup: DedupKey | null;
  /** The trace that its sender says it belongs to, in W3C's form. */
  readonly traceparent?: string;
  /** The native body, byte for byte as far as it is valid UTF-8. */
  readonly body: string;
  /** Flux's view of it. */
  readonly flux: FluxEvent;
}

export interface DedupKey {
  /** Hex SHA-256 of what identifies the event. */
  readonly key: string;
  /** Length of the fixed window in milliseconds, anchored at the key's first event. */
  readonly windowMs: number;
}

/** Rebuilds the Flux projection from a dialect's native body; throws only for a body that its intake would refuse. */
export type Project = (dialect: string, body: string) => FluxEvent;
