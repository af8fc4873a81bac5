// Running one provider by hand: its input from a Provider's spec and a Secret, and a context whose network is a list of answers.
import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import type { FluxEvent } from '../../internal/event/event.ts';
import { type HttpRequest, type HttpResponse, TransportError } from '../../internal/sdk/http.ts';
import type { Fact } from '../../internal/sdk/outcome.ts';
import type { Logger } from '../../internal/sdk/ports.ts';
import type { Recollection, RenderInput, ResolvedConfig, SendContext, Tally } from '../../internal/sdk/provider.ts';
import { toFetch } from '../../internal/transport/fetch.ts';

/** What a test knows of a delivery; everything else has a fixed value. */
export interface RunOptions {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly secret?: Readonly<Record<string, string>>;
  readonly event: FluxEvent;
  readonly statusId?: string;
  readonly precededBy?: number;
  readonly targetUrl?: string;
  readonly tally?: Tally;
  /** Of the Provider. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 6);
const OWN_KEYS = new Set(['address', 'username', 'password', 'token', 'headers']);

/** The input as delivery would build it. */
export function toRenderInput(options: RunOptions): RenderInput {
  return {
    config: { ...toConfig(options.spec, options.secret ?? {}), annotations: options.annotations ?? {} },
    target: { namespace: 'apps', name: 'provider', uid: '0c9c2e41-d2f9-4f9b-9c41-bebc1984d67a' },
    alert: { namespace: 'apps', name: 'alert', uid: '1d0d3f52-e3fa-4fac-8d52-cfcd2a95e78b' },
    event: options.event,
    occurredAtMs: options.event.timestamp === null ? null : Date.parse(options.event.timestamp),
    ...(options.statusId === undefined ? {} : { statusId: options.statusId }),
    ...(options.targetUrl === undefined ? {} : { targetUrl: options.targetUrl }),
    ...(options.tally === undefined ? {} : { tally: options.tally }),
    deliveryId: '01939c7e-0000-7000-8000-000000000001',
    precededBy: options.precededBy ?? 0,
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    nowMs: NOW_MS,
  };
}

function toConfig(spec: RunOptions['spec'], secret: NonNullable<RunOptions['secret']>): Omit<ResolvedConfig, 'annotations'> {
  const field = (name: string) => (typeof spec[name] === 'string' ? spec[name] : '');
  return {
    address: secret['address']?.trim() ?? field('address'),
    channel: field('channel'),
    username: secret['username'] ?? field('username'),
    password: secret['password'] ?? '',
    token: secret['token'] ?? '',
    ...(field('serviceAccountName') === '' ? {} : { serviceAccountName: field('serviceAccountName') }),
    headers: secret['headers'] === undefined ? {} : (parse(secret['headers']) as Record<string, string>),
    secret: Object.fromEntries(Object.entries(secret).filter(([key]) => !OWN_KEYS.has(key))),
  };
}

/** Gives an answer to each request, or throws what a broken connection throws. */
export type Answerer = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

export interface Bench {
  readonly context: SendContext;
  readonly requests: readonly HttpRequest[];
  /** Tokens that were acquired rather than found. */
  readonly acquired: readonly string[];
  /** Facts that are kept whatever becomes of the delivery. */
  readonly learnt: readonly Fact[];
  /** As a settle does: the facts are there for the next run, `ageMs` old. */
  remember(facts: readonly Fact[], ageMs?: number): void;
  /** As an ambiguous outcome does: what is known of the lane is known no longer. */
  forget(scope: string): void;
}

/** A context for `send`; tokens are kept until they expire, memory between runs. */
export function createBench(answer: Answerer, lane = 'lane'): Bench {
  const requests: HttpRequest[] = [];
  const acquired: string[] = [];
  const memory = new Map<string, Recollection>();
  const learnt: Fact[] = [];
  const tokens = new Map<string, Promise<string>>();
  const sharing = new Map<string, Promise<unknown>>();
  const http = async (request: HttpRequest) => {
    requests.push(request);
    return answer(request);
  };
  const signal = new AbortController().signal;
  const context: SendContext = {
    http,
    fetch: toFetch(http),
    dial: async ({ host, port }) => {
      await http({ method: 'CONNECT', url: `tcp://${host}:${port}`, headers: [] });
      throw new TransportError('network', `tcp://${host}:${port}: a script opens no sessions`);
    },
    token: (key, acquire) => {
      const value = tokens.get(key) ?? acquire().then((token) => token.value);
      if (!tokens.has(key)) acquired.push(createHash('sha256').update(key).digest('hex'));
      tokens.set(key, value);
      value.catch(() => tokens.delete(key));
      return value;
    },
    shared: async (key, work) => (await (sharing.get(key) ?? share(sharing, key, work()))) as Awaited<ReturnType<typeof work>>,
    identity: async ({ cloud }) => `identity-token-of-${cloud}`,
    learn: (facts) => learnt.push(...facts),
    memory: { get: async (scope, key) => memory.get(`${scope}\n${key}`) },
    lane,
    clock: { nowMs: () => NOW_MS },
    signal,
    log: silentLogger(),
  };
  return {
    context,
    requests,
    acquired,
    learnt,
    remember: (facts, ageMs = 0) => {
      for (const { scope, key, value } of facts) memory.set(`${scope}\n${key}`, { known: true, value, ageMs });
    },
    forget: (scope) => {
      for (const key of memory.keys()) if (key.startsWith(`${scope}\n`)) memory.set(key, { known: false });
    },
  };
}

/** Only what is under way at the same moment is shared here, so that one run after the other asks for itself. */
async function share<Value>(sharing: Map<string, Promise<unknown>>, key: string, work: Promise<Value>): Promise<Value> {
  sharing.set(key, work);
  return await work.finally(() => sharing.delete(key));
}

/** An answer with a text or a JSON value. */
export function toResponse(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const isText = typeof body === 'string';
  return {
    status,
    headers: { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json', ...headers },
    body: new TextEncoder().encode(isText ? body : JSON.stringify(body)),
    truncated: false,
  };
}

function silentLogger(): Logger {
  return { debug: ignore, info: ignore, warn: ignore, error: ignore, child: silentLogger };
}

function ignore(): void {}
