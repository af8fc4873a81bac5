// What lint says: one fault at one place, with the rule that found it.
import { type ManifestFault, toFieldName } from '../config/manifest.ts';
import type { FolderObject } from '../config/directory/read-folder.ts';

/** Every kind of fault, with what it means in a sentence. */
export const RULES = {
  syntax: 'The text is no YAML or JSON, so nobody knows which objects it holds.',
  unreadable: 'A file or folder cannot be read.',
  'nothing-to-check': 'There is no Alert and no Provider.',
  schema: 'The API server would refuse the object.',
  'duplicate-object': 'The same object is defined twice.',
  encrypted: 'SOPS has encrypted an object that has to be read.',
  'unknown-field': 'A field does not exist, so it has no effect.',
  'ignored-field': 'The type of the Provider does not read a field.',
  'deprecated-field': 'A field, key or version is deprecated and has a replacement.',
  'bad-pattern': 'A regular expression does not compile, so it never matches.',
  'bad-expression': 'A CEL expression does not compile.',
  'unknown-kind': 'An Alert names a kind that is probably misspelt.',
  'unsupported-type': 'This version cannot send to Providers of this type.',
  'missing-provider': "An Alert names a Provider that is not in the Alert's namespace.",
  'missing-secret': "A Provider names a Secret that is not in the Provider's namespace.",
  'never-matches': 'An Alert, or a part of it, can match no event.',
  'overlapping-alerts': 'Two Alerts send the same event to the same place.',
  'bad-configuration': 'The type of a Provider refuses its address, its Secrets or another field.',
  'secret-keys': 'A Secret lacks a key that the type of the Provider needs, or spells it differently.',
  'inconsistent-secret': 'Keys of a Secret contradict or complete one another only in part.',
  'clear-secret': 'A credential stands in clear outside of a Secret.',
} as const;

/** What a kind of fault is called in reports. */
export type RuleId = keyof typeof RULES;

/** A fault as lint tells it, by one of its own rules. */
export interface LintFinding extends ManifestFault {
  readonly rule: RuleId;
}

/** Leads to a field of an object. */
export type Path = readonly (string | number)[];

type Words = Pick<LintFinding, 'rule' | 'severity' | 'message' | 'hint'>;

/** A finding at a field of an object. */
export function findingAt(object: FolderObject, path: Path, { rule, severity, message, hint }: Words): LintFinding {
  return { rule, severity, file: object.file, ...object.locate(path), object: object.title, field: toFieldName(path), message, hint };
}

/** `file line 7`, for a message that refers to another object. */
export function placeOf(object: FolderObject): string {
  return `${object.file} line ${object.locate([]).line}`;
}

/** A few items in words: `a, b and 3 more`. */
export function listed(items: readonly string[]): string {
  const shown = [...new Set(items)].sort();
  const most = 5;
  return shown.length <= most ? shown.join(', ') : `${shown.slice(0, most).join(', ')} and ${shown.length - most} more`;
}

/** True for a text that something else fills in before it is applied, such as Flux's variable substitution. */
export function isTemplated(text: string): boolean {
  return text.includes('${');
}
