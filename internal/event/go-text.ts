// Text as Go sees it: bytes that should be UTF-8, simple (one to one) case mappings, byte order.
import { Buffer, isUtf8 } from 'node:buffer';

const REPLACEMENT = '\uFFFD';

/** Decodes bytes as Go does: every byte that belongs to no valid sequence becomes one U+FFFD; a byte order mark stays. */
export function decodeUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : decodeInvalidUtf8(buffer);
}

/** The WHATWG decoder writes one U+FFFD for a truncated sequence; Go writes one for each of its bytes. */
function decodeInvalidUtf8(buffer: Buffer): string {
  const parts: string[] = [];
  let validFrom = 0;
  for (let at = 0; at < buffer.length; ) {
    const size = sequenceSize(buffer, at);
    if (size > 0) {
      at += size;
      continue;
    }
    parts.push(buffer.toString('utf8', validFrom, at), REPLACEMENT);
    at += 1;
    validFrom = at;
  }
  parts.push(buffer.toString('utf8', validFrom));
  return parts.join('');
}

/** Length of the valid sequence at an offset; 0 when there is none. */
function sequenceSize(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const second = buffer[at + 1] ?? 0;
  if (second < lowestSecond(first) || second > highestSecond(first)) return 0;
  for (let index = 2; index < size; index++) {
    if (((buffer[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return size;
}

/** Overlong forms are not valid. */
function lowestSecond(first: number): number {
  return first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
}

/** Neither are surrogates and what lies above U+10FFFF. */
function highestSecond(first: number): number {
  return first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
}

/**
 * The form under which two ASCII names are equal by Unicode simple folding: ASCII letters in upper case, and the two
 * other characters that fold to an ASCII letter (long s, Kelvin sign) as that letter.
 */
export function foldName(name: string): string {
  if (isAscii(name)) return name.toUpperCase();
  return name
    .replace(/[a-z]+/g, (letters) => letters.toUpperCase())
    .replaceAll('\u017F', 'S')
    .replaceAll('\u212A', 'K');
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** Go's `strings.ToLower`: one character to one character, so neither a final sigma nor a dotted capital I is special. */
export function lowerGo(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  let lower = '';
  for (const character of text) lower += character === '\u0130' ? 'i' : character.toLowerCase();
  return lower;
}

/** Orders strings as their UTF-8 bytes are ordered; UTF-16 order differs above the surrogates. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates behind U+FFFF, where the characters that they stand for belong. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
