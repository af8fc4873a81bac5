// Tells of Providers that do not take messages: one that fails for five minutes, one that does so no more, and every dead
// letter, each as an event about the Provider that Alerts can name like any other object.
//
// Nothing is told of deliveries of such events themselves, so that no failure can feed on itself; that none of them goes
// through the Provider that it is about is for routing to see to.
import { type Event, type FluxEvent, OWN_ORIGIN } from '../event/event.ts';
import { encodeFluxEvent } from '../event/flux-encode.ts';
import { toEvent } from '../event/flux.ts';
import type { Outbox, StoreEnd } from '../outbox/store.ts';
import type { Outcome } from '../sdk/outcome.ts';
import type { Clock, Logger } from '../sdk/ports.ts';
import { type ObjectRef, toKey } from '../sdk/target.ts';
import { describeError } from './failure.ts';
import type { Settled } from './reporting.ts';

const FAILING_FOR_MS = 5 * 60_000;
const LOOK_EVERY_MS = 15_000;
const MAX_TARGETS = 10_000;
/** Events that the store did not take yet; the oldest are dropped beyond this many. */
const MAX_WAITING = 10_000;
const BATCH = 100;
const API_VERSION = 'notification.toolkit.fluxcd.io/v1beta3';
const KEY_PREFIX = 'notification.toolkit.fluxcd.io/';

export interface TargetWatchOptions {
  /** Hands events to the core and says of each whether it was taken. */
  readonly emit: (events: readonly Event[]) => Promise<readonly { readonly outcome: 'accepted' | 'duplicate' | 'busy' | 'invalid' }[]>;
  readonly outbox: Pick<Outbox, 'targets'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface TargetWatch {
  start(): void;
  stop(): void;
  /** A try ended and is stored. */
  settled(settled: Settled): void;
  /** The store ended a delivery by itself. */
  ended(end: StoreEnd): void;
}

/** Builds a watch; nothing is told before start. */
export function createTargetWatch(options: TargetWatchOptions): TargetWatch {
  return new Watch(options);
}

interface Failing {
  readonly target: ObjectRef;
  readonly sinceMs: number;
  attempts: number;
  message: string;
  isTold: boolean;
}

interface News {
  readonly target: ObjectRef;
  readonly reason: 'TargetFailing' | 'TargetRecovered' | 'DeadLetter';
  readonly severity: 'info' | 'error';
  readonly message: string;
  readonly facts?: Readonly<Record<string, string>>;
}

class Watch implements TargetWatch {
  readonly #options: TargetWatchOptions;
  readonly #failing = new Map<string, Failing>();
  #waiting: Event[] = [];
  #isFlushing = false;
  #cancel: (() => void) | undefined;

  constructor(options: TargetWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.schedule(LOOK_EVERY_MS, () => void this.#look());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  settled({ lease, settlement, result }: Settled): void {
    const { delivery, event } = lease;
    const { outcome, attempt } = settlement;
    if (result.result === 'fenced' || attempt.outcome === 'aborted') return;
    if (outcome.kind === 'delivered') return this.#onDelivered(delivery.target);
    if (event.origin === OWN_ORIGIN) return;
    if (isTargetsFault(outcome)) this.#onFailed(delivery.target, outcome.message);
    if (result.state !== 'dead') return;
    const { reason, message } = outcome;
    this.#tell(toDeadLetter({ ...delivery, deliveryId: delivery.id, reason, message }));
  }

  ended(end: StoreEnd): void {
    if (end.state === 'dead' && end.origin !== OWN_ORIGIN) this.#tell(toDeadLetter(end));
  }

  #onFailed(target: ObjectRef, message: string): void {
    const key = toKey(target);
    const known = this.#failing.get(key);
    if (known !== undefined) {
      known.attempts += 1;
      known.message = message;
    } else if (this.#failing.size < MAX_TARGETS) {
      this.#failing.set(key, { target, sinceMs: this.#options.clock.monotonicMs(), attempts: 1, message, isTold: false });
    }
  }

  #onDelivered(target: ObjectRef): void {
    if (this.#failing.size === 0) return;
    const key = toKey(target);
    const failing = this.#failing.get(key);
    if (failing === undefined) return;
    this.#failing.delete(key);
    if (!failing.isTold) return;
    const message = `takes messages again after ${failing.attempts} failed attempts in ${this.#minutesOf(failing)} minutes`;
    this.#tell({ target, reason: 'TargetRecovered', severity: 'info', message });
  }

  async #look(): Promise<void> {
    try {
      await this.#tellOfFailing();
      await this.#flush();
    } catch (error) {
      this.#options.log.warn({ error: describeError(error) }, 'Failing Providers could not be told of');
    }
    if (this.#cancel !== undefined) this.start();
  }

  async #tellOfFailing(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const late = [...this.#failing].filter(([, { isTold, sinceMs }]) => !isTold && nowMs - sinceMs >= FAILING_FOR_MS);
    if (late.length === 0) return;
    const owed = new Set(
      (await this.#options.outbox.targets()).filter(({ waiting, leased }) => waiting + leased > 0).map(({ key }) => key),
    );
    for (const [key, failing] of late) {
      // What was tried was cancelled or ended meanwhile: nobody knows how the Provider is now.
      if (!owed.has(key)) this.#failing.delete(key);
      else if (this.#failing.get(key) === failing) this.#tellFailing(failing);
    }
  }

  #tellFailing(failing: Failing): void {
    const { attempts, target } = failing;
    failing.isTold = true;
    const message = `has not taken any message for ${this.#minutesOf(failing)} minutes, ${attempts} attempts failed: ${failing.message}`;
    this.#tell({ target, reason: 'TargetFailing', severity: 'error', message });
  }

  #minutesOf({ sinceMs }: Failing): number {
    return Math.floor((this.#options.clock.monotonicMs() - sinceMs) / 60_000);
  }

  #tell(news: News): void {
    this.#waiting.push(toOwnEvent(news, this.#options.clock.nowMs()));
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#options.log.error({ waiting: MAX_WAITING }, 'An event about a Provider is lost because too many wait');
    }
    void this.#flush();
  }

  /** What the store does not take now is handed in again at the next look. */
  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      let isTaken = true;
      while (isTaken && this.#waiting.length > 0) isTaken = await this.#flushSome();
    } catch (error) {
      this.#options.log.error({ error: describeError(error) }, 'Events about Providers could not be handed in');
    } finally {
      this.#isFlushing = false;
    }
  }

  async #flushSome(): Promise<boolean> {
    const batch = this.#waiting.splice(0, BATCH);
    const answers = await this.#options.emit(batch);
    const refused = batch.filter((_, index) => answers[index]?.outcome === 'busy');
    this.#waiting = [...refused, ...this.#waiting];
    return refused.length === 0;
  }
}

/** Waiting as asked, or for a person who suspended or deleted it, is no failure; nor is what only this message is refused for. */
function isTargetsFault(outcome: Exclude<Outcome, { kind: 'delivered' }>): boolean {
  if (outcome.kind === 'rejected' || outcome.reason === 'rate-limited') return false;
  return outcome.reason !== 'suspended' && outcome.reason !== 'target-gone';
}

function toDeadLetter(letter: {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly route: ObjectRef;
  readonly target: ObjectRef;
  readonly subject: StoreEnd['subject'];
  readonly reason: string;
  readonly message: string;
}): News {
  const { subject, route, target } = letter;
  const about = `${subject.kind}/${subject.namespace}/${subject.name}`;
  const alert = `${route.namespace}/${route.name}`;
  const because = letter.message === '' ? letter.reason : `${letter.reason}: ${letter.message}`;
  return {
    target,
    reason: 'DeadLetter',
    severity: 'error',
    message: `a message about ${about} of Alert ${alert} was given up (${because})`,
    facts: { alert, object: about, delivery: letter.deliveryId, event: letter.eventId },
  };
}

function toOwnEvent({ target, reason, severity, message, facts = {} }: News, nowMs: number): Event {
  const { namespace, name, uid } = target;
  const flux: FluxEvent = {
    involvedObject: { apiVersion: API_VERSION, kind: 'Provider', namespace, name, uid, resourceVersion: '', fieldPath: '' },
    severity,
    timestamp: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    message: `Provider ${namespace}/${name} ${reason === 'DeadLetter' ? `has a dead letter: ${message}` : message}`,
    reason,
    metadata: Object.fromEntries(Object.entries(facts).map(([key, value]) => [KEY_PREFIX + key, value])),
    reportingController: 'tocsin',
    reportingInstance: '',
  };
  const event = toEvent({ body: encodeFluxEvent(flux), nowMs, windowMs: 0, origin: OWN_ORIGIN });
  if ('invalid' in event) throw new TypeError(`an event about a Provider is invalid: ${event.invalid}`);
  // Each is told, also when it reads like the one before.
  return { ...event, dedup: null };
}
