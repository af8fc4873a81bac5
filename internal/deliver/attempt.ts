// One try of one delivery: find the Target, resolve its secrets, say what there is to say, read the answer.
// Never rejects: whatever goes wrong becomes an Outcome. Everything it returns is redacted.
import type { Event } from '../event/event.ts';
import type { Delivery, Lease, Outbox, Settlement } from '../outbox/store.ts';
import type { Target } from '../routing/route.ts';
import type { ResolvedTarget } from '../sdk/credentials.ts';
import { TransportError } from '../sdk/http.ts';
import type { IdentitySource } from '../sdk/identity.ts';
import { isAmbiguous, type DeliveryOutcomeLabel, type Fact, type Outcome } from '../sdk/outcome.ts';
import type { Clock, Logger, Random } from '../sdk/ports.ts';
import { ConfigFault, type ProviderDefinition, type RenderInput, type SendContext, type Tally } from '../sdk/provider.ts';
import { toKey } from '../sdk/target.ts';
import type { Observed, Redactor, Transport } from '../sdk/transport.ts';
import type { Budgets } from './budgets.ts';
import { within } from './deadline.ts';
import { Aborted, describeBug, jitter, toFailure } from './failure.ts';
import { clampAfterMs } from './interpret.ts';
import { toPlainOutcome } from './plain-outcome.ts';
import { redactOutcome, separateFacts, toRecord } from './record.ts';
import { converse, toProgress } from './send.ts';
import type { SharedWork } from './shared-work.ts';

const SLOW_SECRET_RETRY_MS = 30_000;

/** What a try needs from outside. */
export interface AttemptContext {
  readonly findTarget: (key: string) => Target | undefined;
  /** Throws ConfigFault or SecretUnavailable; registers every secret value for redaction first. */
  readonly resolve: (target: Target) => Promise<ResolvedTarget>;
  readonly transport: Transport;
  readonly redactor: Redactor;
  /** The cache behind `SendContext.token`. */
  readonly tokens: SendContext['token'];
  /** Workload identity; absent where there is nothing that could prove one. */
  readonly identity?: IdentitySource;
  /** Variables of the process that types declare. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The commit status context of an event whose plan could not compute it; throws what a person must mend. */
  readonly statusIdFor: (target: Target, lease: Lease) => string;
  /** The page that a commit status links to, where its Provider wants one; throws what a person must mend. */
  readonly targetUrlFor?: (target: Target, lease: Lease) => string | undefined;
  /** The trace that is passed on for an event; the sender's own when absent. */
  readonly traceparentOf?: (event: Event) => string;
  readonly outbox: Pick<Outbox, 'recall' | 'tally'>;
  readonly budgets: Budgets;
  readonly sharedWork: SharedWork;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** No attempt outlives this, whatever the Provider's timeout says: its lease must still hold when it settles. */
  readonly maxAttemptMs: number;
}

/** How a try ended: with something to settle, or before anything was sent. */
export type AttemptResult =
  | { readonly kind: 'settle'; readonly settlement: Settlement; readonly durationMs: number; readonly bug?: string }
  | { readonly kind: 'release' };

/** What became known on the way; filled while the try runs, so that it is there when the try is cut short. */
export interface Trace {
  readonly observed: Observed[];
  readonly facts: Fact[];
  isSending: boolean;
  requestsDone: number;
  budgetAfterMs: number | undefined;
  resolved: ResolvedTarget | undefined;
}

/** Runs one leased delivery; `controller` is aborted by the deadline, or by a shutdown with Aborted. */
export async function runAttempt(context: AttemptContext, lease: Lease, controller: AbortController): Promise<AttemptResult> {
  try {
    return await tryOnce(context, lease, controller);
  } catch (thrown) {
    // What a provider returned cannot even be read: nothing of it is kept.
    const bug = context.redactor.redact(describeBug(thrown));
    return { kind: 'settle', settlement: unreadable(lease), durationMs: 0, bug };
  }
}

function unreadable({ delivery, token }: Lease): Settlement {
  const because = { reason: 'bug', message: 'the provider returned no outcome that can be read' } as const;
  return {
    deliveryId: delivery.id,
    token,
    outcome: { kind: 'retry', ...because },
    attempt: { durationMs: 0, outcome: 'retry', ...because, exchanges: [] },
    forget: [delivery.lane.key],
  };
}

async function tryOnce(context: AttemptContext, lease: Lease, controller: AbortController): Promise<AttemptResult> {
  const startedMs = context.clock.monotonicMs();
  const trace: Trace = { observed: [], facts: [], isSending: false, requestsDone: 0, budgetAfterMs: undefined, resolved: undefined };
  let bug: string | undefined;
  let outcome: Outcome;
  try {
    outcome = toPlainOutcome(await attempt(context, lease, controller, trace));
  } catch (thrown) {
    outcome = toFailure(thrown, context.random);
    if (outcome.kind === 'retry' && outcome.reason === 'bug') bug = context.redactor.redact(describeBug(thrown));
  }
  const isAborted = controller.signal.reason instanceof Aborted && outcome.kind !== 'delivered';
  if (isAborted && !trace.isSending) return { kind: 'release' };
  noteBudget(context, trace, outcome);
  const durationMs = context.clock.monotonicMs() - startedMs;
  const settlement = toSettlement({ context, lease, trace, outcome: normalize(outcome, trace), isAborted, durationMs });
  return { kind: 'settle', settlement, durationMs, ...(bug === undefined ? {} : { bug }) };
}

async function attempt(context: AttemptContext, lease: Lease, controller: AbortController, trace: Trace): Promise<Outcome> {
  const found = toUsable(context.findTarget(toKey(lease.delivery.target)), lease);
  if ('kind' in found) return found;
  const timeoutMs = Math.min(found.target.timeoutMs, context.maxAttemptMs);
  const cancel = context.clock.schedule(timeoutMs, () => {
    controller.abort(new TransportError('timeout', `no answer within ${timeoutMs / 1000} s`));
  });
  try {
    const resolved = await resolveWithin(context, found.target, controller.signal);
    if ('kind' in resolved) return resolved;
    trace.resolved = resolved;
    const input = await toRenderInput(context, lease, found, resolved);
    const { definition } = found;
    return await converse({ context, lease, definition, resolved, input, trace, signal: controller.signal });
  } finally {
    cancel();
  }
}

interface Usable {
  readonly target: Target;
  readonly definition: ProviderDefinition;
}

function toUsable(target: Target | undefined, lease: Lease): Usable | Outcome {
  const { namespace, name } = lease.delivery.target;
  if (target === undefined) return deferred('target-gone', `${namespace}/${name} does not exist`);
  if (target.suspended) return deferred('suspended', `${namespace}/${name} is suspended`);
  if (target.definition === null) return deferred('config', `unknown type ${JSON.stringify(target.type)}`);
  return { target, definition: target.definition };
}

function deferred(reason: 'target-gone' | 'suspended' | 'config', message: string): Outcome {
  return { kind: 'deferred', reason, message, until: 'target-change' };
}

/** Nothing has been sent yet, so a source of Secrets that hangs costs neither an attempt nor the trust in memory. */
async function resolveWithin(context: AttemptContext, target: Target, signal: AbortSignal): Promise<ResolvedTarget | Outcome> {
  try {
    return await within(context.resolve(target), signal);
  } catch (thrown) {
    if (!(signal.reason instanceof TransportError)) throw thrown;
    const afterMs = jitter(SLOW_SECRET_RETRY_MS, context.random);
    return { kind: 'deferred', reason: 'config', message: 'secrets could not be read in time', until: { afterMs } };
  }
}

async function toRenderInput(context: AttemptContext, lease: Lease, found: Usable, resolved: ResolvedTarget): Promise<RenderInput> {
  const { delivery, event } = lease;
  const { namespace, name, uid } = found.target.ref;
  const traceparent = context.traceparentOf?.(event) ?? event.traceparent;
  const input: RenderInput = {
    config: resolved.config,
    target: { namespace, name, uid },
    alert: { namespace: delivery.route.namespace, name: delivery.route.name, uid: delivery.route.uid },
    event: { ...event.flux, metadata: delivery.metadata },
    occurredAtMs: event.occurredAtMs,
    deliveryId: delivery.id,
    precededBy: lease.precededBy,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(context.environment === undefined ? {} : { environment: context.environment }),
    nowMs: context.clock.nowMs(),
  };
  if (!found.definition.capabilities.accepts.includes('commit-status')) return input;
  const statusId = delivery.statusId ?? computed(() => context.statusIdFor(found.target, lease));
  const targetUrl = computed(() => context.targetUrlFor?.(found.target, lease)) ?? '';
  const tally = await recallTally(context, delivery);
  return { ...input, statusId, ...(targetUrl === '' ? {} : { targetUrl }), ...(tally === undefined ? {} : { tally }) };
}

/** Read as late as can be: what arrives from now on is told by the next delivery of the lane. */
async function recallTally({ outbox }: AttemptContext, { lane, tally }: Delivery): Promise<Tally | undefined> {
  if (tally === undefined) return undefined;
  const { revision, closedBy, speaksFor } = tally;
  if (speaksFor === 'lane') return { revision, words: await outbox.tally(lane.key) };
  return closedBy === undefined ? { revision } : { revision, closedBy };
}

/** An expression that fails on this event is the Provider's to mend, whatever class its error has. */
function computed<Value>(compute: () => Value): Value {
  try {
    return compute();
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ConfigFault(`failed to create commit status: ${message}`, { cause: thrown });
  }
}

/** A provider that was refused by a spent budget may report anything; what holds is that it must wait. Numbers are kept in bounds. */
function normalize(outcome: Outcome, trace: Trace): Outcome {
  if (outcome.kind === 'delivered') return outcome;
  if (trace.budgetAfterMs !== undefined) {
    return { kind: 'deferred', reason: 'rate-limited', message: 'the vendor asked to wait', until: { afterMs: trace.budgetAfterMs } };
  }
  if (outcome.kind === 'deferred' && outcome.until !== 'target-change') {
    return { ...outcome, until: { afterMs: clampAfterMs(outcome.until.afterMs) } };
  }
  return outcome;
}

function noteBudget(context: AttemptContext, trace: Trace, outcome: Outcome): void {
  if (outcome.kind !== 'deferred' || outcome.reason !== 'rate-limited' || outcome.until === 'target-change') return;
  const last = trace.observed.at(-1);
  if (last === undefined || trace.resolved === undefined || trace.budgetAfterMs !== undefined) return;
  context.budgets.exhaust(last.request.url, trace.resolved.config, outcome.until.afterMs);
}

function toSettlement(parts: {
  readonly context: AttemptContext;
  readonly lease: Lease;
  readonly trace: Trace;
  readonly outcome: Outcome;
  readonly isAborted: boolean;
  readonly durationMs: number;
}): Settlement {
  const { context, lease, trace, isAborted, durationMs } = parts;
  const { redactor } = context;
  const outcome = redactOutcome(parts.outcome, redactor);
  const label: DeliveryOutcomeLabel = isAborted ? 'aborted' : outcome.kind;
  const learnt = parts.outcome.kind === 'delivered' ? (parts.outcome.remember ?? []) : toProgress(lease, trace);
  const { clean, unknownScopes } = separateFacts(learnt, redactor);
  const isUnknown = trace.isSending && (isAborted || isAmbiguous(outcome) || (outcome.kind === 'retry' && outcome.reason === 'bug'));
  const forget = new Set([...unknownScopes, ...(isUnknown ? [lease.delivery.lane.key] : [])]);
  return {
    deliveryId: lease.delivery.id,
    token: lease.token,
    outcome,
    attempt: toRecord({ outcome, label, durationMs, observed: trace.observed }, redactor),
    ...(forget.size === 0 ? {} : { forget: [...forget] }),
    ...(outcome.kind === 'delivered' || clean.length === 0 ? {} : { remember: clean }),
  };
}
