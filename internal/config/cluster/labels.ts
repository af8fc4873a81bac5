// The labels of the objects that events are about: one cache per kind, begun when an Alert first asks for a kind, which holds
// names and labels and nothing else. An object that was deleted keeps its last labels for a while, since its last events
// often come after it is gone.
import type { LabelSource } from '../../routing/route.ts';
import { KindLabels, type KindLabelsOptions, type Looked } from './kind-labels.ts';

/** An event can name any kind; more than this many at a time are not followed. */
const MAX_KINDS = 200;

export type ClusterLabelsOptions = Omit<KindLabelsOptions, 'apiVersion' | 'kind'>;

/** Looks labels up in the cluster. */
export class ClusterLabels implements LabelSource {
  readonly #options: ClusterLabelsOptions;
  readonly #kinds = new Map<string, KindLabels>();

  constructor(options: ClusterLabelsOptions) {
    this.#options = options;
  }

  lookup({ apiVersion, kind, namespace, name }: Parameters<LabelSource['lookup']>[0]): Looked {
    const id = `${apiVersion} ${kind}`;
    const labels = this.#kinds.get(id) ?? this.#begin(id, apiVersion, kind);
    if (labels === undefined) return { state: 'unknown', detail: `more than ${MAX_KINDS} kinds are asked for` };
    return labels.lookup(namespace, name);
  }

  /** A kind that the cluster does not have makes room for one that it may have. */
  #begin(id: string, apiVersion: string, kind: string): KindLabels | undefined {
    if (this.#kinds.size >= MAX_KINDS) {
      const absent = [...this.#kinds].find(([, known]) => known.isAbsent);
      if (absent === undefined) return undefined;
      absent[1].stop();
      this.#kinds.delete(absent[0]);
    }
    const labels = new KindLabels({ ...this.#options, apiVersion, kind });
    this.#kinds.set(id, labels);
    return labels;
  }

  /** Kinds whose labels cannot be read now, each with the reason. */
  faults(): readonly { readonly kind: string; readonly message: string }[] {
    return [...this.#kinds.values()].flatMap((labels) =>
      labels.fault === undefined ? [] : [{ kind: labels.kind, message: labels.fault }],
    );
  }

  close(): void {
    for (const labels of this.#kinds.values()) labels.stop();
  }
}
