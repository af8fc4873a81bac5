// All files → one set of objects. Pure. Of an object that is defined twice the first stays; of one that is broken the
// last good version stays; of a file that cannot be understood all its objects stay.
import type { Route, SnapshotChanges, Target } from '../../routing/route.ts';
import { toKey } from '../../sdk/target.ts';
import type { ManifestFault } from '../manifest.ts';
import type { Secret } from './secret.ts';
import type { Content, Entry, PlacedFinding } from './entries.ts';
import type { FileState } from './file-reader.ts';

type Good = Exclude<Content, { readonly type: 'refused' | 'other' }>;

/** A good version of an object and the file that it came from. */
interface Kept {
  readonly content: Good;
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
}

/** Everything that the manifests say. */
export interface Inventory {
  /** By the identity of the object. */
  readonly kept: ReadonlyMap<string, Kept>;
  /** By `namespace/name`. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Secrets that a manifest names but that cannot be used, by `namespace/name`, with the reason. */
  readonly brokenSecrets: ReadonlyMap<string, string>;
  readonly faults: readonly ManifestFault[];
}

const HELD_HINT = 'The last good version stays in use.';

interface Found {
  readonly entry: Entry;
  readonly file: string;
  readonly line: number;
}

interface Collected {
  readonly firsts: ReadonlyMap<string, Found>;
  /** Further definitions of the same object; few or none. */
  readonly others: ReadonlyMap<string, readonly Found[]>;
  readonly faults: ManifestFault[];
  readonly brokenFiles: ReadonlySet<string>;
}

export const EMPTY_INVENTORY: Inventory = { kept: new Map(), secrets: new Map(), brokenSecrets: new Map(), faults: [] };

/** Puts the files' objects together; files come in the order in which they count. */
export function takeInventory(files: Iterable<FileState>, previous: Inventory): Inventory {
  const collected = collect(files, previous);
  const { firsts, others, faults } = collected;
  const kept = new Map<string, Kept>();
  const secrets = new Map<string, Secret>();
  const brokenSecrets = new Map<string, string>();
  for (const [identity, first] of firsts) {
    const chosen = choose(first, others.get(identity), previous.kept.get(identity));
    if (chosen !== undefined) kept.set(identity, chosen);
    else if (first.entry.kind === 'Secret') brokenSecrets.set(`${first.entry.namespace}/${first.entry.name}`, reasonOf(first));
    if (first.entry.findings.length === 0) continue;
    const isOldVersion = first.entry.content.type === 'refused' && chosen !== undefined && chosen === previous.kept.get(identity);
    for (const finding of first.entry.findings) faults.push(toFault(finding, first, isOldVersion));
  }
  for (const [identity, places] of others) {
    const first = firsts.get(identity);
    for (const other of places) {
      for (const finding of other.entry.findings) faults.push(toFault(finding, other, false));
      // Objects without a name have nothing in common; that it is missing is what is wrong with each.
      if (first !== undefined && other.entry.name !== '') faults.push(duplicate(other, first));
    }
  }
  holdBrokenFiles(collected, previous, kept);
  for (const { content, namespace, name } of kept.values())
    if (content.type === 'secret') secrets.set(`${namespace}/${name}`, content.secret);
  return { kept, secrets, brokenSecrets, faults: faults.sort(byPlace) };
}

/** What turns the Snapshot of one inventory into that of the next. */
export function changesBetween(previous: Inventory, next: Inventory): SnapshotChanges {
  const upsertRoutes: Route[] = [];
  const upsertTargets: Target[] = [];
  const removeRoutes: string[] = [];
  const removeTargets: string[] = [];
  for (const [identity, { content }] of next.kept) {
    if (previous.kept.get(identity)?.content === content) continue;
    if (content.type === 'route') upsertRoutes.push(content.route);
    else if (content.type === 'target') upsertTargets.push(content.target);
  }
  for (const [identity, { content }] of previous.kept) {
    if (next.kept.has(identity)) continue;
    if (content.type === 'route') removeRoutes.push(toKey(content.route.ref));
    else if (content.type === 'target') removeTargets.push(content.target.key);
  }
  return { upsertRoutes, removeRoutes, upsertTargets, removeTargets };
}

function collect(files: Iterable<FileState>, previous: Inventory): Collected {
  const firsts = new Map<string, Found>();
  const others = new Map<string, Found[]>();
  const faults: ManifestFault[] = [];
  const brokenFiles = new Set<string>();
  for (const { path: file, pieces, unreadable } of files) {
    if (unreadable !== null) {
      brokenFiles.add(file);
      faults.push({ ...unreadable, file, object: '' });
    }
    for (const { piece, line } of pieces) {
      for (const finding of piece.syntaxFindings) {
        brokenFiles.add(file);
        faults.push({ ...finding, file, object: '', line: finding.line + line });
      }
      for (const entry of piece.entries) {
        if (entry.content.type === 'other') continue;
        const found = { entry, file, line };
        if (!firsts.has(entry.identity)) firsts.set(entry.identity, found);
        else others.set(entry.identity, [...(others.get(entry.identity) ?? []), found]);
        // It may be meant to be another object, one that would otherwise seem to be gone.
        if (entry.content.type === 'refused' && !previous.kept.has(entry.identity)) brokenFiles.add(file);
      }
    }
  }
  return { firsts, others, faults, brokenFiles };
}

/** Keeps what was read before from files whose present text leaves open what it means. */
function holdBrokenFiles({ firsts, brokenFiles, faults }: Collected, previous: Inventory, kept: Map<string, Kept>): void {
  if (brokenFiles.size === 0) return;
  const heldFiles = new Set<string>();
  for (const [identity, old] of previous.kept) {
    if (firsts.has(identity) || !brokenFiles.has(old.file)) continue;
    kept.set(identity, old);
    heldFiles.add(old.file);
  }
  for (const [index, fault] of faults.entries()) {
    if (fault.object === '' && heldFiles.has(fault.file)) faults[index] = { ...fault, hint: `${fault.hint} ${HELD_HINT}` };
  }
}

function choose(first: Found, others: readonly Found[] | undefined, old: Kept | undefined): Kept | undefined {
  const fresh = toKept(first, old) ?? old;
  if (fresh !== undefined || others === undefined) return fresh;
  for (const other of others) {
    const good = toKept(other, old);
    if (good !== undefined) return good;
  }
  return undefined;
}

function toKept({ entry, file }: Found, old: Kept | undefined): Kept | undefined {
  const { content, namespace, name } = entry;
  if (content.type === 'refused' || content.type === 'other') return undefined;
  const isSame = old !== undefined && (old.content === content || isUnchanged(old.content, content));
  if (isSame && old.file === file) return old;
  // An object that only moved, or whose comments changed, stays the very same object for everybody who holds it.
  return { content: isSame ? old.content : content, namespace, name, file };
}

function isUnchanged(old: Good, next: Good): boolean {
  if (old.type === 'route') return next.type === 'route' && old.route.hash === next.route.hash;
  if (old.type === 'target') return next.type === 'target' && old.target.hash === next.target.hash;
  return next.type === 'secret' && old.secret.digest === next.secret.digest;
}

function toFault(finding: PlacedFinding, { entry, file, line }: Found, isOldVersion: boolean): ManifestFault {
  const hint = isOldVersion && finding.severity === 'error' ? `${finding.hint} ${HELD_HINT}` : finding.hint;
  return { ...finding, hint, file, line: finding.line + line, object: entry.title };
}

function duplicate(other: Found, first: Found): ManifestFault {
  return {
    file: other.file,
    line: other.entry.position.line + other.line,
    column: other.entry.position.column,
    object: other.entry.title,
    field: '',
    message: `${other.entry.title} is already defined in ${first.file} line ${first.entry.position.line + first.line}`,
    hint: 'Remove one of the two; the first stays in use.',
    severity: 'error',
    rule: 'duplicate-object',
  };
}

function reasonOf({ entry, file, line }: Found): string {
  const finding = entry.findings.find(({ severity }) => severity === 'error');
  return `Secret ${entry.namespace}/${entry.name} in ${file} line ${(finding?.line ?? 1) + line} cannot be used: ${finding?.message ?? 'it is broken'}`;
}

function byPlace(left: ManifestFault, right: ManifestFault): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}
