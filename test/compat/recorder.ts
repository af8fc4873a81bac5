// What one case's recording server remembers and answers: scripted replies in order, requests in the recorded form.
import { type Answered, isRetriedAnswer, type ObservedRequest } from './compare.ts';
import type { Json, Reply } from './vector.ts';

/** A request as it arrived; what it was answered is filled in when that is known. */
export type Recorded = { -readonly [Field in keyof ObservedRequest]: ObservedRequest[Field] } & { readonly atMs: number };

/** What to do with a request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly delayMs: number;
  readonly close: boolean;
}

export class Recorder {
  readonly requests: Recorded[] = [];
  readonly #replies: readonly Reply[];
  readonly #used = new Set<Reply>();

  constructor(replies: readonly Reply[]) {
    this.#replies = replies;
  }

  /** Keeps the request and says what to answer. */
  onRequest(request: Omit<Recorded, 'answered'>): { readonly recorded: Recorded; readonly answer: Answer } {
    const recorded: Recorded = { ...request, answered: 'pending' satisfies Answered };
    this.requests.push(recorded);
    return { recorded, answer: toAnswer(this.#choose(recorded)) };
  }

  /** True when one of the first `count` requests was answered so that it is tried again. */
  hasRetriedAnswer(count = this.requests.length): boolean {
    return this.requests.slice(0, count).some(({ answered }) => isRetriedAnswer(answered));
  }

  /** The first fitting reply that was not used yet, or the last fitting one. */
  #choose(request: Recorded): Reply | undefined {
    const fitting = this.#replies.filter((reply) => fits(reply, request));
    const chosen = fitting.find((reply) => !this.#used.has(reply)) ?? fitting.at(-1);
    if (chosen !== undefined) this.#used.add(chosen);
    return chosen;
  }
}

function fits(reply: Reply, request: Recorded): boolean {
  if (reply.method !== '*' && reply.method !== request.method) return false;
  if (reply.path !== '*' && reply.path !== request.path) return false;
  if (reply.host !== undefined && reply.host !== request.host) return false;
  return reply.query === undefined || reply.query === request.query;
}

const OK: Reply = { method: '*', path: '*', status: 200, body: { ok: true } };

function toAnswer(reply: Reply = OK): Answer {
  const { type, body } = toBody(reply);
  const headers = { ...(type === undefined ? {} : { 'Content-Type': type }), ...reply.headers };
  return { status: reply.status ?? 200, headers, body, delayMs: reply.delayMs ?? 0, close: reply.close === true };
}

function toBody(reply: { readonly body?: Json; readonly text?: string }): { readonly type?: string; readonly body: string } {
  if (reply.body !== undefined) return { type: 'application/json', body: JSON.stringify(reply.body) };
  if (reply.text !== undefined) return { type: 'text/plain; charset=utf-8', body: reply.text };
  return { body: '' };
}
