// notification-controller puts a finalizer on Providers and Receivers, which keeps a deleted one alive until somebody takes it
// off. Nobody else does so once that controller is gone, so it is taken off here; none is ever added.
import type { Clock, Logger } from '../../sdk/ports.ts';
import { type ClusterObject, type ClusterReader, type ClusterWriter, messageOf, statusOf } from './ports.ts';

const KNOWN = ['finalizers.fluxcd.io'];
const RETRY_MS = 10_000;

export interface FinalizersOptions {
  readonly cluster: Pick<ClusterReader, 'resourceFor'> & Pick<ClusterWriter, 'patch'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Takes the known finalizers off objects that are being deleted. */
export class Finalizers {
  readonly #options: FinalizersOptions;
  readonly #retries = new Set<() => void>();
  #isStopped = false;

  constructor(options: FinalizersOptions) {
    this.#options = options;
  }

  /** Looks at an object that was reported. */
  note(object: ClusterObject): void {
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    if (deletionTimestamp !== undefined && finalizers.some(isKnown)) void this.#release(object);
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#retries) cancel();
  }

  async #release(object: ClusterObject): Promise<void> {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace, resourceVersion, finalizers = [] } = metadata;
    try {
      const resource = await this.#options.cluster.resourceFor(apiVersion, kind);
      if (resource === undefined || this.#isStopped) return;
      // With the version that was seen, so that what somebody else changed meanwhile stays; then it is reported again.
      const patch = { metadata: { resourceVersion, finalizers: finalizers.filter((finalizer) => !isKnown(finalizer)) } };
      await this.#options.cluster.patch(resource, { namespace, name }, patch);
      this.#options.log.info({ object: `${kind}/${namespace ?? ''}/${name}` }, 'a deleted object was released');
    } catch (error) {
      this.#onFailure(object, error);
    }
  }

  #onFailure(object: ClusterObject, error: unknown): void {
    const status = statusOf(error);
    if (status === 404 || status === 409 || this.#isStopped) return;
    const { kind, metadata } = object;
    const name = `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
    this.#options.log.warn({ object: name, error: messageOf(error) }, 'a deleted object could not be released; it is tried again');
    const cancel = this.#options.clock.schedule(RETRY_MS, () => {
      this.#retries.delete(cancel);
      void this.#release(object);
    });
    this.#retries.add(cancel);
  }
}

function isKnown(finalizer: string): boolean {
  return KNOWN.includes(finalizer);
}
