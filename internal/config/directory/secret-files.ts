// Secrets as files: <folder>/<namespace>/<name>/<key>, each file the exact bytes of a value, as a kubelet mounts them.
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestFault } from '../manifest.ts';
import { type Secret, toStored } from './secret.ts';
import { toUnreadable } from './tree.ts';

const MAX_VALUE_BYTES = 1024 * 1024;

/** What the folder holds. */
export interface SecretFiles {
  /** By `namespace/name`. */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly directories: readonly string[];
  readonly faults: readonly ManifestFault[];
}

interface Gathered {
  readonly secrets: Map<string, Secret>;
  readonly directories: string[];
  readonly faults: ManifestFault[];
}

/** Reads the folder; a Secret that cannot be read now keeps what `previous` has of it. */
export async function readSecretFiles(root: string, previous: SecretFiles | undefined): Promise<SecretFiles> {
  const gathered: Gathered = { secrets: new Map(), directories: [], faults: [] };
  const namespaces = await list(root, gathered);
  if (namespaces === undefined) return { ...gathered, secrets: previous?.secrets ?? new Map(), directories: previous?.directories ?? [] };
  for (const namespace of namespaces) {
    // Hidden entries of a kubelet volume lead to what the visible ones show; keys alone may begin with one dot.
    if (namespace.startsWith('.')) continue;
    const folder = join(root, namespace);
    const names = await list(folder, gathered);
    if (names === undefined) {
      for (const [key, old] of previous?.secrets ?? []) if (key.startsWith(`${namespace}/`)) gathered.secrets.set(key, old);
    }
    for (const name of names ?? []) {
      if (!name.startsWith('.')) await readSecret(join(folder, name), `${namespace}/${name}`, previous, gathered);
    }
  }
  return gathered;
}

async function readSecret(folder: string, key: string, previous: SecretFiles | undefined, gathered: Gathered): Promise<void> {
  const names = await list(folder, gathered);
  const values = new Map<string, Uint8Array>();
  let isComplete = names !== undefined;
  for (const name of names ?? []) {
    if (name.startsWith('..')) continue;
    const path = join(folder, name);
    try {
      const found = await stat(path);
      if (!found.isFile()) continue;
      if (found.size > MAX_VALUE_BYTES) {
        gathered.faults.push(toFault(path, 'the file is longer than 1 MiB', 'A Secret holds at most 1 MiB.'));
        isComplete = false;
        continue;
      }
      values.set(name, await readFile(path));
    } catch (cause) {
      const { message, hint } = toUnreadable(path, cause);
      gathered.faults.push(toFault(path, message, hint));
      isComplete = false;
    }
  }
  const old = previous?.secrets.get(key);
  const next = isComplete ? toStored(values) : old;
  if (next !== undefined) gathered.secrets.set(key, old !== undefined && old.digest === next.digest ? old : next);
}

async function list(folder: string, gathered: Gathered): Promise<string[] | undefined> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const { message, hint } = toUnreadable(folder, cause);
    const isPlainFile = message === 'it is not a folder';
    gathered.faults.push(toFault(folder, message, isPlainFile ? 'Put values into files <namespace>/<name>/<key>.' : hint));
    return undefined;
  }
  gathered.directories.push(folder);
  return entries.map(({ name }) => name).sort();
}

function toFault(file: string, message: string, hint: string): ManifestFault {
  return { file, line: 0, column: 0, object: '', field: '', message, hint, severity: 'error' };
}
