// Validates a `spec` as the API server does: nulls of fields count as absent, unknown fields are dropped (and told),
// everything else that the schema refuses is an error with a hint.
import { z } from 'zod';
import { type Finding, MAX_FINDINGS_PER_OBJECT, show, suggest, toFieldPath } from './finding.ts';

type Path = readonly (string | number)[];
type Fields = Readonly<Record<string, unknown>>;

export interface Validated<Spec> {
  /** undefined when the API server would refuse it. */
  readonly spec: Spec | undefined;
  readonly findings: readonly Finding[];
}

/** Replaces the hint and message of an issue that the author of a schema can explain better; undefined leaves them. */
export type Explain = (path: Path, value: unknown) => Pick<Finding, 'message' | 'hint'> | undefined;

/** Validates the pruned `spec` of an object against its schema. */
export function validateSpec<Schema extends z.ZodObject>(schema: Schema, spec: Fields, explain: Explain): Validated<z.output<Schema>> {
  const result = schema.safeParse(spec);
  const errors = result.success
    ? []
    : result.error.issues.slice(0, MAX_FINDINGS_PER_OBJECT).map((issue) => toFinding(issue, spec, explain));
  return { spec: result.success ? result.data : undefined, findings: [...errors, ...unknownFields(schema, spec, ['spec'])] };
}

/** Drops the properties that are null, at every depth, as the API server does for fields that are not nullable. */
export function pruneNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruneNulls);
  if (!isFields(value)) return value;
  const pruned: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (field === null) continue;
    // A plain assignment of `__proto__` would replace the prototype instead of adding a key.
    Object.defineProperty(pruned, key, { value: pruneNulls(field), enumerable: true, configurable: true, writable: true });
  }
  return pruned;
}

/** A mapping as a manifest has it. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `a string`, `a list`, …: the type of a value in words. */
function typeInWords(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const words: Readonly<Record<string, string>> = { string: 'a string', boolean: 'true or false', object: 'a mapping' };
  return words[typeof value] ?? 'a number';
}

/** Warns of the keys of a mapping that are not among those known. */
export function unknownKeys(value: Fields, known: readonly string[], path: Path): Finding[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .slice(0, MAX_FINDINGS_PER_OBJECT)
    .map((key) => {
      const meant = suggest(key, known);
      return {
        path: [...path, key],
        message: `${toFieldPath([...path, key])} is not a field and is ignored`,
        hint: meant === undefined ? `Remove it; the fields here are ${known.join(', ')}.` : `Did you mean ${meant}?`,
        severity: 'warning',
        rule: 'unknown-field',
      };
    });
}

function unknownFields(schema: unknown, value: unknown, path: Path): Finding[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unknownFields(schema.unwrap(), value, path);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((item, index) => unknownFields(schema.element, item, [...path, index])).slice(0, MAX_FINDINGS_PER_OBJECT);
  }
  if (!(schema instanceof z.ZodObject) || !isFields(value)) return [];
  const known = Object.keys(schema.shape);
  const inside = known.flatMap((key) => (Object.hasOwn(value, key) ? unknownFields(schema.shape[key], value[key], [...path, key]) : []));
  return [...unknownKeys(value, known, path), ...inside].slice(0, MAX_FINDINGS_PER_OBJECT);
}

function toFinding(issue: z.core.$ZodIssue, spec: Fields, explain: Explain): Finding {
  const inSpec = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const path = ['spec', ...inSpec];
  const value = valueAt(spec, inSpec);
  const words = value === undefined ? undefined : explain(path, value);
  return { path, ...(words ?? describe(issue, toFieldPath(path), value)), severity: 'error' };
}

function describe(issue: z.core.$ZodIssue, field: string, value: unknown): Pick<Finding, 'message' | 'hint'> {
  if (value === undefined) return { message: `${field} is required`, hint: `Add ${field}.` };
  if (issue.code === 'invalid_type') return describeType(issue.expected, field, value);
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const meant = typeof value === 'string' ? suggest(value, allowed) : undefined;
    const choices = `Use one of ${allowed.join(', ')}.`;
    const hint = meant === undefined ? choices : `Did you mean ${meant}? ${choices}`;
    return { message: `${field} cannot be ${isFields(value) || Array.isArray(value) ? typeInWords(value) : show(value)}`, hint };
  }
  return issue.code === 'custom'
    ? describeRule(issue.params, field)
    : { message: `${field} is not valid`, hint: 'See the reference of this field.' };
}

function describeType(expected: string, field: string, value: unknown): Pick<Finding, 'message' | 'hint'> {
  const names: Readonly<Record<string, string>> = {
    string: 'a string',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  const hints: Readonly<Record<string, string>> = {
    string: isFields(value) || Array.isArray(value) ? 'Write a plain value here.' : 'Put the value in quotes.',
    boolean: 'Write true or false without quotes.',
    array: 'Write every entry on a line of its own that starts with a dash.',
    object: 'Write the fields on lines below it, indented, such as name: example.',
    record: 'Write the pairs on lines below it, indented, such as key: value.',
  };
  const wanted = names[expected] ?? expected;
  return { message: `${field} must be ${wanted}, not ${typeInWords(value)}`, hint: hints[expected] ?? `Write ${wanted}.` };
}

/** The value itself stays out of the message: addresses and proxies may hold credentials. */
function describeRule(params: Readonly<Record<string, unknown>> | undefined, field: string): Pick<Finding, 'message' | 'hint'> {
  const limit = String(params?.['limit']);
  switch (params?.['rule']) {
    case 'maxLength':
      return { message: `${field} is longer than ${limit} characters`, hint: 'Shorten it.' };
    case 'minLength':
      return { message: `${field} must not be empty`, hint: `Give ${field} a value or remove it.` };
    default:
      return { message: `${field} does not match ${limit}`, hint: 'Write it as the pattern says.' };
  }
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    const isInside = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    value = isInside ? (value as Readonly<Record<string | number, unknown>>)[step] : undefined;
  }
  return value;
}
