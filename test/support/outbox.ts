// Events and deliveries for tests of the outbox and of what stands on it, each made of a few words.
import type { Event } from '../../internal/event/event.ts';
import type { Append, Lane, Lease, Outbox, PlannedDelivery, Settlement, TallyEntry, TargetPolicy } from '../../internal/outbox/store.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import type { ObjectRef } from '../../internal/sdk/target.ts';

export function ref(name: string): ObjectRef {
  return { dialect: 'flux', tenant: '', namespace: 'default', name, uid: `uid-of-${name}` };
}

export interface EventWords {
  readonly name?: string;
  readonly occurredAtMs?: number | null;
  readonly dedup?: Event['dedup'];
  /** What the sender says besides. */
  readonly said?: Readonly<Record<string, string>>;
}

/** An event about `Kustomization/default/<name>` whose body is its id. */
export function anEvent(id: string, words: EventWords = {}): Event {
  const body = JSON.stringify({ id, ...words.said });
  const subject = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    namespace: 'default',
    name: words.name ?? 'app',
    uid: 'uid',
    resourceVersion: '7',
    fieldPath: '',
  };
  return {
    id,
    dialect: 'flux',
    tenant: '',
    cluster: '',
    origin: 'http',
    subject,
    occurredAtMs: words.occurredAtMs ?? null,
    dedup: words.dedup ?? null,
    body,
    flux: projectBody('flux', body),
  };
}

/** The projection that belongs to the bodies of `anEvent`: the message is the body. */
export function projectBody(_dialect: string, body: string): Event['flux'] {
  return {
    involvedObject: { apiVersion: '', kind: '', namespace: '', name: '', uid: '', resourceVersion: '', fieldPath: '' },
    severity: 'info',
    timestamp: null,
    message: body,
    reason: '',
    metadata: {},
    reportingController: '',
    reportingInstance: '',
  };
}

export interface DeliveryWords {
  readonly route?: string;
  readonly target?: string;
  readonly lane?: string;
  readonly policy?: Lane['policy'];
  readonly backlog?: Lane['backlog'];
  readonly limits?: TargetPolicy;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tally?: TallyEntry;
}

export function aDelivery(words: DeliveryWords = {}): PlannedDelivery {
  return {
    route: ref(words.route ?? 'alert'),
    target: ref(words.target ?? 'target'),
    type: 'generic',
    destination: '',
    lane: { key: words.lane ?? 'lane', policy: words.policy ?? 'ordered', backlog: words.backlog ?? 'all' },
    policy: words.limits ?? { concurrency: 8 },
    metadata: words.metadata ?? {},
    ...(words.tally === undefined ? {} : { tally: words.tally }),
  };
}

export function anAppend(event: Event, deliveries: readonly PlannedDelivery[] = [aDelivery()]): Append {
  const verdicts = deliveries.map(({ route, target }) => ({ kind: 'matched' as const, route, targetKey: `flux//default/${target.name}` }));
  return { event, verdicts, deliveries, revision: 'r1' };
}

/** What can be leased at this moment, without waiting. */
export async function leaseNow(outbox: Outbox, limit = 100, leaseMs = 60_000): Promise<readonly Lease[]> {
  const abort = new AbortController();
  const asked = outbox.lease({ owner: 'test', limit, leaseMs, waitMs: 3_600_000, signal: abort.signal });
  await outbox.stats();
  abort.abort();
  return asked;
}

export const DELIVERED: Outcome = { kind: 'delivered' };
export const SERVER_ERROR: Outcome = { kind: 'retry', reason: 'server', message: '500' };

export function aSettlement(lease: Lease, outcome: Outcome = DELIVERED): Settlement {
  return {
    deliveryId: lease.delivery.id,
    token: lease.token,
    outcome,
    attempt: {
      durationMs: 3,
      outcome: outcome.kind,
      ...(outcome.kind === 'delivered' ? {} : { reason: outcome.reason, message: outcome.message }),
      exchanges: [{ method: 'POST', origin: 'https://sink.example', requestBytes: 10, status: 200 }],
    },
  };
}
