// Between the port's values and the writer's rows.
import type { Event, Project } from '../event/event.ts';
import type { Verdict } from '../routing/route.ts';
import type { Reason } from '../sdk/outcome.ts';
import { type ObjectRef, toKey } from '../sdk/target.ts';
import {
  type Append,
  type Attempt,
  type AttemptRecord,
  type Delivery,
  DELIVERY_STATES,
  type PersonsDecision,
  type PlannedDelivery,
  type Resolution,
  type StoredEvent,
  type TallyEntry,
} from './store.ts';
import type { DeliveryInput, DeliveryRows, EventInput, LeaseRow, ResolutionInput, Row } from './operations.ts';

/** What `EventInput.columns` carries, in this order. */
export const EVENT_INPUT_COLUMNS = [
  'id',
  'occurred_ms',
  'dialect',
  'tenant',
  'cluster',
  'origin',
  'kind',
  'namespace',
  'name',
  'api_version',
  'uid',
  'resource_version',
  'field_path',
  'dedup_key',
  'dedup_window_ms',
  'revision',
  'verdicts',
  'body',
  'traceparent',
] as const;

/** What of a delivery only people and senders read. */
interface Plan {
  readonly route: ObjectRef;
  readonly target: ObjectRef;
  readonly type: string;
  readonly destination: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly statusId?: string;
  readonly tally?: NonNullable<Delivery['tally']>;
}

const UNKNOWN_REF: ObjectRef = { dialect: '', tenant: '', namespace: '', name: '', uid: '' };
const UNREADABLE_PLAN: Plan = { route: UNKNOWN_REF, target: UNKNOWN_REF, type: '', destination: '', metadata: {} };
const UNREADABLE_EVENT: Omit<Event['flux'], 'involvedObject' | 'message'> = {
  severity: '',
  timestamp: null,
  reason: '',
  metadata: {},
  reportingController: '',
  reportingInstance: '',
};

export function toDeliveryInput(id: string, planned: PlannedDelivery): DeliveryInput {
  const { route, target, type, destination, metadata, statusId } = planned;
  const plan: Plan = {
    route,
    target,
    type,
    destination,
    metadata,
    ...(statusId === undefined ? {} : { statusId }),
    ...tallyOf(planned),
  };
  return {
    id,
    targetKey: toKey(target),
    routeKey: toKey(route),
    concurrency: planned.policy.concurrency,
    ratePerSecond: planned.policy.ratePerSecond ?? null,
    lane: planned.lane.key,
    newest: planned.lane.policy === 'newest',
    latest: planned.lane.backlog === 'latest',
    plan: JSON.stringify(plan),
    tally: planned.tally ?? null,
  };
}

/** The plan of a delivery that tells an older revision that a newer one has taken its place. */
export function toClosingPlan(plan: string, closed: { readonly revision: string; readonly by: TallyEntry }): string {
  const { revision, by } = closed;
  return JSON.stringify({ ...(JSON.parse(plan) as Plan), tally: { revision, speaksFor: by.speaksFor, closedBy: by.revision } });
}

function tallyOf({ tally }: PlannedDelivery): Pick<Delivery, 'tally'> {
  return tally === undefined ? {} : { tally: { revision: tally.revision, speaksFor: tally.speaksFor } };
}

export function toEventInput(entry: Append, deliveries: readonly DeliveryInput[]): EventInput {
  const { event, verdicts, revision } = entry;
  const { subject, dedup } = event;
  return {
    columns: [
      event.id,
      event.occurredAtMs,
      event.dialect,
      event.tenant,
      event.cluster,
      event.origin,
      subject.kind,
      subject.namespace,
      subject.name,
      subject.apiVersion,
      subject.uid,
      subject.resourceVersion,
      subject.fieldPath,
      dedup?.key ?? null,
      dedup?.windowMs ?? null,
      revision,
      verdicts.length === 0 ? '[]' : JSON.stringify(verdicts),
      event.body,
      event.traceparent ?? null,
    ],
    occurredMs: event.occurredAtMs,
    dedupKey: dedup?.key ?? null,
    dedupWindowMs: dedup?.windowMs ?? 0,
    isPending: verdicts.some((verdict) => verdict.kind === 'pending'),
    deliveries,
    remember: entry.remember ?? null,
  };
}

export function toResolutionInput(entry: Resolution, newDeliveryId: () => string): ResolutionInput {
  return {
    eventId: entry.eventId,
    verdicts: JSON.stringify(entry.verdicts),
    deliveries: entry.deliveries.map((planned) => toDeliveryInput(newDeliveryId(), planned)),
    revision: entry.revision,
    retryAfterMs: entry.retryAfterMs,
    dead: (entry.dead ?? []).map(({ delivery, reason, message }) => ({
      delivery: toDeliveryInput(newDeliveryId(), delivery),
      reason,
      message,
    })),
  };
}

/** A delivery that was appended by this process and never tried before. */
export function toFreshDelivery(row: LeaseRow, eventId: string, planned: PlannedDelivery, subject: Delivery['subject']): Delivery {
  return {
    id: row.id,
    eventId,
    route: planned.route,
    target: planned.target,
    type: planned.type,
    destination: planned.destination,
    part: 0,
    lane: planned.lane,
    state: 'leased',
    metadata: planned.metadata,
    ...(planned.statusId === undefined ? {} : { statusId: planned.statusId }),
    ...tallyOf(planned),
    createdAtMs: row.createdMs,
    dueAtMs: null,
    expiresAtMs: row.expiresMs,
    attempts: 0,
    outOfOrder: row.outOfOrder,
    endedAtMs: null,
    history: [],
    subject: { kind: subject.kind, namespace: subject.namespace, name: subject.name },
  };
}

export function toDelivery({ delivery: row, attempts, decisions }: DeliveryRows): Delivery {
  const plan = JSON.parse(text(row, 'plan')) as Plan;
  const state = DELIVERY_STATES[number(row, 'state')] ?? 'dead';
  return {
    id: text(row, 'id'),
    eventId: text(row, 'event_id'),
    route: plan.route,
    target: plan.target,
    type: plan.type,
    destination: plan.destination,
    part: number(row, 'part'),
    lane: {
      key: text(row, 'lane'),
      policy: row['newest'] === 1 ? 'newest' : 'ordered',
      backlog: row['latest'] === 1 ? 'latest' : 'all',
    },
    state,
    metadata: toRecord(plan.metadata),
    ...(plan.statusId === undefined ? {} : { statusId: plan.statusId }),
    ...(plan.tally === undefined ? {} : { tally: plan.tally }),
    createdAtMs: number(row, 'created_ms'),
    dueAtMs: state === 'waiting' ? numberOrNull(row, 'due_ms') : null,
    expiresAtMs: number(row, 'expires_ms'),
    attempts: number(row, 'attempts'),
    outOfOrder: row['out_of_order'] === 1,
    ...(typeof row['reason'] === 'string' ? { reason: row['reason'] as Reason } : {}),
    ...(typeof row['message'] === 'string' ? { message: row['message'] } : {}),
    endedAtMs: numberOrNull(row, 'ended_ms'),
    history: attempts.map(toAttempt),
    ...(decisions.length === 0 ? {} : { decisions: decisions.map(toDecision) }),
    subject: { kind: text(row, 'kind'), namespace: text(row, 'namespace'), name: text(row, 'name') },
  };
}

/** For people, who are to see also what cannot be read: that is left out, and the message says so. */
export function toShownDelivery(rows: DeliveryRows): Delivery {
  return readOr(
    () => toDelivery(rows),
    (why) => toDelivery(toReadable(rows, why)),
  );
}

function toReadable({ delivery, attempts, decisions }: DeliveryRows, why: string): DeliveryRows {
  const isPlanReadable = isReadable(() => toDelivery({ delivery, attempts: [], decisions }));
  const message = delivery['message'];
  return {
    delivery: {
      ...delivery,
      plan: isPlanReadable ? text(delivery, 'plan') : JSON.stringify(UNREADABLE_PLAN),
      reason: delivery['reason'] ?? 'bug',
      message: typeof message === 'string' ? `${message}; ${why}` : why,
    },
    attempts: attempts.filter((row) => isReadable(() => toAttempt(row))),
    decisions,
  };
}

/** What an error says of something that was stored. */
export function describeUnreadable(error: unknown): string {
  return `what is stored cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

function readOr<Value>(read: () => Value, otherwise: (why: string) => Value): Value {
  try {
    return read();
  } catch (error) {
    return otherwise(describeUnreadable(error));
  }
}

function isReadable(read: () => unknown): boolean {
  return readOr(
    () => [read()].length > 0,
    () => false,
  );
}

function toAttempt(row: Row): Attempt {
  return { ...(JSON.parse(text(row, 'record')) as AttemptRecord), number: number(row, 'number'), atMs: number(row, 'at_ms') };
}

function toDecision(row: Row): PersonsDecision {
  return {
    kind: row['kind'] === 'cancel' ? 'cancel' : 'replay',
    atMs: number(row, 'at_ms'),
    by: text(row, 'by_whom'),
    forced: row['forced'] === 1,
    from: DELIVERY_STATES[number(row, 'from_state')] ?? 'dead',
    ...(typeof row['reason'] === 'string' ? { reason: row['reason'] as Reason } : {}),
  };
}

export function toEvent(row: Row, project: Project): Event {
  const dialect = text(row, 'dialect');
  const body = text(row, 'body');
  const dedupKey = row['dedup_key'];
  return {
    id: text(row, 'id'),
    dialect,
    tenant: text(row, 'tenant'),
    cluster: text(row, 'cluster'),
    origin: text(row, 'origin'),
    subject: toSubject(row),
    occurredAtMs: numberOrNull(row, 'occurred_ms'),
    dedup: typeof dedupKey === 'string' ? { key: dedupKey, windowMs: number(row, 'dedup_window_ms') } : null,
    ...(typeof row['traceparent'] === 'string' ? { traceparent: row['traceparent'] } : {}),
    body,
    flux: project(dialect, body),
  };
}

function toSubject(row: Row): Event['subject'] {
  return {
    apiVersion: text(row, 'api_version'),
    kind: text(row, 'kind'),
    namespace: text(row, 'namespace'),
    name: text(row, 'name'),
    uid: text(row, 'uid'),
    resourceVersion: text(row, 'resource_version'),
    fieldPath: text(row, 'field_path'),
  };
}

export function toVerdicts(row: Row): readonly Verdict[] {
  return JSON.parse(text(row, 'verdicts')) as readonly Verdict[];
}

/** For people, who are to see also what cannot be read: its message says so. */
export function toStoredEvent(row: Row, project: Project): StoredEvent {
  const projectAnyway: Project = (dialect, body) =>
    readOr(
      () => project(dialect, body),
      (message) => ({ ...UNREADABLE_EVENT, involvedObject: toSubject(row), message }),
    );
  return {
    event: toEvent(row, projectAnyway),
    acceptedAtMs: number(row, 'accepted_ms'),
    verdicts: readOr(
      () => toVerdicts(row),
      () => [],
    ),
    revision: text(row, 'revision'),
    pending: row['pending_due_ms'] !== null,
  };
}

/** Back to a null prototype, so that a key such as `__proto__` is only data. */
function toRecord(pairs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.assign(Object.create(null) as Record<string, string>, pairs);
}

export function number(row: Row, name: string): number {
  return Number(row[name] ?? 0);
}

function numberOrNull(row: Row, name: string): number | null {
  const value = row[name];
  return typeof value === 'number' ? value : null;
}

function text(row: Row, name: string): string {
  return String(row[name] ?? '');
}

/** The new verdicts in the place of those of the same routes; routes that are new come last. */
export function mergeVerdicts(stored: readonly Verdict[], changed: readonly Verdict[]): readonly Verdict[] {
  const byRoute = new Map(stored.map((verdict) => [toKey(verdict.route), verdict]));
  for (const verdict of changed) byRoute.set(toKey(verdict.route), verdict);
  return [...byRoute.values()];
}
