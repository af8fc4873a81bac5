// Reads folders of manifests once, for those who judge what is written and serve nothing: every object with the places of
// its fields, and every fault.
import type { Route, Target } from '../../routing/route.ts';
import { type Entry, toPiece } from './entries.ts';
import { createPace } from '../pace.ts';
import { type FileState, parseManifestText, readManifestFile } from './file-reader.ts';
import { EMPTY_INVENTORY, takeInventory } from './inventory.ts';
import type { Fields, ManifestDialect, ManifestFault } from '../manifest.ts';
import type { Position } from './parse.ts';
import { isSopsEncrypted, type Secret } from './secret.ts';
import { listTree, type UnreadablePlace } from './tree.ts';

const CONCURRENT_READS = 16;

/** One object as it was written. */
export interface FolderObject {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly namespace: string;
  readonly name: string;
  /** `Alert/namespace/name`. */
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly raw: Fields;
  /** What the dialect made of it; all null for an object that was refused or that is not ours. */
  readonly route: Route | null;
  readonly target: Target | null;
  readonly secret: Secret | null;
  readonly isEncrypted: boolean;
  readonly file: string;
  /** Where a field stands in the file, or the nearest thing around it that exists. */
  locate(path: readonly (string | number)[]): Position;
}

export interface Folder {
  readonly files: number;
  /** In the order in which they count; of two definitions of one object both are here. */
  readonly objects: readonly FolderObject[];
  readonly faults: readonly ManifestFault[];
}

export interface FolderOptions {
  /** Folders, or single files. */
  readonly paths: readonly string[];
  /** Manifests that are no file, with the name that faults call them by. */
  readonly piped?: { readonly name: string; readonly bytes: Uint8Array };
  readonly dialect: ManifestDialect;
  readonly monotonicMs: () => number;
}

/** Reads every manifest below the paths and nothing else; never rejects, a path that cannot be read is a fault. */
export async function readFolder({ paths, piped, dialect, monotonicMs }: FolderOptions): Promise<Folder> {
  const tree = await listTree(paths);
  const pace = createPace(monotonicMs);
  const states: FileState[] = [];
  if (piped !== undefined) states.push(await parseManifestText(piped.name, piped.bytes, dialect, pace));
  for (let start = 0; start < tree.files.length; start += CONCURRENT_READS) {
    const read = tree.files
      .slice(start, start + CONCURRENT_READS)
      .map((file) => readManifestFile(file, undefined, dialect, pace, { keepsSource: true }));
    for (const state of await Promise.all(read)) if (state !== undefined) states.push(state);
  }
  const { faults } = takeInventory(states, EMPTY_INVENTORY);
  return { files: states.length, objects: states.flatMap(toObjects), faults: [...tree.unreadable.map(toFault), ...faults] };
}

/** The same of objects that stand in no file; `place` is what faults call where they are. */
export function readObjects(place: string, objects: readonly unknown[], dialect: ManifestDialect): Folder {
  const piece = toPiece({ documents: objects.map((value) => ({ value, locate: nowhere })), faults: [] }, dialect, { keepsSource: true });
  const state: FileState = { path: place, stamp: '', pieces: [{ piece, line: 0 }], byDigest: new Map(), unreadable: null };
  return { files: 0, objects: toObjects(state), faults: takeInventory([state], EMPTY_INVENTORY).faults };
}

function nowhere(): Position {
  return { line: 0, column: 0 };
}

function toObjects({ path, pieces }: FileState): FolderObject[] {
  return pieces.flatMap(({ piece, line }) => piece.entries.flatMap((entry) => toObject(entry, path, line)));
}

function toObject({ source, content, ...entry }: Entry, file: string, line: number): FolderObject[] {
  if (source === undefined) return [];
  const { kind, group, namespace, name, title, labels } = entry;
  return [
    {
      kind,
      group,
      namespace,
      name,
      title,
      labels,
      file,
      raw: source.raw,
      route: content.type === 'route' ? content.route : null,
      target: content.type === 'target' ? content.target : null,
      secret: content.type === 'secret' ? content.secret : null,
      isEncrypted: isSopsEncrypted(source.raw),
      locate: (path) => {
        const place = source.locate(path);
        return { line: place.line + line, column: place.column };
      },
    },
  ];
}

function toFault({ path, message }: UnreadablePlace): ManifestFault {
  const hint = 'Check the path, and that it may be read.';
  return { file: path, line: 0, column: 0, object: '', field: '', message, hint, severity: 'error', rule: 'unreadable' };
}
