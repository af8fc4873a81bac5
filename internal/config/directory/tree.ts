// Lists the manifest files below the given folders: hidden entries are skipped and links followed, so that a kubelet
// volume (visible links into a hidden ..data) shows every file once.
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const MAX_DEPTH = 32;
const MAX_FILES = 200_000;

export interface FoundFile {
  readonly path: string;
  /** Changes when the file does. */
  readonly stamp: string;
  readonly bytes: number;
}

/** A place that cannot be read now; what was known below it stays in use. */
export interface UnreadablePlace {
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

export interface Tree {
  /** In the order in which their objects count: by folder as given, then by path. */
  readonly files: readonly FoundFile[];
  readonly directories: readonly string[];
  readonly unreadable: readonly UnreadablePlace[];
}

interface Walk {
  readonly files: FoundFile[];
  readonly directories: string[];
  readonly unreadable: UnreadablePlace[];
  /** Inodes already seen: links may form a circle, and folders may be given twice. */
  readonly seen: Set<string>;
}

/** True for names that are read as manifests. */
export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && EXTENSIONS.includes(extname(name).toLowerCase());
}

/** Lists everything below the roots; never rejects. */
export async function listTree(roots: readonly string[]): Promise<Tree> {
  const walk: Walk = { files: [], directories: [], unreadable: [], seen: new Set() };
  for (const root of roots) await visitRoot(root, walk);
  return walk;
}

/** A file as it is now; undefined when there is none. */
export async function findFile(path: string): Promise<FoundFile | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isFile() ? toFoundFile(path, found) : undefined;
  } catch {
    // Whatever keeps it from being looked at is met and told again when the whole tree is listed.
    return undefined;
  }
}

async function visitRoot(root: string, walk: Walk): Promise<void> {
  try {
    const found = await stat(root, { bigint: true });
    if (!found.isDirectory()) {
      walk.files.push(toFoundFile(root, found));
      return;
    }
    await visitDirectory(root, `${found.dev}:${found.ino}`, 0, walk);
  } catch (cause) {
    walk.unreadable.push(toUnreadable(root, cause));
  }
}

async function visitDirectory(path: string, inode: string, depth: number, walk: Walk): Promise<void> {
  if (walk.seen.has(inode) || depth > MAX_DEPTH) return;
  walk.seen.add(inode);
  let entries: Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (cause) {
    // A subfolder that is gone by now is simply gone; a root that is gone is a fault.
    if (depth === 0 || codeOf(cause) !== 'ENOENT') walk.unreadable.push(toUnreadable(path, cause));
    return;
  }
  walk.directories.push(path);
  const wanted = entries.filter(isWanted).sort((left, right) => (left.name < right.name ? -1 : 1));
  const found = await Promise.all(wanted.map((entry) => statEntry(join(path, entry.name), walk)));
  for (const entry of found) {
    if (entry === undefined) continue;
    if (entry.isDirectory) await visitDirectory(entry.file.path, entry.inode, depth + 1, walk);
    else if (walk.files.length < MAX_FILES && !walk.seen.has(entry.inode)) {
      walk.seen.add(entry.inode);
      walk.files.push(entry.file);
    }
  }
}

function isWanted(entry: Dirent): boolean {
  if (entry.name.startsWith('.')) return false;
  // What a link leads to shows only when it is followed; folders may have any name.
  return entry.isDirectory() || entry.isSymbolicLink() || (entry.isFile() && isManifestName(entry.name));
}

async function statEntry(path: string, walk: Walk): Promise<{ isDirectory: boolean; inode: string; file: FoundFile } | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    const isDirectory = found.isDirectory();
    if (!isDirectory && !(found.isFile() && isManifestName(path.slice(path.lastIndexOf('/') + 1)))) return undefined;
    return { isDirectory, inode: `${found.dev}:${found.ino}`, file: toFoundFile(path, found) };
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') walk.unreadable.push(toUnreadable(path, cause));
    return undefined;
  }
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

function toFoundFile(path: string, { dev, ino, size, mtimeNs, ctimeNs }: Identity): FoundFile {
  return { path, stamp: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, bytes: Number(size) };
}

/** Says in words why a place cannot be read. */
export function toUnreadable(path: string, cause: unknown): UnreadablePlace {
  const code = codeOf(cause);
  const [message, hint] = REASONS[code] ?? [`it cannot be read (${code})`, 'Check the disk or the mount.'];
  return { path, message, hint };
}

const REASONS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ENOENT: ['it does not exist', 'Check the path; what was read before stays in use until it is back.'],
  ENOTDIR: ['it is not a folder', 'Check the path.'],
  EACCES: ['it may not be read', 'Give this process permission to read it.'],
  EPERM: ['it may not be read', 'Give this process permission to read it.'],
  ELOOP: ['its links form a circle', 'Mend the links.'],
  EMFILE: ['too many files are open', 'Raise the limit of open files.'],
};

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown error';
}
