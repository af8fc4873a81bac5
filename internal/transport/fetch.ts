// The stack in the shape of `fetch`, as far as vendors' clients use it: a real Response, bodies as text or bytes, no cookies,
// no cache, no redirects other than the transport's own.
import { type HttpRequest, type HttpResponse, TransportError } from '../sdk/http.ts';

/** Sends a request; the signal is the caller's own, beside the attempt's deadline. */
export type SendWithSignal = (request: HttpRequest, signal: AbortSignal | null) => Promise<HttpResponse>;

/** Statuses whose Response may not have a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

export function toFetch(send: SendWithSignal): typeof globalThis.fetch {
  return async (input, init) => {
    const request = await toRequest(input, init ?? {});
    const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
    const response = await send(request, signal);
    if (response.truncated) throw new TransportError('too-large', `${request.method}: the answer is larger than the cap`);
    return toResponse(response, request.url);
  };
}

async function toRequest(input: Parameters<typeof fetch>[0], init: NonNullable<Parameters<typeof fetch>[1]>): Promise<HttpRequest> {
  const given = input instanceof Request ? input : undefined;
  const body = init.body === undefined || init.body === null ? await bodyOf(given) : toBody(init.body);
  const headers = toHeaders(init.headers ?? given?.headers);
  return {
    method: (init.method ?? given?.method ?? 'GET').toUpperCase(),
    url: input instanceof Request ? input.url : typeof input === 'string' ? input : input.href,
    headers,
    ...(body === undefined ? {} : { body }),
  };
}

function toHeaders(headers: ConstructorParameters<typeof Headers>[0]): HttpRequest['headers'] {
  try {
    return [...new Headers(headers)];
  } catch {
    // The runtime's own words would show the value.
    throw new TransportError('config', 'a header holds a character that is not allowed');
  }
}

async function bodyOf(request: Request | undefined): Promise<Uint8Array | undefined> {
  return request === undefined || request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
}

function toBody(body: unknown): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (body instanceof URLSearchParams) return body.toString();
  throw new TransportError('config', 'only text and bytes can be sent as a body');
}

function toResponse({ status, headers, body }: HttpResponse, url: string): Response {
  if (status > 599) throw new TransportError('network', `the answer has the status ${status}`);
  const response = new Response(BODILESS.has(status) || body.length === 0 ? null : Buffer.from(body), { status, headers: { ...headers } });
  // A constructed Response has no address, and clients read it.
  Object.defineProperty(response, 'url', { value: url });
  return response;
}
