// What the admin API answers, described once: the handlers are typed by these schemas and the OpenAPI file is made of them.
import { z } from 'zod';
import { DELIVERY_STATES } from '../outbox/store.ts';
import { REASONS } from '../sdk/outcome.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';

const AtMs = z.number().describe('Milliseconds since the epoch.');
const State = z.enum(DELIVERY_STATES);
const Reason = z.enum(REASONS);
const Metadata = z.record(z.string(), z.string());

const ObjectRef = z.strictObject({
  dialect: z.string(),
  tenant: z.string(),
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
});

const Exchange = z.strictObject({
  method: z.string(),
  origin: z.string().describe('Scheme, host and port; never a path or query, which can be credentials.'),
  requestBytes: z.number(),
  requestBody: z.string().optional(),
  status: z.number().optional(),
  responseBody: z.string().optional(),
  error: z.string().optional(),
});

const Attempt = z.strictObject({
  number: z.number().describe("Counts from 1 over the delivery's whole life."),
  atMs: AtMs,
  durationMs: z.number(),
  outcome: z.enum(['delivered', 'retry', 'deferred', 'rejected', 'aborted']),
  reason: Reason.optional(),
  message: z.string().optional(),
  note: z.string().optional(),
  exchanges: z.array(Exchange).readonly(),
});

const PersonsDecision = z.strictObject({
  kind: z.enum(['replay', 'cancel']),
  atMs: AtMs,
  by: z.string().describe('Who decided.'),
  forced: z.boolean(),
  from: State.describe('The state that it was found in.'),
  reason: Reason.optional().describe('Why it had ended, or was waiting.'),
});

export const DeliveryAnswer = z.strictObject({
  id: z.string().describe('UUIDv7; the value of the Tocsin-Delivery header.'),
  eventId: z.string(),
  route: ObjectRef,
  target: ObjectRef,
  type: z.string().describe('Type of the Provider.'),
  destination: z.string().describe('An opaque recipient; empty when the Target is the recipient.'),
  part: z.number(),
  lane: z.strictObject({ key: z.string(), policy: z.enum(['ordered', 'newest']), backlog: z.enum(['all', 'latest']) }),
  state: State,
  metadata: Metadata,
  statusId: z.string().optional(),
  createdAtMs: AtMs,
  dueAtMs: AtMs.nullable().describe('When it is tried next, while waiting.'),
  expiresAtMs: AtMs,
  attempts: z.number().describe('Tries that count; a deferral does not.'),
  outOfOrder: z.boolean(),
  reason: Reason.optional().describe('Why it ended, or why it waits.'),
  message: z.string().optional(),
  endedAtMs: AtMs.nullable(),
  history: z.array(Attempt).readonly().describe('The first 3 attempts and the last 7.'),
  decisions: z.array(PersonsDecision).readonly().optional().describe('What people decided about it, the last 10.'),
  subject: z.strictObject({ kind: z.string(), namespace: z.string(), name: z.string() }),
});

const ObjectReference = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  fieldPath: z.string(),
});

const FluxEvent = z.strictObject({
  involvedObject: ObjectReference,
  severity: z.string(),
  timestamp: z.string().nullable(),
  message: z.string(),
  reason: z.string(),
  metadata: Metadata,
  reportingController: z.string(),
  reportingInstance: z.string(),
});

const EventEnvelope = z.strictObject({
  id: z.string().describe('UUIDv7; the value of the Tocsin-Event header.'),
  dialect: z.string(),
  tenant: z.string(),
  cluster: z.string(),
  origin: z.string(),
  subject: ObjectReference,
  occurredAtMs: AtMs.nullable(),
  dedup: z.strictObject({ key: z.string(), windowMs: z.number() }).nullable(),
  traceparent: z.string().optional().describe('The trace that it belongs to.'),
  body: z.string().describe('The native body as it came.'),
  flux: FluxEvent.describe("Flux's view of it."),
});

const verdict = {
  route: ObjectRef,
  targetKey: z.string(),
  detail: z.string().optional().describe('What was compared with what.'),
  remedy: z.string().optional().describe('What would have passed.'),
  closeness: z.number().optional().describe('How near to a match; 1 and more is worth showing one by one.'),
};

/** Reasons are words of the routing part, which has the list. */
const Verdict = z.discriminatedUnion('kind', [
  z.strictObject({ ...verdict, kind: z.literal('matched') }),
  z.strictObject({ ...verdict, kind: z.literal('dropped'), reason: z.string() }),
  z.strictObject({ ...verdict, kind: z.literal('muted'), reason: z.string() }),
  z.strictObject({ ...verdict, kind: z.literal('held'), bucket: z.string() }),
  z.strictObject({ ...verdict, kind: z.literal('pending'), reason: z.string() }),
]);

const stored = {
  event: EventEnvelope,
  acceptedAtMs: AtMs,
  verdicts: z.array(Verdict).readonly().describe('What the candidates said when it was decided.'),
  revision: z.string().describe('The configuration that decided.'),
  pending: z.boolean().describe('Some verdict is not known yet.'),
};

const StoredEvent = z.strictObject(stored);
const deliveries = z.array(DeliveryAnswer).readonly();
const next = z.string().nullable().describe('Give it as `after` for the next page; null when this was the last one.');

export const DeliveryPage = z.strictObject({ items: deliveries, next });
export const EventPage = z.strictObject({ items: z.array(StoredEvent).readonly(), next });
export const EventAnswer = z.strictObject({ ...stored, deliveries });

const TargetState = z.strictObject({
  key: z.string(),
  waiting: z.number(),
  leased: z.number(),
  dead: z.number(),
  pausedUntilMs: AtMs.nullable().describe('Paused by the breaker until then; null while it runs.'),
  failures: z.number(),
  oldestWaitingMs: z.number().nullable().describe('Age of what has waited longest.'),
});

const now = z.strictObject({
  verdicts: z.array(Verdict).readonly().describe('What every Route says of it now.'),
  revision: z.string().describe('The configuration that was asked now.'),
});
const targets = z.array(TargetState).readonly().describe('The Targets that are paused.');

export const ExplanationAnswer = z.strictObject({ ...stored, deliveries, now, targets });

export const AheadAnswer = z.strictObject({
  event: EventEnvelope,
  now,
  targets,
  equal: z
    .strictObject({ id: z.string(), acceptedAtMs: AtMs, untilMs: AtMs.describe('Until then it is a duplicate.') })
    .nullable()
    .describe('The stored event of which it would be a duplicate.'),
});

export const SubmittedAnswer = z.strictObject({
  outcome: z.enum(['accepted', 'duplicate']),
  eventId: z.string().describe('The stored event; of a duplicate the first one.'),
  resetAtMs: AtMs.describe('Until then an equal event is a duplicate.'),
});

export const ProviderPage = z.strictObject({
  items: z
    .array(z.strictObject({ key: z.string(), namespace: z.string(), name: z.string(), type: z.string(), suspended: z.boolean() }))
    .readonly(),
});

export const CheckAnswer = z.strictObject({
  provider: z.string().describe('As namespace/name.'),
  type: z.string(),
  isFine: z.boolean().describe('Nothing failed.'),
  steps: z
    .array(
      z.strictObject({
        step: z.enum(['configuration', 'connection', 'credentials']),
        result: z.enum(['fine', 'failed', 'not tried']),
        reason: Reason.optional(),
        detail: z.string(),
      }),
    )
    .readonly(),
});

export const TargetPage = z.strictObject({ items: z.array(TargetState).readonly() });

export const StatsAnswer = z.strictObject({
  states: z.record(State, z.number()),
  events: z.number(),
  pendingEvents: z.number(),
  bytes: z.number(),
  writable: z.boolean(),
  problem: z.string().optional().describe('Why it is not writable.'),
  persistent: z.boolean(),
});

export const FaultPage = z.strictObject({
  items: z
    .array(
      z.strictObject({
        file: z.string(),
        line: z.number(),
        column: z.number(),
        object: z.string(),
        field: z.string(),
        message: z.string(),
        hint: z.string(),
        severity: z.enum(['error', 'warning']),
        rule: z.string().optional(),
      }),
    )
    .readonly(),
});

function step<const T extends readonly [string, ...string[]]>(results: T, meaning: string) {
  const found = DeliveryAnswer.describe('As it was found, without its history.').optional();
  return z.strictObject({
    items: z.array(z.strictObject({ id: z.string(), result: z.enum(results).describe(meaning), delivery: found })).readonly(),
    next,
  });
}

export const ReplayStep = step(
  ['requeued', 'outdated', 'live', 'unknown'],
  'outdated: a newer one of its lane is known, so it is not sent without force; live: it has not ended; unknown: there is none.',
);
export const CancelStep = step(['cancelled', 'ended', 'unknown'], 'ended: there is nothing left to stop; unknown: there is none.');

const ProblemAnswer = z.strictObject({
  type: z.string(),
  status: z.number(),
  code: z.enum(Object.keys(PROBLEMS) as ProblemCode[]),
  title: z.string(),
  detail: z.string().describe('What went wrong here and what to do.'),
});

/** The schemas that the OpenAPI file lists by name. */
export const NAMED_ANSWERS: Readonly<Record<string, z.ZodType>> = {
  Attempt,
  CancelStep,
  Check: CheckAnswer,
  Delivery: DeliveryAnswer,
  DeliveryPage,
  Event: EventEnvelope,
  EventPage,
  EventWithDeliveries: EventAnswer,
  Exchange,
  Explanation: ExplanationAnswer,
  ExplanationAhead: AheadAnswer,
  FaultPage,
  FluxEvent,
  ObjectRef,
  ObjectReference,
  PersonsDecision,
  Problem: ProblemAnswer,
  ProviderPage,
  ReplayStep,
  Stats: StatsAnswer,
  StoredEvent,
  Submitted: SubmittedAnswer,
  TargetPage,
  TargetState,
  Verdict,
};
