// The strings extension of cel-go: positions count code points, `Ascii` functions leave other letters alone.
import { ExpressionError } from './cel-error.ts';
import type { Work } from './cel-work.ts';

export function lowerAscii(work: Work, text: string): string {
  work.spendChars(text.length);
  return isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function upperAscii(work: Work, text: string): string {
  work.spendChars(text.length);
  return isAscii(text) ? text.toUpperCase() : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
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
  const offset = unitsAt(work, text, index);
  if (offset === undefined) throw new ExpressionError(`index out of range: ${index}`);
  return offset === text.length ? '' : String.fromCodePoint(text.codePointAt(offset) ?? 0);
}

/** From behind the end nothing is found, as in Go. */
export function indexOf(work: Work, text: string, part: string, from = 0n): bigint {
  const offset = unitsAt(work, text, from);
  if (part === '') return from;
  return offset === undefined ? -1n : positionOf(work, text, text.indexOf(part, offset));
}

export function lastIndexOf(work: Work, text: string, part: string, from?: bigint): bigint {
  const offset = from === undefined ? text.length : unitsAt(work, text, from);
  if (part === '' && from !== undefined) return from;
  const isBehindEnd = offset === undefined || (from !== undefined && offset === text.length);
  return isBehindEnd ? -1n : positionOf(work, text, text.lastIndexOf(part, offset));
}

export function substring(work: Work, text: string, from: bigint, to?: bigint): string {
  const start = unitsAt(work, text, from);
  if (start === undefined) throw new ExpressionError(`index out of range: ${from}`);
  if (to === undefined) return text.slice(start);
  const end = unitsAt(work, text, to);
  if (end === undefined) throw new ExpressionError(`index out of range: ${to}`);
  if (from > to) throw new ExpressionError(`invalid substring range. start: ${from}, end: ${to}`);
  return text.slice(start, end);
}

/** The UTF-16 units before a position, which counts code points; undefined behind the end. */
function unitsAt(work: Work, text: string, position: bigint): number | undefined {
  if (position < 0n) throw new ExpressionError(`index out of range: ${position}`);
  if (position > BigInt(text.length)) return undefined;
  const wanted = Number(position);
  work.spend(wanted);
  let units = 0;
  for (let passed = 0; passed < wanted; passed += 1) {
    if (units >= text.length) return undefined;
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units;
}

function positionOf(work: Work, text: string, units: number): bigint {
  if (units < 0) return -1n;
  work.spend(units);
  let count = 0;
  for (let at = 0; at < units; count += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return BigInt(count);
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
  const parts = separator === '' ? codePoints(work, text) : text.split(separator);
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
  work.spend(text.length * 2);
  return Array.from(text);
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\0-\x7F]*$/.test(text);
}
