// A list that is kept up to date: listed in pages, then watched from that version on. Every error is survived: the watch is
// resumed where it stopped, the list is read again when nothing can come of that, as after a backup of etcd was restored, and
// attempts are spread out at random.
import type { Clock, Logger, Random } from '../sdk/ports.ts';
import type { Api, Call, KubeObserver } from './api.ts';
import { readJsonLines } from './json-lines.ts';
import { isGone, isNotFound, isVersionLost, KubeError, toWatchError } from './kube-error.ts';
import { listAll, metadataAs } from './listing.ts';
import { toObject, withoutManagedFields } from './objects.ts';
import { toCall } from './paths.ts';
import type { FollowOptions, KubeObject, Reflection, ReflectionState } from './ports.ts';
import { Silence } from './silence.ts';
import { backOffMs, pause } from './waiting.ts';

export interface ReflectorDependencies {
  readonly api: Api;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly observer?: KubeObserver | undefined;
  /** Called before the listener hears that the resource is absent. */
  readonly onAbsent: () => void;
}

const BACK_OFF = { baseMs: 1000, capMs: 30_000 };
const ABSENT_POLL_MS = 10_000;
const WATCH_SECONDS = { least: 270, spread: 40 };
/** A watch that ends sooner and brought nothing was refused politely. */
const SHORTEST_WATCH_MS = 1000;

/** Runs until stopped. */
export class Reflector implements Reflection {
  readonly #dependencies: ReflectorDependencies;
  readonly #options: FollowOptions;
  readonly #stopping = new AbortController();
  /** What was last told, and why. */
  #state: string | undefined;
  /** What is known is as of this version; undefined = a list is needed. */
  #version: string | undefined;
  #failures = 0;

  constructor(dependencies: ReflectorDependencies, options: FollowOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  start(): this {
    void this.#run();
    return this;
  }

  stop(): void {
    this.#stopping.abort();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (this.#version === undefined) await this.#list();
        await this.#watch();
      } catch (error) {
        if (!this.#isStopped) await this.#recover(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  async #list(): Promise<void> {
    const { resource, listener } = this.#options;
    const { signal } = this.#stopping;
    const { items, resourceVersion } = await listAll(this.#dependencies.api, resource, this.#options, { signal, trim: this.#trim });
    if (this.#isStopped) return;
    listener.replaced(items, resourceVersion);
    this.#version = resourceVersion;
    this.#enter({ kind: 'synced' });
  }

  /** Until the API server ends it, which it is asked to do after some minutes. */
  async #watch(): Promise<void> {
    const { clock, observer } = this.#dependencies;
    const startedMs = clock.monotonicMs();
    const before = this.#version;
    const silence = new Silence({ clock, outer: this.#stopping.signal, what: `watch ${this.#options.resource.plural}` });
    try {
      const chunks = await this.#openWatch(silence.signal);
      this.#enter({ kind: 'synced' });
      for await (const events of readJsonLines(silence.heard(chunks))) this.#take(events);
    } finally {
      silence.end();
    }
    if (this.#version === before && clock.monotonicMs() - startedMs < SHORTEST_WATCH_MS) {
      throw new KubeError('the API server ended the watch at once', { status: 0, reason: 'Unreachable' });
    }
    this.#failures = 0;
    observer?.watchEnded({ plural: this.#options.resource.plural, cause: 'finished' });
  }

  async #openWatch(signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const { api, random } = this.#dependencies;
    const seconds = Math.round(WATCH_SECONDS.least + random() * WATCH_SECONDS.spread);
    return api.stream(toCall('watch', this.#options.resource, this.#options), {
      query: {
        labelSelector: this.#options.labelSelector,
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(seconds),
        resourceVersion: this.#version,
      },
      ...(this.#options.metadataOnly ? { accept: metadataAs('PartialObjectMetadata') } : {}),
      signal,
    });
  }

  #take(events: readonly unknown[]): void {
    const call = toCall('watch', this.#options.resource, this.#options);
    for (const event of events) {
      if (this.#isStopped) return;
      const { type, object } = event as { type: string; object: object | null };
      if (type === 'ERROR') throw toWatchError(call, object ?? {});
      this.#failures = 0;
      this.#apply(type, object, call);
    }
  }

  #apply(type: string, value: object | null, call: Call): void {
    const { listener, resource } = this.#options;
    const { metadata } = (value ?? {}) as { metadata?: { resourceVersion?: string } };
    if (type !== 'BOOKMARK') {
      const object = this.#trim(toObject(value, resource, call));
      if (type === 'DELETED') listener.deleted(object);
      else listener.upserted(object);
    }
    this.#version = metadata?.resourceVersion ?? this.#version;
  }

  readonly #trim = (object: KubeObject): KubeObject => {
    const lean = withoutManagedFields(object);
    return this.#options.trim === undefined ? lean : this.#options.trim(lean);
  };

  async #recover(fault: Error): Promise<void> {
    const { clock, random, observer } = this.#dependencies;
    const { plural } = this.#options.resource;
    if (this.#version !== undefined) observer?.watchEnded({ plural, cause: isGone(fault) ? 'gone' : 'error' });
    let delayMs = 0;
    if (isNotFound(fault)) {
      this.#version = undefined;
      this.#dependencies.onAbsent();
      this.#enter({ kind: 'absent' });
      delayMs = ABSENT_POLL_MS * (0.5 + random() / 2);
    } else {
      if (isVersionLost(fault)) this.#version = undefined;
      if (!isGone(fault)) this.#enter({ kind: 'disconnected', error: fault });
      this.#failures += 1;
      delayMs = backOffMs(this.#failures, BACK_OFF, random);
    }
    // Only stopping breaks it off, and that ends the loop.
    await pause(clock, delayMs, this.#stopping.signal).catch(() => undefined);
  }

  #enter(state: ReflectionState): void {
    const told = state.kind === 'disconnected' ? `disconnected: ${state.error.message}` : state.kind;
    if (this.#isStopped || told === this.#state) return;
    this.#state = told;
    const { plural, group } = this.#options.resource;
    const resource = group === '' ? plural : `${plural}.${group}`;
    if (state.kind === 'synced') this.#dependencies.log.info({ resource }, 'following a resource of the cluster');
    else if (state.kind === 'absent')
      this.#dependencies.log.warn({ resource }, 'the API server does not serve a resource yet, waiting for it');
    else this.#dependencies.log.warn({ resource, error: state.error }, 'a resource of the cluster cannot be followed, trying again');
    this.#options.listener.state(state);
  }
}
