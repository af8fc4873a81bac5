// The labels of the objects whose manifests a folder holds. Few Alerts ask for labels, so they are only indexed when
// one does.
import type { LabelSource } from '../../routing/route.ts';
import { DEFAULT_NAMESPACE, groupOf, labelKey } from '../manifest.ts';
import type { FileState } from './file-reader.ts';

type Labels = Readonly<Record<string, string>>;

/** Looks objects up in the manifests of some files; a new list of files makes a new index. */
export class ManifestLabels implements LabelSource {
  #files: Iterable<FileState> = [];
  #index: ReadonlyMap<string, Labels> | undefined;

  /** Uses these files from now on. */
  replace(files: Iterable<FileState>): void {
    this.#files = files;
    this.#index = undefined;
  }

  lookup({ apiVersion, kind, namespace, name }: Parameters<LabelSource['lookup']>[0]): ReturnType<LabelSource['lookup']> {
    this.#index ??= toIndex(this.#files);
    const key = labelKey({ group: groupOf(apiVersion), kind, namespace: namespace === '' ? DEFAULT_NAMESPACE : namespace, name });
    const labels = this.#index.get(key);
    return labels === undefined ? { state: 'missing' } : { state: 'labels', labels };
  }
}

function toIndex(files: Iterable<FileState>): Map<string, Labels> {
  const index = new Map<string, Labels>();
  for (const { pieces } of files) {
    for (const { piece } of pieces) {
      for (const entry of piece.entries) {
        const key = labelKey(entry);
        if (!index.has(key)) index.set(key, entry.labels);
      }
    }
  }
  return index;
}
