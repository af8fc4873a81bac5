// Saying it: either a rendered list of requests in order, or a provider's own conversation. Every request passes the
// vendor's budget first and leaves its trace.
import type { Lease, Outbox } from '../outbox/store.ts';
import type { ResolvedTarget } from '../sdk/credentials.ts';
import type { HttpRequest, HttpResponse, Send } from '../sdk/http.ts';
import type { Fact, Outcome } from '../sdk/outcome.ts';
import type { CloudScope } from '../sdk/identity.ts';
import { ConfigFault, type ProviderDefinition, type RenderInput, type SendContext } from '../sdk/provider.ts';
import type { Dial, Line } from '../sdk/session.ts';
import type { SendOptions } from '../sdk/transport.ts';
import type { AttemptContext, Trace } from './attempt.ts';
import { BudgetSpent, credentialHash, toOrigin } from './budgets.ts';
import { within } from './deadline.ts';
import { messageExcerptOf } from './excerpt.ts';
import { interpretResponse } from './interpret.ts';
import { toPlainFact } from './plain-outcome.ts';

const PROGRESS_KEY = 'requests-done';

/** Everything that one try says and hears. */
export interface Conversation {
  readonly context: AttemptContext;
  readonly lease: Lease;
  readonly definition: ProviderDefinition;
  readonly resolved: ResolvedTarget;
  readonly input: RenderInput;
  readonly trace: Trace;
  readonly signal: AbortSignal;
}

/** Sends what the provider makes of the input; rejects with what broke. */
export async function converse(conversation: Conversation): Promise<Outcome> {
  const { definition, input, signal, trace } = conversation;
  if (definition.render !== undefined) return await sendAll(conversation, definition.render(input));
  if (definition.send === undefined) throw new Error(`provider ${definition.type} can neither render nor send`);
  // A session talks through sockets of its own, so from here on something may have been said.
  trace.isSending = true;
  const lines: Line[] = [];
  try {
    return await within(definition.send(toSendContext(conversation, lines), input), signal);
  } finally {
    for (const { stream } of lines) stream.destroy();
  }
}

async function sendAll(conversation: Conversation, requests: readonly HttpRequest[]): Promise<Outcome> {
  const { context, lease, trace, signal } = conversation;
  const done = requests.length > 1 ? await readProgress(context.outbox, lease) : 0;
  const send = openSend(conversation);
  let outcome: Outcome = { kind: 'delivered', note: 'the provider had nothing to send' };
  // Configuration may have changed since the earlier try: the last request is always made.
  const first = Math.max(0, Math.min(done, requests.length - 1));
  trace.requestsDone = first;
  for (const request of requests.slice(first)) {
    outcome = toOutcome(conversation, request, await within(send(request), signal));
    if (outcome.kind !== 'delivered') return outcome;
    trace.facts.push(...(outcome.remember ?? []));
    trace.requestsDone += 1;
  }
  return trace.facts.length === 0 ? outcome : { ...outcome, remember: trace.facts };
}

function toOutcome({ definition, context }: Conversation, request: HttpRequest, response: HttpResponse): Outcome {
  return (
    definition.interpret?.(response, request) ??
    interpretResponse({
      response,
      url: request.url,
      excerpt: () => messageExcerptOf({ content: response.body, truncated: response.truncated }, context.redactor),
      nowMs: context.clock.nowMs(),
    })
  );
}

function openSend(conversation: Conversation): Send {
  const send = conversation.context.transport.open(toSendOptions(conversation));
  return async (request) => {
    guard(conversation, request.url);
    return await send(request);
  };
}

function openFetch(conversation: Conversation): typeof globalThis.fetch {
  const fetch = conversation.context.transport.openFetch(toSendOptions(conversation));
  return async (input, init) => {
    guard(conversation, input instanceof Request ? input.url : String(input));
    return await fetch(input, init);
  };
}

function toSendOptions({ resolved, signal, trace }: Conversation): SendOptions {
  return { connection: resolved.connection, signal, onExchange: (observed) => trace.observed.push(observed) };
}

/** Refuses a request while the vendor's budget is spent; otherwise what follows counts as sent. */
function guard({ context, lease, resolved, signal, trace }: Conversation, url: string): void {
  signal.throwIfAborted();
  try {
    context.budgets.check(url, resolved.config, lease.ageMs);
  } catch (refusal) {
    if (refusal instanceof BudgetSpent) trace.budgetAfterMs = refusal.afterMs;
    throw refusal;
  }
  trace.isSending = true;
}

/** Whatever a provider forgets, no connection outlives the attempt. */
function openDial(conversation: Conversation, lines: Line[]): Dial {
  const dial = conversation.context.transport.openDial(toSendOptions(conversation));
  return async (endpoint) => {
    conversation.signal.throwIfAborted();
    const line = await dial(endpoint);
    lines.push(line);
    return line;
  };
}

function toSendContext(conversation: Conversation, lines: Line[]): SendContext {
  const { context, lease, resolved, signal } = conversation;
  const { delivery } = lease;
  // Only Providers with the same credential share a token or an answer, whatever key a provider chooses, and a changed Secret never
  // meets the token of the old one.
  const owner = `${toOrigin(resolved.config.address)} ${credentialHash(resolved.config)}`;
  return {
    http: openSend(conversation),
    fetch: openFetch(conversation),
    dial: openDial(conversation, lines),
    token: (key, acquire) => context.tokens(`${owner} ${key}`, () => within(acquire(), signal)),
    // Others wait for it as well: it must end with the attempt that began it, whatever it waits for.
    shared: (key, work) => context.sharedWork.share(`${owner} ${key}`, () => within(work(), signal)),
    identity: (scope) => identityToken(conversation, scope),
    ...(context.environment === undefined ? {} : { environment: context.environment }),
    memory: { get: (scope, key) => context.outbox.recall(scope, key) },
    learn: (facts) => void conversation.trace.facts.push(...facts.map(toPlainFact)),
    lane: delivery.lane.key,
    clock: context.clock,
    signal,
    log: context.log.child({ eventId: delivery.eventId, deliveryId: delivery.id, type: delivery.type }),
  };
}

/** Providers of a namespace with the same service account share a token, whatever else they have. */
async function identityToken(conversation: Conversation, scope: CloudScope): Promise<string> {
  const { context, input } = conversation;
  const { identity } = context;
  if (identity === undefined) throw new ConfigFault('there is no token in the Secret, and workload identity is not set up');
  const request = { ...scope, namespace: input.target.namespace, serviceAccountName: input.config.serviceAccountName ?? '' };
  return await context.tokens(`identity ${identity.keyOf(request)}`, () =>
    within(identity.acquire(request, openSend(conversation)), conversation.signal),
  );
}

/** The scope under which a delivery remembers which of its requests are done. */
function progressScope(deliveryId: string): string {
  return `delivery/${deliveryId}`;
}

/** How many requests an earlier try has done; also one that cost no attempt, because the vendor asked to wait. */
async function readProgress(outbox: Pick<Outbox, 'recall'>, lease: Lease): Promise<number> {
  const recollection = await outbox.recall(progressScope(lease.delivery.id), PROGRESS_KEY);
  const done = recollection?.known === true ? Number.parseInt(recollection.value, 10) : 0;
  return Number.isNaN(done) ? 0 : done;
}

/** The facts that spare the next try what this one already did. */
export function toProgress(lease: Lease, trace: Trace): readonly Fact[] {
  if (trace.requestsDone === 0) return trace.facts;
  return [...trace.facts, { scope: progressScope(lease.delivery.id), key: PROGRESS_KEY, value: String(trace.requestsDone) }];
}
