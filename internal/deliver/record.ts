// What the history keeps of a try: scheme and host only, redacted bodies of at most 4 KiB, no headers.
import type { AttemptRecord, Exchange } from '../outbox/store.ts';
import type { DeliveryOutcomeLabel, Fact, Outcome } from '../sdk/outcome.ts';
import type { Observed, Redactor } from '../sdk/transport.ts';
import { toOrigin } from './budgets.ts';
import { byteLength, excerptOf, toLine } from './excerpt.ts';

const MESSAGE_CHARS = 1024;
/** A try that reads many pages keeps its first and last exchanges, as the history does with attempts. */
const FIRST_EXCHANGES = 3;
const LAST_EXCHANGES = 7;

export interface Recording {
  readonly outcome: Outcome;
  readonly label: DeliveryOutcomeLabel;
  readonly durationMs: number;
  readonly observed: readonly Observed[];
  readonly note?: string;
}

/** Turns what was seen of a try into its redacted record. */
export function toRecord(recording: Recording, redactor: Redactor): AttemptRecord {
  const { outcome, label, observed } = recording;
  const isDelivered = outcome.kind === 'delivered';
  const note = recording.note ?? (isDelivered ? outcome.note : undefined);
  return {
    durationMs: Math.round(recording.durationMs),
    outcome: label,
    ...(isDelivered ? {} : { reason: outcome.reason, message: outcome.message }),
    ...(note === undefined ? {} : { note: toLine(redactor.redact(note), MESSAGE_CHARS) }),
    exchanges: sample(observed).map((exchange) => toExchange(exchange, isDelivered, redactor)),
  };
}

/** Takes secrets out of everything that an Outcome says; its texts become one line each. */
export function redactOutcome(outcome: Outcome, redactor: Redactor): Outcome {
  if (outcome.kind !== 'delivered') return { ...outcome, message: toLine(redactor.redact(outcome.message), MESSAGE_CHARS) };
  const { ref, remember, note } = outcome;
  return {
    kind: 'delivered',
    ...(ref === undefined ? {} : { ref: redactor.redact(ref) }),
    ...(remember === undefined ? {} : { remember: separateFacts(remember, redactor).clean }),
    ...(note === undefined ? {} : { note: redactor.redact(note) }),
  };
}

/**
 * Facts are compared, so a scrubbed one would only mislead. One that holds a secret is not stored, and its scope counts as
 * unknown: the provider asks the vendor again.
 */
export function separateFacts(facts: readonly Fact[], redactor: Redactor): { clean: readonly Fact[]; unknownScopes: readonly string[] } {
  const isClean = ({ key, value }: Fact): boolean => redactor.redact(key) === key && redactor.redact(value) === value;
  const unknownScopes = facts.filter((fact) => !isClean(fact)).map((fact) => fact.scope);
  return { clean: facts.filter(isClean), unknownScopes };
}

function sample(observed: readonly Observed[]): readonly Observed[] {
  if (observed.length <= FIRST_EXCHANGES + LAST_EXCHANGES) return observed;
  return [...observed.slice(0, FIRST_EXCHANGES), ...observed.slice(-LAST_EXCHANGES)];
}

function toExchange({ request, response, error }: Observed, isDelivered: boolean, redactor: Redactor): Exchange {
  return {
    method: request.method,
    origin: redactor.redact(toOrigin(request.url)),
    requestBytes: byteLength(request.body),
    // What was delivered can be rendered again from the event; what was not is needed to see why, so only that is kept.
    ...(isDelivered || request.body === undefined ? {} : { requestBody: excerptOf({ content: request.body }, redactor) }),
    ...(response === undefined
      ? {}
      : { status: response.status, responseBody: excerptOf({ content: response.body, truncated: response.truncated }, redactor) }),
    ...(error === undefined ? {} : { error: toLine(redactor.redact(error.message), MESSAGE_CHARS) }),
  };
}
