// The provider contract: a provider is one value made by defineProvider, plain data plus two or three small functions.
import type { z } from 'zod';
import type { FluxEvent } from '../event/event.ts';
import type { HttpRequest, HttpResponse, Send } from './http.ts';
import type { CloudScope } from './identity.ts';
import type { Fact, Outcome } from './outcome.ts';
import type { Clock, Logger } from './ports.ts';
import type { Dial } from './session.ts';
import type { TallyWord } from './tally.ts';

export type Accepts = 'event' | 'commit-status' | 'change-request';
export type Category = 'chat' | 'incident' | 'observability' | 'git' | 'queue' | 'webhook';

/** Facts that the core needs, so that it never asks for a type by name. */
export interface Capabilities {
  readonly accepts: readonly Accepts[];
  /** Takes events that only update a commit status; otherwise they are dropped before they are stored as a delivery. */
  readonly commitStatusUpdates?: boolean;
  /** `key`: the request carries an idempotency key; `natural`: repeating is harmless; `none`: a repeat is visible. */
  readonly idempotency: 'key' | 'natural' | 'none';
  /** `latest`: of a backlog older than 15 minutes only the newest of a lane is sent; `all`: every one. */
  readonly backlog: 'all' | 'latest';
  /** Reads TLS keys from `secretRef` when there is no `certSecretRef` (Flux does so for commit-status types only). */
  readonly tlsFromSecret?: boolean;
  /** The Secret's `password` is the token when there is no `token`. */
  readonly passwordAsToken?: boolean;
  /** Variables of the process that `render` and `send` are told of; Flux honours them, so nobody has to write them anew. */
  readonly environment?: readonly string[];
  /** Budgets of the vendor, each documented at its source. */
  readonly limits?: {
    readonly titleChars?: number;
    readonly bodyChars?: number;
    readonly bodyBytes?: number;
    readonly ratePerSecond?: number;
  };
  /** `session`: it speaks through `dial` and not by HTTP requests; `http` when absent. */
  readonly transport?: 'http' | 'session';
  /** Concurrent requests to one Target; DEFAULT_CONCURRENCY when absent. */
  readonly concurrency?: number;
}

/** Requests to one Target at a time where its provider says nothing else. */
export const DEFAULT_CONCURRENCY = 8;

/** The Provider object's own identity. */
export interface TargetIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What a Provider manifest and its Secrets resolve to at an attempt (flux.md 3.1 to 3.4). */
export interface ResolvedConfig {
  readonly address: string;
  readonly channel: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  /** The token as it stands in the Secret, where that is no text, as a random key may be. */
  readonly tokenBytes?: Uint8Array;
  /** `spec.serviceAccountName`; absent when there is none. */
  readonly serviceAccountName?: string;
  /** The Secret's `headers`, in order of name; empty when there are none. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every other key of the Secret, as text, for keys that a definition declares (githubAppID, creds, nkey, ...). */
  readonly secret: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** A CA or a client certificate is configured, which has no meaning over plain HTTP. */
  readonly hasTls?: boolean;
}

/** What is to be said: an enriched event, and what surrounds it. */
export interface RenderInput {
  readonly config: ResolvedConfig;
  readonly target: TargetIdentity;
  readonly alert: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** The event with combined metadata (flux.md 2.8). */
  readonly event: FluxEvent;
  readonly occurredAtMs: number | null;
  /** Only for providers that accept `commit-status`: the context of the status. */
  readonly statusId?: string;
  /** The page that the status links to; absent where the Provider asks for none. */
  readonly targetUrl?: string;
  /** What is counted with the delivery's lane; absent for most deliveries. */
  readonly tally?: Tally;
  /** Stable over repeats of this delivery. */
  readonly deliveryId: string;
  /** How many older messages of the same lane this one stands for; 0 normally. */
  readonly precededBy: number;
  /** The trace that the event belongs to, as a `traceparent` header has it. */
  readonly traceparent?: string;
  /** What the process was given of the variables that types declare. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** What a memory lookup says: `unknown` after an ambiguous try, absent when nothing was ever remembered. */
export type Recollection = { readonly known: true; readonly value: string; readonly ageMs: number } | { readonly known: false };

/** What `send` may use; it never builds a client, sleeps, retries or reads the environment. */
export interface SendContext {
  readonly http: Send;
  /** The same stack in the shape of `fetch`, for vendors' own clients. */
  readonly fetch: typeof globalThis.fetch;
  /** Connections for session protocols; they are closed when `send` returns. */
  readonly dial: Dial;
  /** A value that is expensive to get, cached per key until it expires; what it returns is registered for redaction. */
  token(key: string, acquire: () => Promise<{ readonly value: string; readonly expiresAtMs: number }>): Promise<string>;
  /**
   * Work that deliveries with one credential have in common, such as reading a list; one key stands for one kind of work.
   * Who asks while it is under way, or within seconds after it succeeded, gets the same answer.
   */
  shared<Value>(key: string, work: () => Promise<Value>): Promise<Value>;
  /** A token by workload identity, of the Provider's service account or of Tocsin itself; cached like any other. */
  identity(scope: CloudScope): Promise<string>;
  /** What the process was given of the variables that types declare. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly memory: { get(scope: string, key: string): Promise<Recollection | undefined> };
  /** Facts that are remembered even if the delivery then fails, so that the next try need not find them out again. */
  learn(facts: readonly Fact[]): void;
  /** The lane of this delivery; the scope under which its facts are remembered. */
  readonly lane: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface ProviderExample {
  readonly title: string;
  /** A Provider's `spec`. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Keys of the Secret with placeholder values. */
  readonly secret?: Readonly<Record<string, string>>;
  readonly event: FluxEvent;
}

interface ProviderIdentity {
  /** Lower-case id; public API, never renamed. */
  readonly type: string;
  readonly title: string;
  readonly category: Category;
  /** One sentence with a full stop. */
  readonly summary: string;
  /** The vendor's API documentation. */
  readonly link: string;
  readonly since: string;
  readonly stability: 'stable' | 'beta' | 'deprecated';
}

/** What a delivery about a revision knows besides its own event. */
export interface Tally {
  readonly revision: string;
  /** The newer revision in favour of which this one is closed. */
  readonly closedBy?: string;
  /** What every member said last; only for a delivery that speaks for all of them. */
  readonly words?: readonly TallyWord[];
}

export interface LaneInput {
  readonly target: TargetIdentity;
  /** `spec.address` as written; empty when only a Secret holds it. */
  readonly address: string;
  readonly channel: string;
  /** Of the Provider. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly event: FluxEvent;
  readonly statusId?: string;
  /** The status speaks for all objects of the commit. */
  readonly isWholeCommit?: boolean;
}

export interface ProviderDefinition extends ProviderIdentity {
  /** The shared spec fields that it uses, each described by a user-facing sentence. */
  readonly config: z.ZodObject;
  /** The Secret keys that it reads; naming a key makes it sensitive everywhere. */
  readonly secret: z.ZodObject;
  readonly capabilities: Capabilities;
  /** Pure: the requests to make, in order. Throws ConfigFault for configuration that cannot work. */
  readonly render?: (input: RenderInput) => readonly HttpRequest[];
  /** Pure; only for vendors whose answers need reading. undefined = the default reading of the status. */
  readonly interpret?: (response: HttpResponse, request: HttpRequest) => Outcome | undefined;
  /** Instead of render: sessions, and read-then-write. */
  readonly send?: (context: SendContext, input: RenderInput) => Promise<Outcome>;
  /**
   * For previews of `send`, where nobody answers: the JSON that the vendor would give to a question that comes before the
   * message. undefined = an empty list will do.
   */
  readonly previewAnswer?: (request: HttpRequest) => unknown;
  /**
   * Tries the credentials without posting anything: `delivered` says that they work, its note what they are good for.
   * undefined = this configuration cannot be tried without posting. Absent where the vendor offers nothing to ask.
   */
  readonly check?: (context: SendContext, config: ResolvedConfig) => Promise<Outcome | undefined>;
  /** The parts of a lane in which newer deliveries supersede older ones; undefined = the ordinary message lane. */
  readonly lane?: (input: LaneInput) => readonly string[] | undefined;
  readonly examples: readonly ProviderExample[];
}

/** Configuration that cannot work until somebody changes it; the message is shown to people and holds no secret. */
export class ConfigFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigFault';
  }
}

/** Facts of a type that the core may ask for without importing providers. */
export interface ProviderCatalog {
  get(type: string): ProviderDefinition | undefined;
  readonly types: readonly string[];
}

export type { Fact };
