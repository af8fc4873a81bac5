// The `status` of Alerts and Providers: whether they serve, when they last did, and what went wrong last. Written by the leader
// alone, when something changes, and never faster than a few a second, so that no outage becomes load on the API server.
import type { Clock, Logger } from '../../sdk/ports.ts';
import { type ClusterObject, type ClusterReader, type ClusterWriter, messageOf, statusOf } from './ports.ts';
import {
  applyHealth,
  type Health,
  isFirstAndFine,
  isSameStatus,
  type ObjectStatus,
  type Observed,
  readStatus,
  successCountsFrom,
} from './object-status.ts';
import { StatusQueue } from './status-queue.ts';

/** At most five a second, over all objects. */
const PAUSE_MS = 200;
/** How long a kind without the subresource is left alone. */
const OFF_MS = 10 * 60_000;
const RETRY_MS = 5_000;
/** The API server will not take this one, however often it is shown. */
const USELESS_TO_REPEAT: readonly number[] = [400, 413, 422];

export interface StatusWriterOptions {
  readonly cluster: Pick<ClusterReader, 'get' | 'resourceFor'> & Pick<ClusterWriter, 'patchStatus'>;
  readonly isLeader: () => boolean;
  /** Removes every value of a Secret. */
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Entry {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  observed: Observed;
  /** As it is in the cluster, by the last report. */
  written: ObjectStatus;
  health: Health;
  /** Until then one more success changes nothing. */
  quietUntilMs: number;
}

/** Writes what changed, one after the other. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  /** By `Kind/namespace/name`. */
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new StatusQueue();
  /** Kinds whose CRD has no status, and until when that is believed. */
  readonly #off = new Map<string, number>();
  #cancel: (() => void) | undefined;
  #cancelLookAgain: (() => void) | undefined;
  #isWriting = false;
  #hasComplained = false;
  #isStopped = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** An object was reported; null = it is gone. */
  observe(key: string, object: ClusterObject | null, observed: Observed): void {
    if (object === null) {
      this.#entries.delete(key);
      this.#queue.delete(key);
      return;
    }
    const { name, namespace = '', generation = 0 } = object.metadata;
    const { apiVersion, kind } = object;
    const written = readStatus(object);
    const health = this.#entries.get(key)?.health ?? written.health;
    this.#entries.set(key, { apiVersion, kind, namespace, name, generation, observed, written, health, quietUntilMs: 0 });
    this.#mark(key);
  }

  /** A message was taken. */
  succeeded(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const { health, quietUntilMs } = entry;
    const atMs = this.#options.clock.nowMs();
    entry.health = { ...health, lastSuccessMs: atMs, isFailing: false };
    // Nearly every message is one more success, of which there is nothing to say.
    if (health.isFailing || atMs >= quietUntilMs) this.#mark(key);
  }

  /** A message was not taken; `reason` is one word. */
  failed(key: string, reason: string, message: string): void {
    const text = this.#options.redact(message);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.health = { ...entry.health, lastError: { atMs: this.#options.clock.nowMs(), reason, message: text }, isFailing: true };
    this.#mark(key);
  }

  /** Something outside of these objects changed that their status may speak of. */
  recheck(isConcerned: (entry: { readonly kind: string; readonly namespace: string }) => boolean): void {
    for (const [key, entry] of this.#entries) if (isConcerned(entry)) this.#mark(key);
  }

  /** Somebody became the leader: what was not written is looked at again. */
  wake(): void {
    for (const key of this.#entries.keys()) this.#mark(key);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancelLookAgain?.();
  }

  #mark(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#options.isLeader() || this.#isOff(entry.kind)) return;
    const wanted = this.#wanted(entry);
    if (isSameStatus(entry.written, wanted)) {
      entry.quietUntilMs = successCountsFrom(entry.written);
      return;
    }
    if (isFirstAndFine(entry.written, wanted)) this.#queue.addFresh(key);
    else this.#queue.addChanged(key);
    this.#schedule(PAUSE_MS);
  }

  #wanted({ generation, health, observed, written }: Entry): ObjectStatus {
    return applyHealth({ generation, health, observed, written, nowMs: this.#options.clock.nowMs() });
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped || this.#isWriting || this.#cancel !== undefined) return;
    this.#cancel = this.#options.clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      void this.#writeNext();
    });
  }

  async #writeNext(): Promise<void> {
    // Whoever is not the leader stops counting; becoming it looks at everything again.
    if (!this.#options.isLeader()) return this.#queue.clear();
    const key = this.#queue.take();
    if (key === undefined) return;
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#isOff(entry.kind)) return this.#schedule(0);
    const wanted = this.#wanted(entry);
    if (isSameStatus(entry.written, wanted)) return this.#schedule(0);
    this.#isWriting = true;
    const pauseMs = await this.#write(key, entry, wanted);
    this.#isWriting = false;
    if (!this.#queue.isEmpty) this.#schedule(pauseMs);
  }

  async #write(key: string, entry: Entry, wanted: ObjectStatus): Promise<number> {
    const { cluster } = this.#options;
    const { apiVersion, kind, name, namespace } = entry;
    try {
      const resource = await cluster.resourceFor(apiVersion, kind);
      if (resource === undefined) return PAUSE_MS;
      await cluster.patchStatus(resource, { namespace, name }, { status: wanted.body });
      entry.written = wanted;
      this.#onWritten();
      return PAUSE_MS;
    } catch (error) {
      if (statusOf(error) === 404) return this.#onMissing(entry);
      this.#onRefused(key, error);
      return RETRY_MS;
    }
  }

  #onWritten(): void {
    if (this.#hasComplained) this.#options.log.info({}, 'statuses are written again');
    this.#hasComplained = false;
  }

  /** Said once until one is written again, since what keeps one from being written mostly keeps all. */
  #onRefused(key: string, error: unknown): void {
    const { log } = this.#options;
    const level = this.#hasComplained ? 'debug' : 'warn';
    this.#hasComplained = true;
    log[level]({ object: key, error: messageOf(error) }, 'a status could not be written');
    if (!USELESS_TO_REPEAT.includes(statusOf(error))) this.#queue.addChanged(key);
  }

  /** Either the object is gone, or its CRD has no status, as Flux's own have none. */
  async #onMissing({ apiVersion, kind, name, namespace }: Entry): Promise<number> {
    const { clock, cluster, log } = this.#options;
    try {
      const resource = await cluster.resourceFor(apiVersion, kind);
      if (resource === undefined || (await cluster.get(resource, { namespace, name }, { metadataOnly: true })) === undefined)
        return PAUSE_MS;
    } catch {
      // Whether it is there shows with the next report of it.
      return RETRY_MS;
    }
    this.#off.set(kind, clock.monotonicMs() + OFF_MS);
    // A CRD that has one may have been installed by then.
    this.#cancelLookAgain ??= clock.schedule(OFF_MS, () => {
      this.#cancelLookAgain = undefined;
      this.wake();
    });
    log.info({ kind }, 'the CRD of this kind has no status, so none is written');
    return PAUSE_MS;
  }

  #isOff(kind: string): boolean {
    const untilMs = this.#off.get(kind);
    return untilMs !== undefined && untilMs > this.#options.clock.monotonicMs();
  }
}
