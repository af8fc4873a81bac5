// Sends requests to the API server: credentials, deadlines, and what an answer means. Repeats only what the server asks to be
// repeated and what certainly had no effect; everything else is the caller's to decide.
import type { Readable } from 'node:stream';
import type { Clock } from '../sdk/ports.ts';
import type { ClusterAccess } from './access.ts';
import type { Connections } from './connections.ts';
import { type Attempted, KubeError, toKubeError } from './kube-error.ts';
import type { Pace } from './pace.ts';
import { pause, unlessAborted, withDeadline } from './waiting.ts';

/** What a request does, apart from its content. */
export interface Call extends Attempted {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
}

/** The content of a request. */
export interface CallDetails {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly accept?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What is counted about requests. */
export interface KubeObserver {
  /** `code` is the status, or `<error>` when there was no answer. */
  answered(request: { readonly method: string; readonly code: string; readonly host: string }): void;
  /** A watch came to its end: as agreed, because its version was no longer kept, or with an error. */
  watchEnded(watch: { readonly plural: string; readonly cause: 'finished' | 'gone' | 'error' }): void;
}

export interface ApiOptions {
  readonly access: ClusterAccess;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer?: KubeObserver | undefined;
  /** Absent = requests are sent as they come. */
  readonly pace?: Pace | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

const TIMEOUT_MS = 30_000;
const BUSY_TRIES = 4;
const LONGEST_BUSY_WAIT_MS = 10_000;
const ERROR_BYTES = 64 * 1024;

/** One API server. */
export class Api {
  readonly #options: ApiOptions;
  readonly #prefix: string;
  readonly #host: string;

  constructor(options: ApiOptions) {
    this.#options = options;
    const { host, pathname } = new URL(options.access.server);
    this.#prefix = pathname.replace(/\/$/, '');
    this.#host = host;
  }

  /** The decoded answer of a success; rejects with KubeError otherwise. */
  async send(call: Call, details: CallDetails = {}): Promise<unknown> {
    await this.#options.pace?.turn(details.signal);
    return this.#within(call, details.signal, async (signal) => {
      const { body } = await this.#succeed(call, { ...details, signal }, 'request');
      return this.#reachable(call, async () => JSON.parse(await readText(body)) as unknown);
    });
  }

  /** The body of a success as it comes, on a connection of its own; the deadline holds for its beginning. */
  async stream(call: Call, details: CallDetails & { readonly signal: AbortSignal }): Promise<AsyncIterable<Buffer>> {
    const { clock } = this.#options;
    const opening = new AbortController();
    const onAbort = (): void => opening.abort(details.signal.reason);
    details.signal.throwIfAborted();
    details.signal.addEventListener('abort', onAbort, { once: true });
    const cancel = clock.schedule(TIMEOUT_MS, () => opening.abort(timedOut(call)));
    try {
      const { body } = await this.#succeed(call, { ...details, signal: opening.signal }, 'watch');
      return this.#chunks(call, body, () => details.signal.removeEventListener('abort', onAbort));
    } catch (error) {
      details.signal.removeEventListener('abort', onAbort);
      throw error;
    } finally {
      cancel();
    }
  }

  async *#chunks(call: Call, body: Readable, onEnd: () => void): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of body) yield chunk as Buffer;
    } catch (cause) {
      throw this.#unreachable(call, cause);
    } finally {
      onEnd();
    }
  }

  async #within<Result>(call: Call, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock } = this.#options;
    return withDeadline({ clock, timeoutMs: TIMEOUT_MS, signal, toError: () => timedOut(call) }, work);
  }

  /** Says once more who we are when that was refused, looks once more whom to trust, and waits when the API server is too busy. */
  async #succeed(call: Call, details: CallDetails, use: 'request' | 'watch'): Promise<Answer> {
    let mayTryAtOnce = true;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask(call, details, use);
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        if (error.status === 401) this.#options.access.refresh();
        if (mayTryAtOnce && (error.status === 401 || isUntrusted(error) || isStaleConnection(call, error))) {
          mayTryAtOnce = false;
          continue;
        }
        if (error.status !== 429 || error.retryAfterMs === undefined || tries >= BUSY_TRIES) throw error;
        await pause(this.#options.clock, Math.min(error.retryAfterMs, LONGEST_BUSY_WAIT_MS), details.signal);
      }
    }
  }

  async #ask(call: Call, details: CallDetails, use: 'request' | 'watch'): Promise<Answer> {
    const answer = await this.#exchange(call, details, use);
    if (answer.status < 300) return answer;
    throw await this.#toError(call, answer);
  }

  async #exchange(call: Call, details: CallDetails, use: 'request' | 'watch'): Promise<Answer> {
    const { observer, pace } = this.#options;
    let code = '<error>';
    try {
      const answer = await this.#reachable(call, async () => this.#dispatch(call, details, use));
      code = String(answer.status);
      pace?.heard(answer.headers);
      return answer;
    } finally {
      observer?.answered({ method: call.method, code, host: this.#host });
    }
  }

  async #dispatch(call: Call, { query, accept, body, contentType, signal }: CallDetails, use: 'request' | 'watch'): Promise<Answer> {
    const { access, connections, userAgent } = this.#options;
    // Credentials may come from a program that never ends.
    const { dispatcher, headers } = await unlessAborted(signal, connections.line(use));
    const requested = dispatcher.request({
      origin: new URL(access.server).origin,
      method: call.method,
      path: this.#prefix + call.path + toQuery(query),
      headers: {
        ...headers,
        accept: accept ?? 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    // A request that waits for its connection hears of the signal only when that is there or has failed.
    const response = await unlessAborted(signal, requested);
    return { status: response.statusCode, headers: response.headers, body: response.body };
  }

  async #toError(call: Call, { status, headers, body }: Answer): Promise<KubeError> {
    const retryAfter = headers['retry-after'];
    const text = await this.#reachable(call, async () => readText(body, ERROR_BYTES));
    return toKubeError(call, { status, body: text, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined });
  }

  async #reachable<Result>(call: Call, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      throw this.#unreachable(call, cause);
    }
  }

  /** A broken connection may mean rotated certificates, so files are read again before the next try. */
  #unreachable(call: Call, cause: unknown): unknown {
    if (cause instanceof KubeError || (cause instanceof Error && cause.name === 'AbortError')) return cause;
    const { access } = this.#options;
    access.refresh();
    const detail = cause instanceof Error ? cause.message : String(cause);
    return new KubeError(`cannot ${call.what}: no answer from the API server at ${access.server}: ${detail}`, {
      status: 0,
      reason: 'Unreachable',
      cause,
    });
  }
}

/** The handshake failed over the certificate, so nothing was sent yet, and a rotated authority may have been read since. */
function isUntrusted({ cause }: KubeError): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && UNTRUSTED.test(cause.code);
}

/** As OpenSSL says that it does not know who signed. */
const UNTRUSTED =
  /^(?:UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT(?:_IN_CHAIN)?|CERT_SIGNATURE_FAILURE)$/;

/** A kept connection may be closed by the other side in the moment of its use; reading once more does no harm. */
function isStaleConnection({ method }: Call, { cause }: KubeError): boolean {
  return method === 'GET' && cause instanceof Error && 'code' in cause && (cause.code === 'UND_ERR_SOCKET' || cause.code === 'ECONNRESET');
}

function timedOut(call: Call): KubeError {
  return new KubeError(`cannot ${call.what}: no answer from the API server within ${TIMEOUT_MS / 1000} s`, {
    status: 0,
    reason: 'Timeout',
  });
}

async function readText(body: Readable, maxBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(chunks).toString();
}

function toQuery(query: CallDetails['query'] = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
