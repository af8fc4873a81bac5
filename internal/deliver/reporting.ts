// What people and metrics learn of attempts. The same cause for the same Target is logged once and then counted; success
// after failures says how many there were.
import type { Lease, Settlement, SettleResult } from '../outbox/store.ts';
import type { Outcome } from '../sdk/outcome.ts';
import type { DeliveryMetrics } from '../sdk/metrics.ts';
import type { LogFields, Logger } from '../sdk/ports.ts';
import { toKey } from '../sdk/target.ts';
import { describeError } from './failure.ts';

const MAX_TARGETS = 10_000;

/** Told at a delivery's first failed attempt, and when it is given up; each at most once per delivery. */
export type OnFailure = (lease: Lease, outcome: Outcome, stage: 'first-attempt' | 'ended') => void;

export interface Settled {
  readonly lease: Lease;
  readonly settlement: Settlement;
  readonly result: SettleResult;
  readonly durationMs: number;
  /** An error that no part of a try may throw, and where it came from; redacted. */
  readonly bug?: string;
}

export interface ReportingOptions {
  readonly log: Logger;
  readonly metrics: DeliveryMetrics;
  readonly onFailure: OnFailure;
  /** Told of every try whose result is stored. */
  readonly onSettled?: (settled: Settled) => void;
}

/** Returns the function that reports one settled attempt. */
export function createReporting(options: ReportingOptions): (settled: Settled) => void {
  const failing = new Map<string, { cause: string; count: number }>();
  return (settled) => {
    const { settlement, result } = settled;
    const fields = toFields(settled);
    if (result.result === 'fenced') {
      if (result.state === 'cancelled') options.log.info(fields, 'Delivery was cancelled while it was sent');
      else options.log.warn(fields, 'Lease was lost before the result was stored');
      return;
    }
    count(options.metrics, settled);
    options.onSettled?.(settled);
    if (settlement.outcome.kind === 'delivered') reportSuccess(options.log, failing, fields, targetOf(settled));
    else if (settlement.attempt.outcome === 'aborted') options.log.info(fields, 'Attempt was cut short by shutdown');
    else reportFailure(options.log, failing, fields, settled);
    reportBreaker(options.log, fields, result);
    notice(options, settled);
  };
}

function targetOf({ lease }: Settled): string {
  return toKey(lease.delivery.target);
}

function toFields({ lease, settlement, result, durationMs }: Settled): LogFields {
  const { delivery } = lease;
  const { attempt } = settlement;
  return {
    eventId: delivery.eventId,
    deliveryId: delivery.id,
    alert: `${delivery.route.namespace}/${delivery.route.name}`,
    provider: `${delivery.target.namespace}/${delivery.target.name}`,
    type: delivery.type,
    attempt: delivery.attempts + 1,
    outcome: attempt.outcome,
    ...(attempt.reason === undefined ? {} : { reason: attempt.reason, message: attempt.message }),
    state: result.state,
    durationMs: Math.round(durationMs),
  };
}

function count(metrics: DeliveryMetrics, { lease, settlement, result, durationMs }: Settled): void {
  const { type, target, route } = lease.delivery;
  const { outcome, reason = '' } = settlement.attempt;
  metrics.attempted({ type, outcome, reason, seconds: durationMs / 1000 });
  if (result.state !== 'waiting' && result.state !== 'leased') {
    metrics.ended({ type, state: result.state, reason, ageSeconds: (lease.ageMs + durationMs) / 1000, target, route });
  }
  if (result.breaker === 'opened' || result.breaker === 'recovered') metrics.breaker(type, result.breaker);
}

function reportSuccess(log: Logger, failing: Map<string, { count: number }>, fields: LogFields, target: string): void {
  const failure = failing.get(target);
  if (failure === undefined) {
    log.debug(fields, 'Delivered');
    return;
  }
  failing.delete(target);
  log.info({ ...fields, failures: failure.count }, 'Delivered again after failures');
}

function reportFailure(
  log: Logger,
  failing: Map<string, { cause: string; count: number }>,
  fields: LogFields,
  { settlement, result, bug, lease }: Settled,
): void {
  const target = toKey(lease.delivery.target);
  const cause = `${settlement.attempt.reason ?? ''} ${result.state === 'dead'}`;
  const failure = failing.get(target);
  if (failure?.cause === cause) {
    failure.count += 1;
    log.debug({ ...fields, failures: failure.count }, 'Attempt failed as before');
    return;
  }
  remember(failing, target, { cause, count: (failure?.count ?? 0) + 1 });
  if (settlement.attempt.reason === 'suspended') log.info(fields, 'Delivery waits for its Provider to be resumed');
  else if (bug !== undefined) log.error({ ...fields, error: bug }, 'Attempt failed through a bug');
  else if (result.state === 'dead') log.warn(fields, 'Delivery is given up');
  else log.warn(fields, 'Attempt failed');
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  const oldest = map.size < MAX_TARGETS ? undefined : map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

function reportBreaker(log: Logger, fields: LogFields, result: SettleResult): void {
  if (result.breaker === 'opened') log.warn(fields, 'Provider is paused after repeated failures');
  if (result.breaker === 'recovered') log.info(fields, 'Provider has recovered');
}

function notice(options: ReportingOptions, { lease, settlement, result }: Settled): void {
  const { outcome, attempt } = settlement;
  if (outcome.kind === 'delivered' || attempt.outcome === 'aborted') return;
  const isEnded = result.state === 'dead';
  const { attempts, history, reason } = lease.delivery;
  // A deferral counts no attempt but leaves its reason behind.
  const isFirst = attempts === 0 && history.length === 0 && reason === undefined;
  // Suspending a Provider is what a person wanted, so there is nothing to tell them about it.
  if (!isEnded && (!isFirst || outcome.reason === 'suspended')) return;
  try {
    options.onFailure(lease, outcome, isEnded ? 'ended' : 'first-attempt');
  } catch (error) {
    options.log.error({ error: describeError(error) }, 'Failure notice could not be given');
  }
}
