// What happened to events, and what Routes said of them.
import { Counter, type Registry } from 'prom-client';
import type { IntakeMetrics } from '../sdk/metrics.ts';

const OUTCOMES = ['accepted', 'duplicate', 'busy', 'invalid'] as const;

/** Registers the counters of events and verdicts. */
export function createIntakeMetrics(registry: Registry, dialects: readonly string[]): Pick<IntakeMetrics, 'answered' | 'decided'> {
  const events = new Counter({
    name: 'tocsin_events_total',
    help: 'Events by what they were answered.',
    labelNames: ['dialect', 'outcome'],
    registers: [registry],
  });
  const verdicts = new Counter({
    name: 'tocsin_verdicts_total',
    help: 'What Routes said of events, with the first check that stopped them.',
    labelNames: ['dialect', 'verdict', 'reason'],
    registers: [registry],
  });
  for (const dialect of dialects) {
    for (const outcome of OUTCOMES) events.inc({ dialect, outcome }, 0);
    verdicts.inc({ dialect, verdict: 'matched', reason: '' }, 0);
  }
  return {
    answered: (dialect, outcome) => events.inc({ dialect, outcome }),
    decided: (dialect, verdict, reason) => verdicts.inc({ dialect, verdict, reason }),
  };
}
