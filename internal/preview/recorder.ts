// For providers that hold a conversation: plays the other side without a network, and writes down what was asked.
import type { HttpRequest, HttpResponse } from '../sdk/http.ts';
import { TransportError } from '../sdk/http.ts';
import type { Logger } from '../sdk/ports.ts';
import { ConfigFault, type ProviderDefinition, type RenderInput, type SendContext } from '../sdk/provider.ts';
import type { Redactor } from '../sdk/transport.ts';

/** Stands in for a token that a vendor would have to be asked for. */
const PLACEHOLDER_TOKEN = 'a-token-that-is-asked-for-when-it-is-sent';
const MAX_REQUESTS = 20;
const MADE_UP = 'every answer is taken to be a success that knows of nothing: what the vendor says decides which requests really follow';

export interface Recording {
  readonly requests: readonly HttpRequest[];
  readonly notes: readonly string[];
}

/** The requests of one delivery as far as they do not depend on answers; rejects with ConfigFault. */
export async function recordRequests(definition: ProviderDefinition, input: RenderInput, redactor: Redactor): Promise<Recording> {
  const requests: HttpRequest[] = [];
  const notes: string[] = [];
  redactor.add(PLACEHOLDER_TOKEN);
  try {
    const outcome = await definition.send?.(toContext({ requests, notes, input, answerOf: definition.previewAnswer }), input);
    if (outcome?.kind === 'delivered' && outcome.note !== undefined && requests.length === 0) notes.push(outcome.note);
    if (outcome !== undefined && outcome.kind !== 'delivered' && requests.length === 0) {
      if (outcome.reason === 'config') throw new ConfigFault(outcome.message);
      if (notes.length === 0) notes.push(outcome.message);
    }
  } catch (error) {
    if (error instanceof ConfigFault) throw error;
    // It met an answer that it could not use; what it asked until then is what can be shown.
    if (requests.length === 0 && notes.length === 0) throw error;
  }
  return { requests, notes: requests.length > 0 ? [MADE_UP, ...notes] : notes };
}

interface Play {
  readonly requests: HttpRequest[];
  readonly notes: string[];
  readonly input: RenderInput;
  readonly answerOf: ProviderDefinition['previewAnswer'];
}

function toContext({ requests, notes, input: { environment, nowMs }, answerOf }: Play): SendContext {
  const answer = async (request: HttpRequest): Promise<HttpResponse> => {
    if (requests.length >= MAX_REQUESTS) throw new TransportError('network', 'too many requests for a preview');
    requests.push(request);
    const body = Buffer.from(JSON.stringify(answerOf?.(request) ?? []));
    return { status: 200, headers: { 'content-type': 'application/json' }, body, truncated: false };
  };
  return {
    http: answer,
    fetch: async (resource, init) => {
      const { body, ...response } = await answer(await toRequest(new Request(resource, init)));
      return new Response(Buffer.from(body), response);
    },
    dial: async ({ host, port }) => {
      notes.push(`it opens a session with ${host}:${port}; what is said in it cannot be shown before it is open`);
      throw new TransportError('network', 'nothing is sent by a preview');
    },
    token: async () => PLACEHOLDER_TOKEN,
    shared: (_, work) => work(),
    learn: () => undefined,
    identity: async () => PLACEHOLDER_TOKEN,
    ...(environment === undefined ? {} : { environment }),
    memory: { get: async () => undefined },
    lane: 'preview',
    clock: { nowMs: () => nowMs },
    signal: new AbortController().signal,
    log: SILENT,
  };
}

async function toRequest(request: Request): Promise<HttpRequest> {
  const body = await request.text();
  return { method: request.method, url: request.url, headers: [...request.headers], ...(body === '' ? {} : { body }) };
}

function ignore(): void {}

const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => SILENT };
