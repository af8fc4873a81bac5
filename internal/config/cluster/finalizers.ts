// notification-controller puts a finalizer on Providers and Receivers, which keeps a deleted one alive until somebody takes it
// off. Nobody else does so once that controller is gone, so it is taken off here; none is ever added.
import type { Clock, Logger } from '../../sdk/ports.ts';
import { type ClusterObject, type ClusterReader, type ClusterWriter, messageOf, nameOf, statusOf } from './ports.ts';

const KNOWN = ['finalizers.fluxcd.io'];
const RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 5 * 60_000;

export interface FinalizersOptions {
  readonly cluster: Pick<ClusterReader, 'resourceFor'> & Pick<ClusterWriter, 'patch'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An object that could not be released so far. */
interface Held {
  readonly failures: number;
  readonly cancel: () => void;
}

/** Takes the known finalizers off objects that are being deleted. */
export class Finalizers {
  readonly #options: FinalizersOptions;
  /** By `Kind/namespace/name`; each is tried again by one timer, however often it is reported. */
  readonly #held = new Map<string, Held>();
  #isStopped = false;

  constructor(options: FinalizersOptions) {
    this.#options = options;
  }

  /** Looks at an object that was reported. */
  note(object: ClusterObject): void {
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    if (deletionTimestamp === undefined || !finalizers.some(isKnown)) return;
    this.#held.get(nameOf(object))?.cancel();
    void this.#release(object);
  }

  stop(): void {
    this.#isStopped = true;
    for (const { cancel } of this.#held.values()) cancel();
  }

  async #release(object: ClusterObject): Promise<void> {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace, resourceVersion, finalizers = [] } = metadata;
    try {
      const resource = await this.#options.cluster.resourceFor(apiVersion, kind);
      if (this.#isStopped) return;
      if (resource === undefined) return this.#forget(object);
      // With the version that was seen, so that what somebody else changed meanwhile stays; then it is reported again.
      const patch = { metadata: { resourceVersion, finalizers: finalizers.filter((finalizer) => !isKnown(finalizer)) } };
      await this.#options.cluster.patch(resource, { namespace, name }, patch);
      this.#forget(object);
      this.#options.log.info({ object: nameOf(object) }, 'a deleted object was released');
    } catch (error) {
      this.#onFailure(object, error);
    }
  }

  #onFailure(object: ClusterObject, error: unknown): void {
    const { clock, log } = this.#options;
    const status = statusOf(error);
    if (this.#isStopped) return;
    if (status === 404 || status === 409) return this.#forget(object);
    const name = nameOf(object);
    const held = this.#held.get(name);
    held?.cancel();
    const failures = (held?.failures ?? 0) + 1;
    if (failures === 1) log.warn({ object: name, error: messageOf(error) }, 'a deleted object could not be released; it is tried again');
    const delayMs = Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    this.#held.set(name, { failures, cancel: clock.schedule(delayMs, () => void this.#release(object)) });
  }

  /** It is gone, or will be reported again in the form that it has now. */
  #forget(object: ClusterObject): void {
    this.#held.get(nameOf(object))?.cancel();
    this.#held.delete(nameOf(object));
  }
}

function isKnown(finalizer: string): boolean {
  return KNOWN.includes(finalizer);
}
