// Ends of deliveries by Alert and Provider, for whoever asked for series per object. They are as many as somebody writes
// manifests, so there is a limit, and none exists before something happened.
import { Counter, type Registry } from 'prom-client';
import type { DeliveryMetrics } from '../sdk/metrics.ts';

const MAX_SERIES = 1_000;

type End = Parameters<DeliveryMetrics['ended']>[0];

/** Registers the counter; what has no room any more is counted as left out. */
export function createObjectMetrics(registry: Registry): (end: End) => void {
  const ends = new Counter({
    name: 'tocsin_object_deliveries_total',
    help: 'Deliveries that reached their end, by Alert and Provider.',
    labelNames: ['kind', 'namespace', 'name', 'state'],
    registers: [registry],
  });
  const leftOut = new Counter({
    name: 'tocsin_object_deliveries_left_out_total',
    help: `Ends that were not counted by object because there are ${MAX_SERIES} series already.`,
    registers: [registry],
  });
  const known = new Set<string>();
  const count = (kind: string, { namespace, name }: End['target'], state: string): void => {
    const key = [kind, namespace, name, state].join('\n');
    if (!known.has(key) && known.size >= MAX_SERIES) return leftOut.inc();
    known.add(key);
    ends.inc({ kind, namespace, name, state });
  };
  return ({ route, target, state }) => {
    count('Alert', route, state);
    count('Provider', target, state);
  };
}
