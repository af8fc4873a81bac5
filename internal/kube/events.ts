// Writes Kubernetes Events, one at a time and in order, beside everything else: nobody waits for them, and none fails for them.
import { LRUCache } from 'lru-cache';
import type { Clock, Logger, Random } from '../sdk/ports.ts';
import { type Correlated, EventCorrelator, type Occurrence } from './event-correlator.ts';
import { isNotFound, KubeError } from './kube-error.ts';
import type { KubeClient, ObjectDraft, Resource } from './ports.ts';
import { pause } from './waiting.ts';

/** Tells people about objects where `kubectl describe` shows it. */
export interface EventRecorder {
  /** Returns at once; what goes wrong afterwards is logged. */
  record(occurrence: Occurrence): void;
  /** Writes what waits, for at most this long, and takes nothing more. */
  stop(graceMs: number): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** Who tells, as `kubectl get events` shows it. */
  readonly component: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const EVENTS: Resource = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const MAX_WAITING = 1000;
const MAX_REMEMBERED = 4096;
const TRIES = 12;
const RETRY_MS = 10_000;
const MAX_NAME = 253;
/** In a millisecond. */
const NANOSECONDS = 1_000_000;

/** Limits and numbers are those of client-go, so that alerts and dashboards that count Events go on. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new QueuedRecorder(options);
}

class QueuedRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #waiting: Correlated[] = [];
  /** The Event that counts what has the same key. */
  readonly #names = new LRUCache<string, string>({ max: MAX_REMEMBERED });
  readonly #giveUp = new AbortController();
  #isStopping = false;
  #writing: Promise<void> | undefined;
  #lost = 0;
  /** Tells Events of one millisecond apart, also those of other replicas. */
  #within: number;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#within = Math.floor(options.random() * NANOSECONDS);
    this.#correlator = new EventCorrelator(options.clock);
  }

  record(occurrence: Occurrence): void {
    const correlated = this.#isStopping ? undefined : this.#correlator.correlate(occurrence);
    if (correlated === undefined) return;
    if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(correlated);
      this.#writing ??= this.#writeAll();
    } else {
      this.#lost += 1;
      if (this.#lost === 1) this.#options.log.warn({ waiting: MAX_WAITING }, 'Kubernetes Events are lost, since too many wait');
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const cancel = this.#options.clock.schedule(graceMs, () => this.#giveUp.abort());
    await this.#writing;
    cancel();
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#writePatiently(next);
    this.#writing = undefined;
    if (this.#lost > 0) this.#options.log.info({ lost: this.#lost }, 'Kubernetes Events are written again');
    this.#lost = 0;
  }

  /** An API server that is away is waited for; what it refuses is not asked twice. */
  async #writePatiently(correlated: Correlated): Promise<void> {
    const { clock, log, random } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(correlated);
      } catch (error) {
        const { object, reason } = correlated.occurrence;
        if (!this.#isWorthATry(error) || tries >= TRIES) {
          log.warn(
            { error, object: `${object.kind}/${object.namespace ?? ''}/${object.name}`, reason },
            'a Kubernetes Event cannot be written',
          );
          return;
        }
        // The first time somewhere within the interval, so that replicas do not come back together.
        const delayMs = tries === 1 ? random() * RETRY_MS : RETRY_MS;
        await pause(clock, delayMs, this.#giveUp.signal).catch(() => undefined);
      }
    }
  }

  #isWorthATry(error: unknown): boolean {
    if (this.#giveUp.signal.aborted) return false;
    return error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
  }

  async #write(correlated: Correlated): Promise<void> {
    const { client } = this.#options;
    const { signal } = this.#giveUp;
    const namespace = correlated.occurrence.object.namespace ?? 'default';
    const name = this.#names.get(correlated.key);
    if (name !== undefined) {
      const { message } = correlated.occurrence;
      const patch = { count: correlated.count, lastTimestamp: toSeconds(correlated.lastMs), message };
      // An Event lives for an hour; after that it begins anew.
      const patched = await client.patch(EVENTS, { namespace, name }, patch, { signal }).catch(undefinedIfNotFound);
      if (patched !== undefined) return;
    }
    const created = await client.create(EVENTS, this.#toEvent(correlated, namespace), { signal });
    this.#names.set(correlated.key, created.metadata.name);
  }

  #toEvent({ occurrence, count, firstMs, lastMs }: Correlated, namespace: string): ObjectDraft {
    const { component } = this.#options;
    const { object, type, reason, message, annotations } = occurrence;
    this.#within = (this.#within + 1) % NANOSECONDS;
    const suffix = `.${(BigInt(lastMs) * BigInt(NANOSECONDS) + BigInt(this.#within)).toString(16)}`;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${object.name.slice(0, MAX_NAME - suffix.length)}${suffix}`,
        namespace,
        ...(annotations === undefined ? {} : { annotations }),
      },
      involvedObject: object,
      type,
      reason,
      message,
      count,
      firstTimestamp: toSeconds(firstMs),
      lastTimestamp: toSeconds(lastMs),
      source: { component },
      reportingComponent: component,
      reportingInstance: '',
    };
  }
}

function undefinedIfNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

function toSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
