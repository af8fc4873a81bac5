// All files → one set of objects. Pure. Of an object that is defined twice the first stays; of one that is broken the
// last good version stays; of a file that cannot be understood all its objects stay.
import type { Route, Target } from '../../routing/route.ts';
import type { ManifestFault } from '../manifest.ts';
import type { Secret } from '../secret.ts';
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
  readonly kept: ReadonlyMap<string, Kept>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly targets: ReadonlyMap<string, Target>;
  /** By `namespace/name`. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Secrets that a manifest names but that cannot be used, by `namespace/name`, with the reason. */
  readonly brokenSecrets: ReadonlyMap<string, string>;
  /** By `labelKey`. */
  readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly faults: readonly ManifestFault[];
}

const HELD_HINT = 'The last good version stays in use.';

interface Found {
  readonly entry: Entry;
  readonly file: string;
  readonly line: number;
}

export const EMPTY_INVENTORY: Inventory = {
  kept: new Map(),
  routes: new Map(),
  targets: new Map(),
  secrets: new Map(),
  brokenSecrets: new Map(),
  labels: new Map(),
  faults: [],
};

/** Puts the files' objects together; files come in the order in which they count. */
export function takeInventory(files: Iterable<FileState>, previous: Inventory): Inventory {
  const { found, labels, faults, brokenFiles } = collect(files, previous);
  const kept = new Map<string, Kept>();
  const brokenSecrets = new Map<string, string>();
  for (const [identity, places] of found) {
    const first = places[0] as Found;
    const chosen = choose(identity, places, previous);
    if (chosen !== undefined) kept.set(identity, chosen);
    else if (first.entry.kind === 'Secret') brokenSecrets.set(`${first.entry.namespace}/${first.entry.name}`, reasonOf(first));
    const isOldVersion = first.entry.content.type === 'refused' && chosen !== undefined && chosen === previous.kept.get(identity);
    for (const finding of first.entry.findings) faults.push(toFault(finding, first, isOldVersion));
    for (const other of places.slice(1)) {
      for (const finding of other.entry.findings) faults.push(toFault(finding, other, false));
      faults.push(duplicate(other, first));
    }
  }
  const heldFiles = new Set<string>();
  for (const [identity, old] of previous.kept) {
    if (found.has(identity) || !brokenFiles.has(old.file)) continue;
    kept.set(identity, old);
    heldFiles.add(old.file);
  }
  for (const [index, fault] of faults.entries()) {
    if (fault.object === '' && heldFiles.has(fault.file)) faults[index] = { ...fault, hint: `${fault.hint} ${HELD_HINT}` };
  }
  faults.sort(byPlace);
  return { kept, ...split(kept), brokenSecrets, labels, faults };
}

function collect(files: Iterable<FileState>, previous: Inventory) {
  const found = new Map<string, Found[]>();
  const labels = new Map<string, Readonly<Record<string, string>>>();
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
        if (!labels.has(entry.labelKey)) labels.set(entry.labelKey, entry.labels);
        if (entry.content.type === 'other') continue;
        const places = found.get(entry.identity);
        if (places === undefined) found.set(entry.identity, [{ entry, file, line }]);
        else places.push({ entry, file, line });
        // It may be meant to be another object, one that would otherwise seem to be gone.
        if (entry.content.type === 'refused' && !previous.kept.has(entry.identity)) brokenFiles.add(file);
      }
    }
  }
  return { found, labels, faults, brokenFiles };
}

function choose(identity: string, places: readonly Found[], previous: Inventory): Kept | undefined {
  const [first, ...others] = places;
  const old = previous.kept.get(identity);
  const fresh = first === undefined ? undefined : toKept(first, old);
  if (fresh !== undefined) return fresh;
  if (old !== undefined) return old;
  for (const other of others) {
    const good = toKept(other, old);
    if (good !== undefined) return good;
  }
  return undefined;
}

function toKept({ entry, file }: Found, old: Kept | undefined): Kept | undefined {
  const { content, namespace, name } = entry;
  if (content.type === 'refused' || content.type === 'other') return undefined;
  const isSame = old !== undefined && isUnchanged(old.content, content);
  if (isSame && old.file === file) return old;
  // An object that only moved, or whose comments changed, stays the very same object for everybody who holds it.
  return { content: isSame ? old.content : content, namespace, name, file };
}

function isUnchanged(old: Good, next: Good): boolean {
  if (old.type === 'route') return next.type === 'route' && old.route.hash === next.route.hash;
  if (old.type === 'target') return next.type === 'target' && old.target.hash === next.target.hash;
  return next.type === 'secret' && old.secret.digest === next.secret.digest;
}

function split(kept: ReadonlyMap<string, Kept>): Pick<Inventory, 'routes' | 'targets' | 'secrets'> {
  const routes = new Map<string, Route>();
  const targets = new Map<string, Target>();
  const secrets = new Map<string, Secret>();
  for (const [identity, { content, namespace, name }] of kept) {
    if (content.type === 'route') routes.set(identity, content.route);
    else if (content.type === 'target') targets.set(identity, content.target);
    else secrets.set(`${namespace}/${name}`, content.secret);
  }
  return { routes, targets, secrets };
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
