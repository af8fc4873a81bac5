// One request and its answer on an undici pool. The answer is read to its end, or to the cap, so that its socket is free for
// the next; a passed deadline ends it wherever it is.
//
// dispatch() and not request(): no stream is built for an answer that is collected anyway, which is half of the cost.
import type { Dispatcher } from 'undici';
import { type HttpRequest, type HttpResponse, TransportError } from '../sdk/http.ts';
import { ProxyAuthenticationRequired } from './connect.ts';
import { decodeBody } from './decode-body.ts';

export interface WireRequest {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: string[];
  readonly servername?: string;
}

/** Rejects with TransportError; `origin` is all of the address that it names. */
export async function exchange(request: HttpRequest, wire: WireRequest, signal: AbortSignal, maxBytes: number): Promise<HttpResponse> {
  const where = `${request.method} ${wire.origin}`;
  if (signal.aborted) throw deadline(where, signal);
  const response = await dispatch(request, wire, signal, maxBytes, where);
  const encoding = response.headers['content-encoding'];
  if (encoding === undefined || response.body.length === 0) return response;
  const decoded = await decodeBody(response.body, encoding, maxBytes);
  if (decoded === undefined) return response;
  const { 'content-encoding': _encoding, 'content-length': _length, ...headers } = response.headers;
  return { ...response, headers, body: decoded.body, truncated: response.truncated || decoded.truncated };
}

function dispatch(request: HttpRequest, wire: WireRequest, signal: AbortSignal, maxBytes: number, where: string): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const handler = new Collector(maxBytes, (error, response) => {
      signal.removeEventListener('abort', onAbort);
      if (response !== undefined) resolve(response);
      else reject(toTransportError(error, where));
    });
    const onAbort = (): void => handler.abort(deadline(where, signal));
    signal.addEventListener('abort', onAbort);
    wire.dispatcher.dispatch(
      {
        method: request.method,
        origin: wire.origin,
        path: wire.path,
        headers: wire.headers,
        body: request.body ?? null,
        ...(wire.servername === undefined ? {} : { servername: wire.servername }),
      },
      handler,
    );
  });
}

type Settle = (error: Error | undefined, response?: HttpResponse) => void;

class Collector implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private settle: Settle | undefined;
  private readonly maxBytes: number;
  private aborted: Error | undefined;
  private status = 0;
  private headers: Readonly<Record<string, string>> = {};
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(maxBytes: number, settle: Settle) {
    this.maxBytes = maxBytes;
    this.settle = settle;
  }

  /** Also while the request still waits for a socket, when undici knows no way to take it back. */
  abort(reason: Error): void {
    this.aborted = reason;
    this.finish(reason);
    this.controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.aborted !== undefined) controller.abort(this.aborted);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.status = status;
    this.headers = joinHeaders(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.maxBytes - this.size;
    if (chunk.length <= room) {
      this.size += chunk.length;
      this.chunks.push(chunk);
      return;
    }
    this.chunks.push(chunk.subarray(0, room));
    this.finish(undefined, this.response(true));
    // Reading on would cost as much as the other side likes to send; a new connection costs less.
    controller.abort(new Error('the answer is larger than the cap'));
  }

  onResponseEnd(): void {
    // undici frees the socket in the next turn of the event loop; whoever asks again at once shall find it free.
    queueMicrotask(() => setImmediate(() => this.finish(undefined, this.response(false))));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof ProxyAuthenticationRequired) {
      this.finish(undefined, { status: 407, headers: {}, body: Buffer.from(error.message), truncated: false });
    } else {
      this.finish(error);
    }
  }

  private response(truncated: boolean): HttpResponse {
    const [first] = this.chunks;
    const body = this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks);
    return { status: this.status, headers: this.headers, body, truncated };
  }

  private finish(error: Error | undefined, response?: HttpResponse): void {
    const settle = this.settle;
    this.settle = undefined;
    settle?.(error, response);
  }
}

function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    // As a key of a plain object it would be lost or worse.
    if (value === undefined || name === '__proto__') continue;
    joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}

/** What an aborted signal means for whoever waited. */
export function deadline(where: string, signal: AbortSignal): TransportError {
  const { reason } = signal as { reason: unknown };
  if (reason instanceof TransportError) return new TransportError(reason.reason, `${where}: ${reason.message}`, { cause: reason });
  return new TransportError('timeout', `${where}: no complete answer before the deadline`, { cause: reason });
}

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
/** undici will not write the request at all. */
const UNSENDABLE_CODES: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

/** The library's own words, with where it happened. */
export function toTransportError(error: Error | undefined, where: string): TransportError {
  if (error === undefined) return new TransportError('network', `${where}: no answer`);
  if (error instanceof TransportError) {
    return error.message.startsWith(where) ? error : new TransportError(error.reason, `${where}: ${error.message}`, { cause: error });
  }
  const code = codeOf(error);
  const reason = TIMEOUT_CODES.has(code) ? 'timeout' : UNSENDABLE_CODES.has(code) ? 'config' : 'network';
  return new TransportError(reason, `${where}: ${textOf(error)}`, { cause: error });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Of the failures of several addresses the first one speaks. */
function textOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error.message === '' ? codeOf(error) || error.name : error.message;
}
