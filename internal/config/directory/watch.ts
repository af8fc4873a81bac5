// Watches folders for changes. Watching files would go deaf: a kubelet and git replace them, so only folders are
// watched, and the folder above each root, which sees the root itself being replaced.
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Logger } from '../../sdk/ports.ts';

export interface FolderWatch {
  /** Watches exactly these folders from now on. A folder that was replaced meanwhile is watched anew. */
  retain(folders: readonly string[]): void;
  close(): void;
}

interface Watched {
  readonly inode: string;
  readonly watcher: FSWatcher;
}

/** `onChange` gets the path that changed, or null when only a full look can tell. */
export function watchFolders(options: {
  readonly roots: readonly string[];
  readonly log: Logger;
  readonly onChange: (path: string | null) => void;
}): FolderWatch {
  const { log, onChange } = options;
  const watched = new Map<string, Watched>();
  const rootNames = new Map<string, Set<string>>();
  for (const root of options.roots.map((path) => resolve(path))) {
    const names = rootNames.get(dirname(root)) ?? new Set();
    rootNames.set(dirname(root), names.add(basename(root)));
  }
  let hasFailed = false;

  function open(folder: string, onEvent: (name: string | null) => void): Watched | undefined {
    try {
      const inode = inodeOf(folder);
      const watcher = watch(folder, (_, name) => onEvent(name));
      watcher.on('error', () => onChange(null));
      return { inode, watcher };
    } catch (cause) {
      // The poll goes on seeing what changes; it is only slower.
      if (!hasFailed) log.warn({ folder, error: cause }, 'a manifest folder cannot be watched, changes are found by polling');
      hasFailed = true;
      return undefined;
    }
  }

  function keep(key: string, folder: string, onEvent: (name: string | null) => void): void {
    const existing = watched.get(key);
    if (existing !== undefined && existing.inode === inodeOf(folder)) return;
    existing?.watcher.close();
    watched.delete(key);
    // Gone for now; the folder above tells when it is back.
    if (inodeOf(folder) === '') return;
    const opened = open(folder, onEvent);
    if (opened !== undefined) watched.set(key, opened);
  }

  return {
    retain: (folders) => {
      const wanted = new Set(folders);
      for (const [key, { watcher }] of watched) {
        if (key.startsWith('above:') || wanted.has(key)) continue;
        watcher.close();
        watched.delete(key);
      }
      for (const folder of wanted) keep(folder, folder, (name) => onChange(name === null ? null : join(folder, name)));
      for (const [folder, names] of rootNames) {
        keep(`above:${folder}`, folder, (name) => {
          if (name === null || names.has(name)) onChange(null);
        });
      }
    },
    close: () => {
      for (const { watcher } of watched.values()) watcher.close();
      watched.clear();
    },
  };
}

function inodeOf(folder: string): string {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.dev}:${found.ino}`;
}
