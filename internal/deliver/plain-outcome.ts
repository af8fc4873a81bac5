// What a provider returns, as plain data. Types end where a program runs: what a vendor's client added is left out, and what nobody
// could store or read is a bug of the provider and not a reason to hold up the results of others.
import { type DeferredUntil, type Fact, type Outcome, REASONS } from '../sdk/outcome.ts';

/** The same outcome without anything besides; throws TypeError when it is none. */
export function toPlainOutcome(outcome: Outcome): Outcome {
  switch (outcome.kind) {
    case 'delivered': {
      const { note, ref, remember } = outcome;
      return {
        kind: 'delivered',
        ...(ref === undefined ? {} : { ref: text(ref) }),
        ...(note === undefined ? {} : { note: text(note) }),
        ...(remember === undefined ? {} : { remember: remember.map(toPlainFact) }),
      };
    }
    case 'retry': {
      const { afterMs } = outcome;
      return { kind: 'retry', ...because(outcome), ...(afterMs === undefined ? {} : { afterMs: number(afterMs) }) };
    }
    case 'deferred':
      return { kind: 'deferred', ...because(outcome), until: toPlainUntil(outcome.until) };
    case 'rejected':
      return { kind: 'rejected', ...because(outcome) };
  }
  throw new TypeError('the provider returned no outcome');
}

/** The same fact without anything besides; throws TypeError when it is none. */
export function toPlainFact({ key, scope, value }: Fact): Fact {
  return { scope: text(scope), key: text(key), value: text(value) };
}

function because({
  message,
  reason,
}: Exclude<Outcome, { kind: 'delivered' }>): Pick<Exclude<Outcome, { kind: 'delivered' }>, 'reason' | 'message'> {
  if (!REASONS.includes(reason)) throw new TypeError(`the provider gave the unknown reason ${JSON.stringify(reason)}`);
  return { reason, message: text(message) };
}

function toPlainUntil(until: DeferredUntil): DeferredUntil {
  return until === 'target-change' ? until : { afterMs: number(until.afterMs) };
}

function number(value: number): number {
  if (typeof value !== 'number') throw new TypeError(`the provider returned ${typeof value} in the place of a number`);
  return value;
}

function text(value: string): string {
  if (typeof value !== 'string') throw new TypeError(`the provider returned ${typeof value} in the place of text`);
  return value;
}
