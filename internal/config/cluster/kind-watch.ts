// Follows one kind of custom resources in whichever version the API server serves. A kind that is not there yet is waited
// for; one whose version goes away is looked for again.
import type { Clock, Logger } from '../../sdk/ports.ts';
import { type ClusterReader, type ClusterResource, type FollowListener, type FollowRequest, type FollowState, messageOf } from './ports.ts';

const LOOK_AGAIN_MS = 5_000;

/** What happens to a kind, apart from its objects. */
export type KindState =
  | { readonly kind: 'looking' }
  | { readonly kind: 'synced'; readonly resource: ClusterResource }
  | { readonly kind: 'absent' }
  | { readonly kind: 'disconnected'; readonly message: string };

export interface KindWatchOptions extends Pick<FollowRequest, 'namespace' | 'labelSelector' | 'metadataOnly' | 'trim'> {
  readonly cluster: Pick<ClusterReader, 'follow' | 'resourceFor'>;
  readonly kind: string;
  /** As `group/version`, the preferred one first. */
  readonly apiVersions: readonly string[];
  readonly listener: Omit<FollowListener, 'state'>;
  /** Told when what is followed is complete for the first time, and whenever that changes. */
  readonly onState?: (state: KindState) => void;
  /** How long a kind that is not there is left alone. */
  readonly lookAgainMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Looks for the kind and follows it until it is stopped. */
export class KindWatch {
  readonly #options: KindWatchOptions;
  #state: KindState = { kind: 'looking' };
  #reflection: { stop(): void } | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: KindWatchOptions) {
    this.#options = options;
  }

  get kind(): string {
    return this.#options.kind;
  }

  get state(): KindState {
    return this.#state;
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#reflection?.stop();
  }

  async #look(): Promise<void> {
    let found: ClusterResource | undefined;
    try {
      found = await this.#find();
    } catch (error) {
      this.#move({ kind: 'disconnected', message: messageOf(error) });
      this.#lookAgain();
      return;
    }
    if (this.#isStopped) return;
    if (found === undefined) {
      this.#move({ kind: 'absent' });
      this.#lookAgain();
      return;
    }
    this.#follow(found);
  }

  async #find(): Promise<ClusterResource | undefined> {
    const { apiVersions, cluster, kind } = this.#options;
    for (const apiVersion of apiVersions) {
      const resource = await cluster.resourceFor(apiVersion, kind);
      if (resource !== undefined) return resource;
    }
    return undefined;
  }

  #follow(resource: ClusterResource): void {
    const { cluster, labelSelector, listener, metadataOnly, namespace, trim } = this.#options;
    this.#reflection = cluster.follow({
      resource,
      namespace,
      labelSelector,
      ...(metadataOnly === undefined ? {} : { metadataOnly }),
      ...(trim === undefined ? {} : { trim }),
      listener: {
        replaced: (objects) => listener.replaced(objects),
        upserted: (object) => listener.upserted(object),
        deleted: (object) => listener.deleted(object),
        state: (state) => this.#onState(state, resource),
      },
    });
  }

  #onState(state: FollowState, resource: ClusterResource): void {
    if (this.#isStopped) return;
    if (state.kind === 'synced') return this.#move({ kind: 'synced', resource });
    if (state.kind === 'disconnected') return this.#move({ kind: 'disconnected', message: state.error.message });
    this.#reflection?.stop();
    this.#reflection = undefined;
    this.#move({ kind: 'absent' });
    this.#lookAgain();
  }

  #lookAgain(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.schedule(this.#options.lookAgainMs ?? LOOK_AGAIN_MS, () => void this.#look());
  }

  /** Each change is said once. */
  #move(state: KindState): void {
    const previous = this.#state;
    if (this.#isStopped || (previous.kind === state.kind && messageIn(previous) === messageIn(state))) return;
    this.#state = state;
    this.#say(previous, state);
    this.#options.onState?.(state);
  }

  #say(previous: KindState, state: KindState): void {
    const { apiVersions, kind, log } = this.#options;
    if (state.kind === 'absent') log.warn({ kind, apiVersions }, 'the cluster does not serve this kind; it is waited for');
    else if (state.kind === 'disconnected')
      log.warn({ kind, error: state.message }, 'this kind cannot be followed now; what is known of it serves');
    else if (state.kind === 'synced' && previous.kind !== 'looking') log.info({ kind }, 'this kind is followed again');
  }
}

function messageIn(state: KindState): string {
  return state.kind === 'disconnected' ? state.message : '';
}
