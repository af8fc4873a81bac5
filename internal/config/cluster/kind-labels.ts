// The labels of all objects of one kind.
import type { LabelSource } from '../../routing/route.ts';
import type { Clock, Logger } from '../../sdk/ports.ts';
import { KindWatch, type KindState } from './kind-watch.ts';
import { type ClusterObject, type ClusterReader, type ClusterResource, messageOf, placeOf } from './ports.ts';

type Labels = Readonly<Record<string, string>>;

/** What is known of an object's labels. */
export type Looked = ReturnType<LabelSource['lookup']>;

export interface KindLabelsOptions {
  readonly cluster: Pick<ClusterReader, 'follow' | 'get' | 'resourceFor'>;
  readonly apiVersion: string;
  readonly kind: string;
  /** Objects of others are asked for one by one; all are followed when absent. */
  readonly namespace?: string | undefined;
  /** Told when more is known than before. */
  readonly onKnown: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long the answer about one object serves. */
const ANSWER_MS = 30_000;
const RETRY_MS = 2_000;
/** Any sender can name a kind that does not exist. */
const LOOK_AGAIN_MS = 30_000;
const MAX_DELETED = 10_000;
const MAX_ASKED = 10_000;

const NO_LABELS: Labels = Object.freeze(Object.create(null) as Record<string, string>);

/** What became of asking for one object, until it is asked for again. */
interface Asked {
  readonly looked: Looked;
  readonly untilMs: number;
}

/** Follows the kind from the first question on. */
export class KindLabels {
  readonly kind: string;
  readonly #options: KindLabelsOptions;
  readonly #watch: KindWatch;
  readonly #clock: Clock;
  readonly #labels = new Map<string, Labels>();
  /** The last labels of objects that are gone. */
  readonly #deleted = new Map<string, Labels>();
  readonly #asked = new Map<string, Asked>();
  #resource: ClusterResource | undefined;

  constructor(options: KindLabelsOptions) {
    const { apiVersion, clock, cluster, kind, log, namespace } = options;
    this.kind = kind;
    this.#options = options;
    this.#clock = clock;
    this.#watch = new KindWatch({
      cluster,
      kind,
      apiVersions: [apiVersion],
      namespace,
      metadataOnly: true,
      lookAgainMs: LOOK_AGAIN_MS,
      trim: onlyLabels,
      listener: {
        replaced: (objects) => this.#replace(objects),
        upserted: (object) => this.#keep(object),
        deleted: (object) => this.#delete(placeOf(object), labelsOf(object)),
      },
      onState: (state) => this.#onState(state),
      clock,
      log,
    });
    this.#watch.start();
  }

  /** Why the labels of this kind are not known; undefined while they are, or while nothing has been heard yet. */
  get fault(): string | undefined {
    const { state } = this.#watch;
    return state.kind === 'disconnected' && this.#resource === undefined ? state.message : undefined;
  }

  lookup(namespace: string, name: string): Looked {
    const key = `${namespace}/${name}`;
    const labels = this.#labels.get(key) ?? this.#deleted.get(key);
    if (labels !== undefined) return { state: 'labels', labels };
    if (this.#resource !== undefined) return this.#lookupMissing(key, namespace, name);
    const { state } = this.#watch;
    if (state.kind === 'absent') return { state: 'missing', detail: `the cluster has no kind ${this.kind} in ${this.#options.apiVersion}` };
    const detail = state.kind === 'disconnected' ? `the labels of ${this.kind} objects cannot be read: ${state.message}` : undefined;
    return { state: 'unknown', ...(detail === undefined ? {} : { detail }) };
  }

  /** True for a kind that the cluster does not have, as far as is known. */
  get isAbsent(): boolean {
    return this.#watch.state.kind === 'absent';
  }

  stop(): void {
    this.#watch.stop();
  }

  /** What is not in the cache may be younger than it, or lie in a namespace that is not followed: the API server has the last word. */
  #lookupMissing(key: string, namespace: string, name: string): Looked {
    const asked = this.#asked.get(key);
    if (asked !== undefined && asked.untilMs > this.#clock.monotonicMs()) return asked.looked;
    this.#note(key, { looked: { state: 'unknown' }, untilMs: Number.POSITIVE_INFINITY });
    void this.#ask(key, namespace, name);
    return { state: 'unknown' };
  }

  async #ask(key: string, namespace: string, name: string): Promise<void> {
    const resource = this.#resource;
    if (resource === undefined) return;
    const place = { namespace: resource.namespaced ? namespace : undefined, name };
    const keep = (looked: Looked, ms: number): void => this.#note(key, { looked, untilMs: this.#clock.monotonicMs() + ms });
    try {
      const found = await this.#options.cluster.get(resource, place, { metadataOnly: true });
      keep(found === undefined ? { state: 'missing' } : { state: 'labels', labels: labelsOf(found) }, ANSWER_MS);
    } catch (error) {
      keep({ state: 'unknown', detail: messageOf(error) }, RETRY_MS);
    }
    this.#options.onKnown();
  }

  #note(key: string, asked: Asked): void {
    this.#asked.delete(key);
    const oldest = this.#asked.size < MAX_ASKED ? undefined : this.#asked.keys().next().value;
    if (oldest !== undefined) this.#asked.delete(oldest);
    this.#asked.set(key, asked);
  }

  #replace(objects: readonly ClusterObject[]): void {
    const present = new Set(objects.map(placeOf));
    for (const [key, labels] of this.#labels) if (!present.has(key)) this.#delete(key, labels);
    for (const object of objects) this.#keep(object);
  }

  #keep(object: ClusterObject): void {
    this.#labels.set(placeOf(object), labelsOf(object));
    this.#deleted.delete(placeOf(object));
  }

  #delete(key: string, labels: Labels): void {
    this.#labels.delete(key);
    this.#deleted.delete(key);
    const oldest = this.#deleted.size < MAX_DELETED ? undefined : this.#deleted.keys().next().value;
    if (oldest !== undefined) this.#deleted.delete(oldest);
    this.#deleted.set(key, labels);
  }

  #onState(state: KindState): void {
    if (state.kind === 'synced') this.#resource = state.resource;
    // Also a kind that is absent or forbidden is an answer to whoever waits for one.
    this.#options.onKnown();
  }
}

function labelsOf({ metadata }: ClusterObject): Labels {
  return metadata.labels === undefined ? NO_LABELS : Object.assign(Object.create(null) as Record<string, string>, metadata.labels);
}

function onlyLabels({ apiVersion, kind, metadata: { name, namespace, labels, resourceVersion } }: ClusterObject): ClusterObject {
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}
