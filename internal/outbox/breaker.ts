// The breaker of one Target: after failures in a row it pauses everything owed to the Target but single probes.
// Pure: the adapter stores the value and says which try was the probe.
import type { Outcome, Reason } from '../sdk/outcome.ts';

const BREAKER_FAILURES = 5;
const FIRST_PROBE_MS = 10_000;
/** The longest pause before a probe. */
export const LONGEST_PROBE_MS = 5 * 60_000;

export interface Breaker {
  /** Failures in a row. */
  readonly failures: number;
  /** When the next probe may go; null = running. */
  readonly pausedUntilMs: number | null;
  /** The pause before that probe. */
  readonly probeDelayMs: number;
}

export const CLOSED_BREAKER: Breaker = { failures: 0, pausedUntilMs: null, probeDelayMs: 0 };

/** `alive`: the other side answered; `failing`: it did not, or not as itself; `silent`: the try says nothing about it. */
export type BreakerSignal = 'alive' | 'failing' | 'silent';

const FAILING: readonly Reason[] = ['server', 'timeout', 'network'];
/** Answers about the message that only a living Target gives; auth and configuration may fail before anything is sent. */
const ANSWERED: readonly Reason[] = ['bad-request', 'not-found', 'too-large'];

/** What an outcome says about the Target as a whole. */
export function toBreakerSignal(outcome: Outcome): BreakerSignal {
  if (outcome.kind === 'delivered' || outcome.reason === 'rate-limited') return 'alive';
  if (outcome.kind === 'retry' && FAILING.includes(outcome.reason)) return 'failing';
  if (outcome.kind === 'rejected' && ANSWERED.includes(outcome.reason)) return 'alive';
  return 'silent';
}

export type BreakerChange = 'closed' | 'opened' | 'open' | 'recovered';

/** The breaker after one try. While it is open only the probe's failure lengthens the pause; any sign of life ends it. */
export function nextBreaker(
  breaker: Breaker,
  signal: BreakerSignal,
  at: { readonly nowMs: number; readonly isProbe: boolean },
): { readonly breaker: Breaker; readonly change: BreakerChange } {
  const isOpen = breaker.pausedUntilMs !== null;
  if (signal === 'alive') return { breaker: CLOSED_BREAKER, change: isOpen ? 'recovered' : 'closed' };
  if (signal === 'silent' && !at.isProbe) return { breaker, change: isOpen ? 'open' : 'closed' };

  const failures = signal === 'failing' ? breaker.failures + 1 : breaker.failures;
  if (isOpen) {
    if (!at.isProbe) return { breaker: { ...breaker, failures }, change: 'open' };
    // A probe that says nothing still waits for the next turn, else a Target full of such deliveries is probed without pause.
    const probeDelayMs = signal === 'failing' ? Math.min(LONGEST_PROBE_MS, breaker.probeDelayMs * 2) : breaker.probeDelayMs;
    return { breaker: { failures, pausedUntilMs: at.nowMs + probeDelayMs, probeDelayMs }, change: 'open' };
  }
  if (failures < BREAKER_FAILURES) return { breaker: { ...breaker, failures }, change: 'closed' };
  return { breaker: { failures, pausedUntilMs: at.nowMs + FIRST_PROBE_MS, probeDelayMs: FIRST_PROBE_MS }, change: 'opened' };
}
