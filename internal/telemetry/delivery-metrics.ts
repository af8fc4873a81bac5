// Attempts and ends of deliveries, by provider type.
import { Counter, Histogram, type Registry } from 'prom-client';
import type { DeliveryMetrics } from '../sdk/metrics.ts';
import type { DeliveryOutcomeLabel, Reason } from '../sdk/outcome.ts';

const DURATION_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const AGE_BUCKETS = [0.1, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400];

/** The pairs that can happen, so that a graph has its zero before the first failure. */
const ATTEMPTS: Readonly<Record<DeliveryOutcomeLabel, readonly (Reason | '')[]>> = {
  delivered: [''],
  retry: ['server', 'timeout', 'network', 'rate-limited', 'not-found', 'bug'],
  deferred: ['auth', 'config', 'rate-limited', 'server', 'egress', 'suspended', 'target-gone'],
  rejected: ['bad-request', 'too-large'],
  aborted: ['network'],
};
const ENDS: Readonly<Record<string, readonly string[]>> = {
  delivered: [''],
  superseded: [''],
  cancelled: ['cancelled'],
  dead: ['bad-request', 'too-large', 'not-found', 'expired', 'target-gone', 'server', 'timeout', 'network', 'auth', 'config'],
};

/** Registers the counters and histograms of deliveries. */
export function createDeliveryMetrics(
  registry: Registry,
  types: readonly string[],
  onEnded?: (end: Parameters<DeliveryMetrics['ended']>[0]) => void,
): DeliveryMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'tocsin_delivery_attempts_total',
    help: 'Tries of deliveries by what they ended as.',
    labelNames: ['type', 'outcome', 'reason'],
    registers,
  });
  const durations = new Histogram({
    name: 'tocsin_delivery_duration_seconds',
    help: 'How long one try took.',
    labelNames: ['type'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const ends = new Counter({
    name: 'tocsin_deliveries_total',
    help: 'Deliveries that reached their end.',
    labelNames: ['type', 'state', 'reason'],
    registers,
  });
  const ages = new Histogram({
    name: 'tocsin_delivery_age_seconds',
    help: 'Time from acceptance of the event to the end of its delivery.',
    labelNames: ['type', 'state'],
    buckets: AGE_BUCKETS,
    registers,
  });
  const breakers = new Counter({
    name: 'tocsin_breaker_changes_total',
    help: 'Targets paused after repeated failures, and recovered ones.',
    labelNames: ['type', 'change'],
    registers,
  });
  for (const type of types) {
    for (const [outcome, reasons] of Object.entries(ATTEMPTS)) for (const reason of reasons) attempts.inc({ type, outcome, reason }, 0);
    for (const [state, reasons] of Object.entries(ENDS)) for (const reason of reasons) ends.inc({ type, state, reason }, 0);
    for (const change of ['opened', 'recovered']) breakers.inc({ type, change }, 0);
    durations.zero({ type });
    ages.zero({ type, state: 'delivered' });
  }
  const known = new Set(types);
  // The type comes from a manifest, which may name anything.
  const toType = (type: string): string => (known.has(type) ? type : 'other');
  return {
    attempted({ type, outcome, reason, seconds }) {
      attempts.inc({ type: toType(type), outcome, reason });
      durations.observe({ type: toType(type) }, seconds);
    },
    ended(end) {
      const { type, state, reason, ageSeconds } = end;
      onEnded?.(end);
      ends.inc({ type: toType(type), state, reason });
      ages.observe({ type: toType(type), state }, ageSeconds);
    },
    breaker: (type, change) => breakers.inc({ type: toType(type), change }),
  };
}
