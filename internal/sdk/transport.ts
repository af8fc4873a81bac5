// The one outbound HTTP stack, as the parts that send see it.
import type { HttpRequest, HttpResponse, Send } from './http.ts';
import type { Dial } from './session.ts';

/** How the requests of one Target travel; equal settings of one Target share a pool. */
export interface Connection {
  /** Names the pool's owner: the Target's key. */
  readonly pool: string;
  /** The Provider's own proxy with any credentials in it; the environment's proxies apply when absent. */
  readonly proxyUrl?: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly concurrency: number;
}

/** What a request and its answer looked like; the observer redacts and records. */
export interface Observed {
  readonly request: HttpRequest;
  readonly response?: HttpResponse;
  readonly error?: Error;
}

export interface SendOptions {
  readonly connection: Connection;
  /** Deadline of the whole attempt. */
  readonly signal: AbortSignal;
  readonly onExchange?: (observed: Observed) => void;
}

export interface Transport {
  /** A `Send` bound to one attempt: follows 307 and 308 to the same host, caps the answer, guards egress. */
  open(options: SendOptions): Send;
  /** The same in the shape of `fetch`, for vendors' own clients. */
  openFetch(options: SendOptions): typeof globalThis.fetch;
  /** Connections for protocols that are not HTTP, under the same guard and through the Provider's own proxy. */
  openDial(options: SendOptions): Dial;
  /** Closes the pools of Targets that are not in the set. */
  retain(pools: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** Takes secrets out of text; everything that leaves the process as text goes through it. */
export interface Redactor {
  /** Registers a secret value: it and its base64, URL-encoded and JSON-escaped forms are scrubbed from now on. */
  add(secret: string): void;
  redact(text: string): string;
}
