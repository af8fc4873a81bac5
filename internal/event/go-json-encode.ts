// JSON with the bytes of Go's json.Marshal: HTML escaping on, map keys in UTF-8 byte order, no insignificant white space.
import { compareUtf8 } from './go-text.ts';

const HTML_OR_SEPARATOR = /[<>&\u2028\u2029]/g;

/**
 * Encodes a value. A null-prototype record or a Map is a Go map: its keys are sorted. Any other object is a struct: its
 * fields stand in the order in which they were written, and an undefined field is left out.
 */
export function encodeGoJson(value: unknown): string {
  if (typeof value === 'string') return quoteGo(value);
  if (value === null) return 'null';
  if (typeof value === 'object') return encodeObject(value);
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new TypeError(`JSON has no ${typeof value}`);
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('JSON has no number that is not finite');
  return Object.is(value, -0) ? '-0' : String(value);
}

function encodeObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map((element: unknown) => encodeGoJson(element)).join(',')}]`;
  if (value instanceof Map) return encodeMap([...value].map(([key, member]): Member => [String(key), member]));
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.getPrototypeOf(value) === null ? encodeMap(members) : encodeMembers(members);
}

type Member = readonly [key: string, value: unknown];

function encodeMap(members: Member[]): string {
  return encodeMembers(members.sort(([a], [b]) => compareUtf8(a, b)));
}

function encodeMembers(members: readonly Member[]): string {
  return `{${members.map(([key, value]) => `${quoteGo(key)}:${encodeGoJson(value)}`).join(',')}}`;
}

/** Encodes one string; what is not valid Unicode becomes the escape `\ufffd`. */
export function quoteGo(text: string): string {
  const quoted = text.isWellFormed() ? JSON.stringify(text) : quoteIllFormed(text);
  return quoted.replace(HTML_OR_SEPARATOR, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function quoteIllFormed(text: string): string {
  const parts = text.split(/\p{Surrogate}/u).map((part) => JSON.stringify(part).slice(1, -1));
  return `"${parts.join('\\ufffd')}"`;
}
