// Whether the folder of the store outlives the process's machine or container, as far as a process can tell.
import { realpathSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;
const OVERLAYFS = 0x794c7630;

/** False for a folder on a temporary or container file system that is not a mount of its own. */
export function isPersistent(path: string): boolean {
  try {
    const folder = realpathSync(dirname(path));
    const { type } = statfsSync(folder);
    const isTemporary = type === TMPFS || type === RAMFS || type === OVERLAYFS;
    return !isTemporary || statSync(folder).dev !== statSync(dirname(folder)).dev;
  } catch {
    return false;
  }
}
