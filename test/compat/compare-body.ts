// The body of a request against the one form in which it was recorded.
import { decodeOtlp } from './otlp.ts';
import { isAny, matchesText } from './placeholders.ts';
import { withoutClient } from './sentry.ts';
import type { ExpectedRequest } from './vector.ts';

interface BodyComparison {
  readonly want: ExpectedRequest;
  readonly body: Buffer;
  /** Where the request stands in the recording, as a JSON pointer. */
  readonly pointer: string;
  readonly unordered: ReadonlySet<string>;
}

/** What differs, in words. */
export function compareBody({ want, body, pointer, unordered }: BodyComparison): readonly string[] {
  const text = body.toString('utf8');
  const signed = want.raw !== undefined && Object.keys(want.headers ?? {}).some((name) => name.toLowerCase() === 'x-signature');
  if (signed && text !== want.raw) return [`signed bytes ${show(text)} instead of ${show(want.raw)}`];
  if (want.json !== undefined) return compareParsed({ want: want.json, text, path: `${pointer}/json`, unordered });
  if (want.form !== undefined) return compareValue({ want: want.form, got: toForm(text), path: `${pointer}/form`, unordered });
  if (want.jsonLines !== undefined) {
    const lines = text.split('\n').filter((line) => line !== '');
    if (lines.length !== want.jsonLines.length) return [`${lines.length} lines instead of ${want.jsonLines.length}`];
    return want.jsonLines.flatMap((line, index) => {
      const path = `${pointer}/jsonLines/${index}`;
      return compareParsed({ want: withoutClient(line), text: lines[index] ?? '', path, unordered, simplify: withoutClient });
    });
  }
  if (want.otlp !== undefined) return compareOtlp({ want: want.otlp, body, path: `${pointer}/otlp`, unordered });
  if (want.base64 !== undefined) return equalText(want.base64, body.toString('base64'));
  return compareValue({ want: want.text ?? '', got: text, path: `${pointer}/text`, unordered });
}

function equalText(want: string, got: string): readonly string[] {
  return matchesText(want, got) ? [] : [`body ${show(got)} instead of ${show(want)}`];
}

interface ValueComparison {
  readonly want: unknown;
  readonly got: unknown;
  readonly path: string;
  readonly unordered: ReadonlySet<string>;
}

interface TextComparison extends Omit<ValueComparison, 'got'> {
  readonly text: string;
  /** Takes out what is free. */
  readonly simplify?: (value: unknown) => unknown;
}

function compareParsed({ want, text, path, unordered, simplify = (value) => value }: TextComparison): readonly string[] {
  let got: unknown;
  try {
    got = JSON.parse(text);
  } catch {
    return [`body ${show(text)} is not JSON`];
  }
  return compareValue({ want, got: simplify(got), path, unordered });
}

function compareOtlp({ want, body, path, unordered }: Omit<ValueComparison, 'got'> & { readonly body: Buffer }): readonly string[] {
  let got: unknown;
  try {
    got = decodeOtlp(body);
  } catch (error) {
    return [`body is no trace export: ${error instanceof Error ? error.message : String(error)}`];
  }
  return compareValue({ want, got, path, unordered });
}

function compareValue({ want, got, path, unordered }: ValueComparison): readonly string[] {
  if (isAny(want)) return [];
  if (typeof want === 'string' && typeof got === 'string') return compareText({ want, got, path, unordered });
  if (Array.isArray(want) && Array.isArray(got)) return compareArray({ want, got, path, unordered });
  if (isRecord(want) && isRecord(got)) return compareRecord({ want, got, path, unordered });
  return want === got ? [] : [`${path} is ${show(got)} instead of ${show(want)}`];
}

function compareText({ want, got, path, unordered }: ValueComparison & { readonly want: string; readonly got: string }): readonly string[] {
  if (!unordered.has(path)) return matchesText(want, got) ? [] : [`${path} is ${show(got)} instead of ${show(want)}`];
  return compareMultiset({ want: want.split('\n'), got: got.split('\n'), path, unordered });
}

interface ArrayComparison extends ValueComparison {
  readonly want: readonly unknown[];
  readonly got: readonly unknown[];
}

function compareArray(comparison: ArrayComparison): readonly string[] {
  const { want, got, path, unordered } = comparison;
  if (want.length !== got.length) return [`${path} has ${got.length} items instead of ${want.length}: ${show(got)}`];
  if (unordered.has(path)) return compareMultiset(comparison);
  return want.flatMap((item, index) => compareValue({ want: item, got: got[index], path: `${path}/${index}`, unordered }));
}

function compareMultiset({ want, got, path, unordered }: ArrayComparison): readonly string[] {
  const left = [...got];
  const missing = want.filter((item, index) => {
    const at = left.findIndex((other) => compareValue({ want: item, got: other, path: `${path}/${index}`, unordered }).length === 0);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [
    ...missing.map((item) => `${path} lacks ${show(item)}`),
    ...left.map((item) => `${path} has ${show(item)}, which should not be there`),
  ];
}

function compareRecord({ want, got, path, unordered }: ValueComparison): readonly string[] {
  const wanted = new Map(Object.entries(want as object));
  const arrived = new Map(Object.entries(got as object));
  const differences = [...wanted].flatMap(([key, value]) => {
    if (!arrived.has(key)) return [`${path}/${key} is missing`];
    return compareValue({ want: value, got: arrived.get(key), path: `${path}/${escapePointer(key)}`, unordered });
  });
  const extra = [...arrived.keys()].filter((key) => !wanted.has(key));
  return [...differences, ...extra.map((key) => `${path}/${key} should not be there`)];
}

function toForm(text: string): Readonly<Record<string, string | readonly string[]>> {
  const fields = new URLSearchParams(text);
  const names = [...new Set(fields.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = fields.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SHOWN_CHARS = 300;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}...` : text;
}
