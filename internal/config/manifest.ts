// What is not about folders: the port to a dialect, faults, and reading an object's header.
import { stableUid } from '../event/id.ts';
import type { ManifestObject, Route, Target } from '../routing/route.ts';

/** One fault of one field of an object; `error` means that the object is not used. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
  readonly severity: 'error' | 'warning';
  /** The dialect's word for the kind of fault, where it has one. */
  readonly rule?: string;
}

/** A Finding at its place. The message never holds the value of a Secret. */
export interface ManifestFault {
  readonly file: string;
  /** Counted from 1; 0 when the fault is about the file or folder as a whole. */
  readonly line: number;
  readonly column: number;
  /** `Alert/namespace/name`; empty when it is not known. */
  readonly object: string;
  /** `spec.eventSources[0].kind`; empty when it is about no field. */
  readonly field: string;
  readonly message: string;
  readonly hint: string;
  readonly severity: 'error' | 'warning';
  readonly rule?: string;
}

/** A dialect as a source of manifests sees it. */
export interface ManifestDialect {
  /** True for every object that the dialect answers for, also for those that it will refuse. */
  claims(object: { readonly apiVersion: string; readonly kind: string }): boolean;
  /** Route and target both null when the object is refused. */
  translate(object: ManifestObject): {
    readonly route: Route | null;
    readonly target: Target | null;
    readonly findings: readonly Finding[];
  };
}

/** A mapping of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object with its header in order, or what is wrong with the header. */
export type HeaderResult =
  | { readonly object: ManifestObject; readonly findings: readonly Finding[] }
  | { readonly object: null; readonly findings: readonly Finding[] };

const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const MAX_NAME_CHARS = 253;
const MAX_NAMESPACE_CHARS = 63;
const MAX_SHOWN_CHARS = 200;

/** Where kubectl puts an object that names no namespace, when its context names none either. */
export const DEFAULT_NAMESPACE = 'default';

/** A mapping as a manifest has it. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands under a key of a mapping; undefined where there is no mapping, or not this key of its own. */
export function fieldOf(value: unknown, key: string): unknown {
  return isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Text of a manifest, or the empty string. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Namespace and name of any object; the namespace that kubectl would choose when there is none. */
export function namesOf(raw: Fields): { readonly namespace: string; readonly name: string } {
  const metadata = isFields(raw['metadata']) ? raw['metadata'] : {};
  return { namespace: textOf(metadata['namespace']) || DEFAULT_NAMESPACE, name: textOf(metadata['name']) };
}

/** Group of an apiVersion; the core group is empty. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** What the labels of objects are indexed by. */
export function labelKey(object: {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return JSON.stringify([object.group, object.kind, object.namespace, object.name]);
}

/** Text of a manifest for a message: short, and without characters that change how the line around them reads. */
export function printable(text: string): string {
  const short = text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** `spec.eventSources[0].kind` */
export function toFieldName(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step.slice(0, 80)}`)).join('');
}

/** A null-prototype copy of the pairs that are text: a key such as `__proto__` is only data. */
export function toPairs(value: unknown): Readonly<Record<string, string>> {
  const pairs = Object.create(null) as Record<string, string>;
  if (!isFields(value)) return pairs;
  for (const [key, text] of Object.entries(value)) if (typeof text === 'string') pairs[key] = text;
  return pairs;
}

/**
 * Checks `metadata` as the API server does and fills in what it would: namespace, uid, generation.
 * The uid of an object that has none follows from kind, namespace and name, and stays for ever.
 */
export function toManifestObject(raw: Fields): HeaderResult {
  const metadata = raw['metadata'] ?? {};
  if (!isFields(metadata))
    return { object: null, findings: [fault(['metadata'], 'metadata must be a mapping', 'Write name and namespace on lines below it.')] };
  const findings = [...nameFindings(metadata), ...pairFindings(metadata, 'labels'), ...pairFindings(metadata, 'annotations')];
  if (findings.length > 0) return { object: null, findings };
  const { namespace, name } = namesOf(raw);
  const kind = textOf(raw['kind']);
  // What the API server keeps for itself says nothing and would be held for ever.
  const { managedFields: _, labels, annotations, ...rest } = metadata;
  const object: ManifestObject = {
    ...raw,
    apiVersion: textOf(raw['apiVersion']),
    kind,
    metadata: {
      ...rest,
      name,
      namespace,
      uid: textOf(metadata['uid']) || stableUid(kind, namespace, name),
      generation: typeof metadata['generation'] === 'number' ? metadata['generation'] : 1,
      ...(isFields(labels) ? { labels: toPairs(labels) } : {}),
      ...(isFields(annotations) ? { annotations: toPairs(annotations) } : {}),
    },
  };
  return { object, findings: [] };
}

function nameFindings(metadata: Fields): Finding[] {
  const findings: Finding[] = [];
  const { name, namespace } = metadata;
  if (name === undefined || name === null || name === '') {
    const hint =
      metadata['generateName'] === undefined
        ? 'Add metadata.name.'
        : 'Replace metadata.generateName by a fixed name; nobody generates one here.';
    findings.push(fault(['metadata', 'name'], 'metadata.name is required', hint));
  } else if (typeof name !== 'string') {
    findings.push(fault(['metadata', 'name'], 'metadata.name must be a string', 'Put the value in quotes.'));
  } else if (name.length > MAX_NAME_CHARS || !NAME.test(name)) {
    const hint = `Use at most ${MAX_NAME_CHARS} lower-case letters, digits, dashes and dots; begin and end with a letter or digit.`;
    findings.push(fault(['metadata', 'name'], 'metadata.name is not a valid name', hint));
  }
  if (namespace === undefined || namespace === null || namespace === '') return findings;
  if (typeof namespace !== 'string') {
    findings.push(fault(['metadata', 'namespace'], 'metadata.namespace must be a string', 'Put the value in quotes.'));
  } else if (namespace.length > MAX_NAMESPACE_CHARS || !NAMESPACE.test(namespace)) {
    const hint = `Use at most ${MAX_NAMESPACE_CHARS} lower-case letters, digits and dashes; begin and end with a letter or digit.`;
    findings.push(fault(['metadata', 'namespace'], 'metadata.namespace is not a valid namespace', hint));
  }
  return findings;
}

function pairFindings(metadata: Fields, field: 'labels' | 'annotations'): Finding[] {
  const pairs = metadata[field];
  if (pairs === undefined || pairs === null) return [];
  if (!isFields(pairs))
    return [fault(['metadata', field], `metadata.${field} must be a mapping`, 'Write the pairs on lines below it, such as key: value.')];
  const isBad = Object.values(pairs).some((value) => value !== null && typeof value !== 'string');
  return isBad
    ? [fault(['metadata', field], `metadata.${field} has a value that is not a string`, 'Put numbers, true and false in quotes.')]
    : [];
}

function fault(path: readonly (string | number)[], message: string, hint: string): Finding {
  return { path, message, hint, severity: 'error' };
}
