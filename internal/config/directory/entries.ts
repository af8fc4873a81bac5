// Parsed documents → the objects they hold: Routes, Targets, Secrets, and the labels of everything else.
import type { Route, Target } from '../../routing/route.ts';
import {
  type Fields,
  type Finding,
  groupOf,
  isFields,
  type ManifestDialect,
  namesOf,
  printable,
  textOf,
  toFieldName,
  toManifestObject,
  toPairs,
} from '../manifest.ts';
import { isSecret, isSopsEncrypted, type Secret, sopsFinding, toSecret } from './secret.ts';
import type { ParseResult, Position } from './parse.ts';

const MAX_LIST_DEPTH = 5;

/** What a document is good for; `refused` is one that must be mended first. */
export type Content =
  | { readonly type: 'route'; readonly route: Route }
  | { readonly type: 'target'; readonly target: Target }
  | { readonly type: 'secret'; readonly secret: Secret }
  | { readonly type: 'refused' }
  | { readonly type: 'other' };

/** A finding with its place inside the piece of text that was parsed. */
export interface PlacedFinding extends Position {
  readonly field: string;
  readonly message: string;
  readonly hint: string;
  readonly severity: 'error' | 'warning';
  readonly rule?: string;
}

/** An object as it was written, and where its fields stand in the piece. */
export interface EntrySource {
  readonly raw: Fields;
  readonly locate: Locate;
}

/** One object of a piece of text. */
export interface Entry {
  /** Equal for two versions of the same object. */
  readonly identity: string;
  /** `Alert/namespace/name`. */
  readonly title: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly position: Position;
  readonly content: Content;
  readonly findings: readonly PlacedFinding[];
  /** Only for those who look once and let go: it holds on to the text of the piece. */
  readonly source?: EntrySource;
}

/** What a piece of text holds. */
export interface Piece {
  readonly entries: readonly Entry[];
  /** Mistakes that leave open which objects the text was meant to hold. */
  readonly syntaxFindings: readonly PlacedFinding[];
}

export type Locate = (path: readonly (string | number)[]) => Position;

/** How much of what was read is kept. */
export interface Reading {
  readonly keepsSource: boolean;
}

/** Reads the objects of a parsed piece of text. */
export function toPiece(parsed: ParseResult, dialect: ManifestDialect, reading: Reading = { keepsSource: false }): Piece {
  const syntaxFindings: PlacedFinding[] = parsed.faults.map((fault) => ({ ...fault, field: '', severity: 'error', rule: 'syntax' }));
  const entries: Entry[] = [];
  for (const document of parsed.documents) {
    try {
      for (const { raw, locate } of objectsOf(document.value, document.locate, 0)) {
        const entry = readObject(raw, locate, dialect);
        if (entry !== undefined) entries.push(reading.keepsSource ? { ...entry, source: { raw, locate } } : entry);
      }
    } catch (cause) {
      const { message, hint } = describeThrown(cause);
      syntaxFindings.push({ ...document.locate([]), field: '', message, hint, severity: 'error', rule: 'syntax' });
    }
  }
  return { entries, syntaxFindings };
}

/** Anything but nesting is a mistake of ours that must not take other documents down; its message may hold a Secret. */
function describeThrown(cause: unknown): { readonly message: string; readonly hint: string } {
  if (cause instanceof RangeError) return { message: 'the document is nested too deeply', hint: 'Manifests need few levels.' };
  const name = cause instanceof Error ? cause.name : typeof cause;
  return {
    message: `reading the document failed (${name})`,
    hint: 'This is a mistake of Tocsin; please report it with the kind of the object.',
  };
}

/** The objects of a document: itself, or the items of a List. */
function objectsOf(value: unknown, locate: Locate, depth: number): EntrySource[] {
  if (!isFields(value)) return [];
  const items = value['items'];
  const kind = textOf(value['kind']);
  if (!kind.endsWith('List') || !Array.isArray(items)) return [{ raw: value, locate }];
  if (depth >= MAX_LIST_DEPTH) return [];
  const itemHeader = { apiVersion: value['apiVersion'], kind: kind.slice(0, -'List'.length) };
  return items.flatMap((item: unknown, index) => {
    // The items of a typed list need not repeat what they are.
    const whole = isFields(item) && itemHeader.kind !== '' ? { ...itemHeader, ...item } : item;
    return objectsOf(whole, (path) => locate(['items', index, ...path]), depth + 1);
  });
}

function readObject(raw: Fields, locate: Locate, dialect: ManifestDialect): Entry | undefined {
  const header = { apiVersion: textOf(raw['apiVersion']), kind: textOf(raw['kind']) };
  if (isSecret(raw)) return readSecret(raw, locate);
  if (dialect.claims(header)) return readClaimed(raw, locate, dialect);
  // Anything else may be a values file or another tool's: it only serves for its labels.
  if (header.kind === '' || namesOf(raw).name === '') return undefined;
  return toEntry(raw, locate, { type: 'other' }, []);
}

function readSecret(raw: Fields, locate: Locate): Entry {
  const { object, findings } = toManifestObject({ ...raw, apiVersion: 'v1' });
  if (object === null) return toEntry(raw, locate, { type: 'refused' }, findings);
  const result = toSecret(raw);
  return toEntry(raw, locate, result.secret === null ? { type: 'refused' } : { type: 'secret', secret: result.secret }, result.findings);
}

function readClaimed(raw: Fields, locate: Locate, dialect: ManifestDialect): Entry {
  if (isSopsEncrypted(raw)) return toEntry(raw, locate, { type: 'refused' }, [sopsFinding(textOf(raw['kind']))]);
  const { object, findings: headerFindings } = toManifestObject(raw);
  if (object === null) return toEntry(raw, locate, { type: 'refused' }, headerFindings);
  const { route, target, findings } = dialect.translate(object);
  const content: Content = route !== null ? { type: 'route', route } : target !== null ? { type: 'target', target } : { type: 'refused' };
  return toEntry(raw, locate, content, findings);
}

function toEntry(raw: Fields, locate: Locate, content: Content, findings: readonly Finding[]): Entry {
  const { namespace, name } = namesOf(raw);
  const kind = textOf(raw['kind']);
  const group = groupOf(textOf(raw['apiVersion']));
  const metadata = raw['metadata'];
  return {
    // A mistyped group must not turn an object into another one, so it only counts for objects that are not ours.
    identity: `${content.type === 'other' ? group : ''}/${kind}/${namespace}/${name}`,
    title: printable(name === '' ? kind : `${kind}/${namespace}/${name}`),
    namespace,
    name,
    kind,
    group,
    labels: toPairs(isFields(metadata) ? metadata['labels'] : undefined),
    position: locate([]),
    content,
    findings: findings.map((finding) => place(finding, locate)),
  };
}

function place({ path, ...finding }: Finding, locate: Locate): PlacedFinding {
  return { ...locate(path), field: toFieldName(path), ...finding };
}
