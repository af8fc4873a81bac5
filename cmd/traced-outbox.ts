// The outbox as intake and router use it, where what they store is traced as well.
import type { Settled } from '../internal/deliver/reporting.ts';
import type { Outbox, StoreEnd } from '../internal/outbox/store.ts';
import type { Tracing } from '../internal/telemetry/tracing.ts';

type Written = Pick<Outbox, 'append' | 'pending' | 'resolve'>;

/** The outbox itself where nothing is traced. */
export function tracedOutbox(outbox: Outbox, tracing: Tracing | undefined): Written {
  if (tracing === undefined) return outbox;
  return {
    pending: (request) => outbox.pending(request),
    async append(entries) {
      const results = await outbox.append(entries);
      for (const [index, { event, deliveries, verdicts }] of entries.entries()) {
        if (results[index]?.outcome !== 'accepted') continue;
        const isPending = verdicts.some(({ kind }) => kind === 'pending');
        tracing.accepted(event, deliveries.length, isPending);
      }
      return results;
    },
    async resolve(entries) {
      await outbox.resolve(entries);
      for (const { eventId, dead = [], deliveries, verdicts } of entries) {
        const isPending = verdicts.some(({ kind }) => kind === 'pending');
        tracing.resolved(eventId, deliveries.length + dead.length, isPending);
      }
    },
  };
}

/** A try whose result is stored. */
export function traceTry(tracing: Tracing, { lease, settlement, result, durationMs }: Settled): void {
  const { delivery } = lease;
  tracing.delivery({
    ...namesOf(delivery),
    eventId: delivery.eventId,
    outcome: settlement.attempt.outcome,
    reason: settlement.attempt.reason ?? '',
    durationMs,
    isEnd: result.result === 'settled' && result.state !== 'waiting' && result.state !== 'leased',
    isDead: result.state === 'dead',
  });
}

/** A delivery that the store ended by itself. */
export function traceEnd(tracing: Tracing, end: StoreEnd): void {
  const isDead = end.state === 'dead';
  tracing.delivery({ ...namesOf(end), eventId: end.eventId, outcome: end.state, reason: end.reason, durationMs: 0, isEnd: true, isDead });
}

function namesOf({ route, target, type }: Pick<StoreEnd, 'route' | 'target' | 'type'>) {
  return { alert: `${route.namespace}/${route.name}`, provider: `${target.namespace}/${target.name}`, type };
}
