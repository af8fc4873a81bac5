// Whether the folder of the store outlives the process's machine or container, as far as a process can tell.
import { readFileSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;
const OVERLAYFS = 0x794c7630;
/** In the path under which a kubelet keeps a volume that goes with its pod. */
const EMPTY_DIR = '/volumes/kubernetes.io~empty-dir/';
const MOUNTS = '/proc/self/mountinfo';

/** False for a folder in memory, in a container's own layers, or on a volume that goes with its pod. */
export function isPersistent(path: string): boolean {
  try {
    const folder = realpathSync(dirname(path));
    const { type } = statfsSync(folder);
    const isMount = statSync(folder).dev !== statSync(dirname(folder)).dev;
    return isLasting(type, isMount) && !isOnEmptyDir(folder, readMounts());
  } catch {
    return false;
  }
}

/** What a file system of this type promises: nothing in memory lasts, and of layers only those that are mounted there on purpose. */
export function isLasting(type: number, isMount: boolean): boolean {
  if (type === TMPFS || type === RAMFS) return false;
  return type !== OVERLAYFS || isMount;
}

/** True when the mount that holds the folder is an `emptyDir`; `mounts` in the form of proc(5). */
export function isOnEmptyDir(folder: string, mounts: string): boolean {
  const holding = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , , , place]) => place !== undefined && isBelow(folder, place))
    // Of two mounts at one place the later one is seen.
    .reduce<readonly string[]>((best, next) => ((next[4]?.length ?? 0) >= (best[4]?.length ?? 0) ? next : best), []);
  return holding[3]?.includes(EMPTY_DIR) ?? false;
}

function isBelow(folder: string, place: string): boolean {
  return folder === place || folder.startsWith(place.endsWith('/') ? place : `${place}/`);
}

/** Empty on systems that have no such list; there are no pods there either. */
function readMounts(): string {
  try {
    return readFileSync(MOUNTS, 'utf8');
  } catch {
    return '';
  }
}
