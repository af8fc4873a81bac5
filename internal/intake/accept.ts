// The way of an event from any input into the store: decide what it means, append it, answer. No network I/O.
//
// Never rejects, and always answers in time: when the store cannot take an event or is slow, the sender is told to come
// back. An append that outlives its answer goes on; once it commits, the sender's repeat is a duplicate.
import { type Append, type AppendResult, type Outbox, StoreError } from '../outbox/store.ts';
import { InFlight, type InFlightLimits, type Passage } from './in-flight.ts';
import { type Event, OWN_ORIGIN } from '../event/event.ts';
import type { Decision } from '../routing/decision.ts';
import { toKeptVerdicts } from '../routing/kept-verdicts.ts';
import type { Notice } from '../routing/route.ts';
import type { IntakeMetrics } from '../sdk/metrics.ts';
import type { Clock, Logger } from '../sdk/ports.ts';
import type { Accept, Accepted } from './accept-port.ts';

/**
 * Senders of Flux events give up after 5 s; what they are answered has to be there by then. More events at a time make no
 * larger commits that would pay: they only wait for each other, past the time that the last ones have.
 */
export const DEFAULT_LIMITS: InFlightLimits = {
  maxEvents: 512,
  maxBytes: 64 * 1024 * 1024,
  maxAgeMs: 2_000,
  answerWithinMs: 2_500,
};

/** What accepting needs from the other parts. */
export interface AcceptOptions {
  readonly outbox: Pick<Outbox, 'append'>;
  /** What the current configuration makes of an event; pure and quick. */
  readonly decide: (event: Event) => Decision;
  /** Told of notices once their event is durable; never for duplicates. */
  readonly onNotices: (event: Event, notices: readonly Notice[]) => void;
  readonly clock: Clock;
  readonly metrics: IntakeMetrics;
  readonly log: Logger;
  readonly limits?: Partial<InFlightLimits>;
}

/** What a verdict takes on its way to the store; an event of which thousands of Alerts say something weighs megabytes. */
const VERDICT_BYTES = 1_000;
/** Flux senders sleep this inside a reconcile, so it stays short. */
const RETRY_SOON_MS = 1_000;
const RETRY_LATER_MS = 2_000;

/** Builds the accept port over an outbox; `stop` answers all who wait and refuses what comes after. */
export function createAccept(options: AcceptOptions): { readonly accept: Accept; readonly stop: () => void } {
  const intake = new Intake(options);
  return {
    accept: (events) => Promise.all(events.map((event) => intake.take(event))),
    stop: () => intake.stop(),
  };
}

class Intake {
  readonly #options: AcceptOptions;
  readonly #inFlight: InFlight;
  #isStopped = false;
  /** Failures of the store in a row; only the first and the recovery are logged. */
  #failures = 0;

  constructor(options: AcceptOptions) {
    this.#options = options;
    this.#inFlight = new InFlight(options.clock, { ...DEFAULT_LIMITS, ...options.limits });
  }

  stop(): void {
    this.#isStopped = true;
    this.#inFlight.stop();
  }

  async take(event: Event): Promise<Accepted> {
    const answer = await this.#admit(event);
    // What this program tells of itself has no sender.
    if (event.origin !== OWN_ORIGIN) this.#options.metrics.answered(event.dialect, answer.outcome);
    return answer;
  }

  #admit(event: Event): Accepted | Promise<Accepted> {
    if (this.#isStopped) return busy(RETRY_SOON_MS, 'shutting down');
    const bytes = Buffer.byteLength(event.body);
    const refusal = this.#inFlight.refusal(bytes);
    if (refusal !== undefined) return busy(RETRY_SOON_MS, refusal);
    const decision = this.#decide(event);
    return new Promise((resolve) => {
      const weight = bytes + decision.verdicts.length * VERDICT_BYTES;
      const passage = this.#inFlight.start(weight, () => resolve(busy(RETRY_SOON_MS, 'the store is slow')));
      void this.#append(event, decision, passage).then(resolve);
    });
  }

  /** A failure here is a bug of ours, and no reason to lose the event: the router decides it later. */
  #decide(event: Event): Decision {
    try {
      return this.#options.decide(event);
    } catch (error) {
      this.#options.log.error({ eventId: event.id, error }, 'deciding about an event failed; its verdict is pending');
      return undecided(event);
    }
  }

  async #append(event: Event, decision: Decision, passage: Passage): Promise<Accepted> {
    try {
      const [result] = await this.#options.outbox.append([toAppend(event, decision)]);
      if (result === undefined) throw new TypeError('the outbox gave no result for an event');
      this.#onCommitted(event, decision, result);
      return result;
    } catch (error) {
      return this.#onFailed(event, error);
    } finally {
      this.#inFlight.finish(passage);
    }
  }

  #onCommitted(event: Event, decision: Decision, result: AppendResult): void {
    const { log, metrics, onNotices } = this.#options;
    if (this.#failures > 0) log.info({ failures: this.#failures }, 'the store takes events again');
    this.#failures = 0;
    if (result.outcome === 'duplicate') return;
    for (const verdict of decision.verdicts) {
      metrics.decided(event.dialect, verdict.kind, 'reason' in verdict ? verdict.reason : '');
    }
    if (decision.notices.length === 0) return;
    try {
      onNotices(event, decision.notices);
    } catch (error) {
      log.error({ eventId: event.id, error }, 'reporting the notices of an event failed');
    }
  }

  #onFailed(event: Event, error: unknown): Accepted {
    this.#failures += 1;
    if (!(error instanceof StoreError)) {
      this.#options.log.error({ eventId: event.id, error }, 'storing an event failed unexpectedly');
      return busy(RETRY_LATER_MS, 'the store failed');
    }
    if (this.#failures === 1) this.#options.log.warn({ code: error.code, error }, 'the store does not take events');
    return busy(error.code === 'busy' ? RETRY_SOON_MS : RETRY_LATER_MS, `the store does not take events: ${error.code}`);
  }
}

function busy(retryAfterMs: number, message: string): Accepted {
  return { outcome: 'busy', retryAfterMs, message };
}

function toAppend(event: Event, decision: Decision): Append {
  return { event, verdicts: toKeptVerdicts(decision.verdicts), deliveries: decision.deliveries, revision: decision.revision };
}

/** The verdict that stands for all Routes, as when there is no Snapshot: none of them could be asked. */
function undecided(event: Event): Decision {
  const route = { dialect: event.dialect, tenant: event.tenant, namespace: '', name: '', uid: '' };
  return {
    verdicts: [{ kind: 'pending', reason: 'no-snapshot', route, targetKey: '', detail: 'the event could not be decided at its arrival' }],
    deliveries: [],
    notices: [],
    revision: '',
  };
}
