// What a thrown error means for a delivery. Expected failures are values; what is thrown is broken I/O, faulty
// configuration, or a bug.
import { StoreError } from '../outbox/store.ts';
import { SecretUnavailable } from '../sdk/credentials.ts';
import { TransportError } from '../sdk/http.ts';
import type { Outcome } from '../sdk/outcome.ts';
import type { Random } from '../sdk/ports.ts';
import { ConfigFault } from '../sdk/provider.ts';
import { BudgetSpent } from './budgets.ts';

const SECRET_RETRY_MS = 30_000;
const STORE_RETRY_MS = 10_000;
const MAX_CAUSES = 5;

/** The try was ended by a shutdown, not by the other side. */
export class Aborted extends Error {
  constructor() {
    super('aborted by shutdown');
    this.name = 'Aborted';
  }
}

/** The Outcome of an error that came out of resolving, rendering or sending. */
export function toFailure(thrown: unknown, random: Random): Outcome {
  // Vendors' clients wrap what our transport rejects with, so the causes are looked at as well.
  for (const error of causesOf(thrown)) {
    const outcome = toKnownFailure(error, random);
    if (outcome !== undefined) return outcome;
  }
  return { kind: 'retry', reason: 'bug', message: `unexpected error: ${describeError(thrown)}` };
}

/** Spreads a wait by 25 % either way, so that many deliveries do not come back at one moment. */
export function jitter(delayMs: number, random: Random): number {
  return Math.round(delayMs * (0.75 + random() * 0.5));
}

function toKnownFailure(error: unknown, random: Random): Outcome | undefined {
  if (error instanceof BudgetSpent) {
    return { kind: 'deferred', reason: 'rate-limited', message: error.message, until: { afterMs: error.afterMs } };
  }
  if (error instanceof Aborted) return { kind: 'retry', reason: 'network', message: error.message };
  if (error instanceof TransportError) return toTransportFailure(error);
  if (error instanceof ConfigFault) return { kind: 'deferred', reason: 'config', message: error.message, until: 'target-change' };
  if (error instanceof SecretUnavailable) {
    return { kind: 'deferred', reason: 'config', message: error.message, until: { afterMs: jitter(SECRET_RETRY_MS, random) } };
  }
  if (error instanceof StoreError) {
    const message = `memory could not be read (${error.code})`;
    return { kind: 'deferred', reason: 'bug', message, until: { afterMs: jitter(STORE_RETRY_MS, random) } };
  }
  return undefined;
}

function toTransportFailure({ reason, message }: TransportError): Outcome {
  switch (reason) {
    case 'network':
    case 'timeout':
      return { kind: 'retry', reason, message };
    case 'egress':
    case 'config':
      return { kind: 'deferred', reason, message, until: 'target-change' };
    case 'bad-request':
    case 'too-large':
      return { kind: 'rejected', reason, message };
    default:
      return reason satisfies never;
  }
}

function causesOf(thrown: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let error = thrown; error !== undefined && causes.length < MAX_CAUSES; error = error instanceof Error ? error.cause : undefined) {
    causes.push(error);
  }
  return causes;
}

/** Name and message of whatever was thrown. */
export function describeError(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}

/** The same with where it was thrown, for whoever has to find the bug. */
export function describeBug(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.stack : undefined) ?? describeError(thrown);
}
