// What the parts of Tocsin report about themselves; telemetry implements these on Prometheus, tests count.
import type { DeliveryOutcomeLabel } from './outcome.ts';

export interface IntakeMetrics {
  requestStarted(path: string): void;
  requestFinished(request: {
    readonly path: string;
    readonly method: string;
    readonly code: number;
    readonly seconds: number;
    readonly bytes: number;
  }): void;
  /** accepted, duplicate, busy or invalid, per event. */
  answered(dialect: string, outcome: 'accepted' | 'duplicate' | 'busy' | 'invalid'): void;
  /** What one Route said: matched, muted, held, pending or dropped, with the reason of the last two. */
  decided(dialect: string, verdict: string, reason: string): void;
}

/** An object by its name. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export interface DeliveryMetrics {
  attempted(attempt: {
    readonly type: string;
    readonly outcome: DeliveryOutcomeLabel;
    readonly reason: string;
    readonly seconds: number;
  }): void;
  /** A delivery reached its end. */
  ended(end: {
    readonly type: string;
    readonly state: string;
    readonly reason: string;
    readonly ageSeconds: number;
    /** Which objects it concerned; shown only where series per object are wanted. */
    readonly target: ObjectName;
    readonly route: ObjectName;
  }): void;
  breaker(type: string, change: 'opened' | 'recovered'): void;
}
