// The strings extension of cel-go: positions count code points, `Ascii` functions leave other letters alone.
import { ExpressionError } from './cel-error.ts';
import type { Work } from './cel-work.ts';

export function lowerAscii(work: Work, text: string): string {
  work.spendChars(text.length);
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function upperAscii(work: Work, text: string): string {
  work.spendChars(text.length);
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** Unicode's White_Space property: JavaScript's trim also takes the byte order mark and leaves NEL alone. */
export function trim(work: Work, text: string): string {
  work.spendChars(text.length);
  const isBlank = (index: number): boolean => /\p{White_Space}/u.test(text.charAt(index));
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start += 1;
  while (end > start && isBlank(end - 1)) end -= 1;
  return text.slice(start, end);
}

export function charAt(work: Work, text: string, index: bigint): string {
  const points = codePoints(work, text);
  const position = Number(index);
  if (position < 0 || position > points.length) throw new ExpressionError(`index out of range: ${index}`);
  return points[position] ?? '';
}

export function indexOf(work: Work, text: string, part: string, from = 0n): bigint {
  const offset = toUnits(work, text, from);
  if (part === '') return from;
  return offset === undefined ? -1n : toPosition(text, text.indexOf(part, offset));
}

export function lastIndexOf(work: Work, text: string, part: string, from?: bigint): bigint {
  const offset = from === undefined ? text.length : toUnits(work, text, from);
  if (part === '' && from !== undefined) return from;
  return offset === undefined ? -1n : toPosition(text, text.lastIndexOf(part, offset));
}

/** UTF-16 units before a position; undefined behind the end. */
function toUnits(work: Work, text: string, position: bigint): number | undefined {
  if (position < 0n) throw new ExpressionError(`index out of range: ${position}`);
  if (position === 0n) return 0;
  const points = codePoints(work, text);
  return position >= BigInt(points.length) ? undefined : points.slice(0, Number(position)).join('').length;
}

function toPosition(text: string, units: number): bigint {
  return BigInt(units < 0 ? -1 : countCodePoints(text.slice(0, units)));
}

export function substring(work: Work, text: string, from: bigint, to?: bigint): string {
  const points = codePoints(work, text);
  const start = Number(from);
  const end = to === undefined ? points.length : Number(to);
  if (start < 0 || start > points.length) throw new ExpressionError(`index out of range: ${from}`);
  if (end < 0 || end > points.length) throw new ExpressionError(`index out of range: ${to}`);
  if (start > end) throw new ExpressionError(`invalid substring range. start: ${from}, end: ${to}`);
  return points.slice(start, end).join('');
}

/** At most `limit` places are replaced; a negative limit means all. */
export function replace(work: Work, input: { text: string; old: string; fresh: string; limit: bigint }): string {
  const { text, old, fresh, limit } = input;
  if (old === '') return insertEverywhere(work, input);
  const parts = split(work, text, old, limit < 0n ? -1n : limit + 1n);
  work.spendChars(text.length + fresh.length * parts.length);
  return parts.join(fresh);
}

/** Go finds the empty text before every character and at the end. */
function insertEverywhere(work: Work, { text, fresh, limit }: { text: string; fresh: string; limit: bigint }): string {
  const points = codePoints(work, text);
  const places = limit < 0n || limit > BigInt(points.length) ? points.length + 1 : Number(limit);
  work.spendChars(text.length + fresh.length * places);
  const changed = points.slice(0, places).map((point) => fresh + point);
  return changed.join('') + (places > points.length ? fresh : points.slice(places).join(''));
}

/** At most `limit` parts, the last one holds the rest; a negative limit means all, 0 none. */
export function split(work: Work, text: string, separator: string, limit = -1n): string[] {
  work.spendChars(text.length);
  if (limit === 0n) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  work.spend(parts.length);
  if (limit < 0n || BigInt(parts.length) <= limit) return parts;
  const kept = Number(limit) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

export function join(work: Work, parts: readonly unknown[], separator = ''): string {
  let chars = separator.length * parts.length;
  for (const part of parts) {
    if (typeof part !== 'string') throw new ExpressionError('join: invalid input: a list element is not a string');
    chars += part.length;
  }
  work.spendChars(chars);
  return parts.join(separator);
}

export function reverse(work: Work, text: string): string {
  return codePoints(work, text).toReversed().join('');
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

/** `strings.quote`: a CEL string literal that holds the text. */
export function quote(work: Work, text: string): string {
  work.spendChars(text.length * 2);
  return `"${Array.from(text.toWellFormed(), (char) => ESCAPES.get(char) ?? char).join('')}"`;
}

function codePoints(work: Work, text: string): string[] {
  work.spendChars(text.length);
  work.spend(text.length / 2);
  return Array.from(text);
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
