// Reads a JSON text as Go's json.Unmarshal does where JSON.parse is not exact: nesting is limited, repeated keys all
// count, and half a surrogate pair is U+FFFD. Only as deep as an event's fields go: an object of objects.
//
// JSON.parse does the work and judges the syntax. It drops repeated keys, so the strings of the text are counted beside
// it: when as many came out, no key was repeated; otherwise the members are read once more from the text itself.

/** A value that is neither a string nor null, and whose inside nobody asks for. */
export const OTHER = Symbol('other');

export type JsonValue = string | null | JsonObject | typeof OTHER;

/** The members in the order of the text, repeated keys included. */
export interface JsonObject {
  readonly members: readonly (readonly [key: string, value: JsonValue])[];
}

/** Go refuses deeper nesting. */
const MAX_DEPTH = 10_000;
/** Objects are read down to the members of a member. */
const READ_DEPTH = 2;

const QUOTE = 34;
const COMMA = 44;
const BRACKET_OPEN = 91;
const BACKSLASH = 92;
const BRACKET_CLOSE = 93;
const LOWER_N = 110;
const LOWER_U = 117;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

/** The value of a whole text; undefined for what is not JSON, is followed by anything, or is nested too deep. */
export function decodeGoJson(text: string): JsonValue | undefined {
  const shape = measure(text);
  if (shape.brackets > MAX_DEPTH && depthOf(text) > MAX_DEPTH) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const count = { strings: 0 };
  const value = toValue(parsed, READ_DEPTH, count);
  if (value === null || typeof value !== 'object') return value;
  const exact = count.strings === shape.strings ? value : readObject(text, text.indexOf('{'), READ_DEPTH).value;
  return shape.hasUnicodeEscape ? toWellFormed(exact) : exact;
}

interface Shape {
  readonly strings: number;
  /** Opening brackets and braces, also those inside strings: never fewer than the nesting is deep. */
  readonly brackets: number;
  readonly hasUnicodeEscape: boolean;
}

function measure(text: string): Shape {
  let quotes = 0;
  let brackets = 0;
  let hasUnicodeEscape = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) quotes++;
    else if (unit === BACKSLASH) hasUnicodeEscape = text.charCodeAt(++at) === LOWER_U || hasUnicodeEscape;
    else if (unit === BRACE_OPEN || unit === BRACKET_OPEN) brackets++;
  }
  return { strings: quotes / 2, brackets, hasUnicodeEscape };
}

/** Exact for valid JSON; what it says of anything else does not matter. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at) - 1;
    else if (unit === BRACE_OPEN || unit === BRACKET_OPEN) deepest = Math.max(deepest, ++depth);
    else if (unit === BRACE_CLOSE || unit === BRACKET_CLOSE) depth--;
  }
  return deepest;
}

/** Counts the strings that it sees; those nested deeper are missing, and the exact reading follows. */
function toValue(parsed: unknown, depth: number, count: { strings: number }): JsonValue {
  if (parsed === null) return null;
  if (typeof parsed === 'string') {
    count.strings++;
    return parsed;
  }
  if (typeof parsed !== 'object' || Array.isArray(parsed) || depth === 0) return OTHER;
  const record = parsed as Record<string, unknown>;
  const keys = Object.keys(record);
  count.strings += keys.length;
  const members: [string, JsonValue][] = [];
  for (const key of keys) members.push([key, toValue(record[key], depth - 1, count)]);
  return { members };
}

interface Read {
  readonly value: JsonObject;
  /** Behind the closing brace. */
  readonly end: number;
}

/** The text is valid JSON, and an object opens at the offset. */
function readObject(text: string, open: number, depth: number): Read {
  const members: [string, JsonValue][] = [];
  let at = skipSpace(text, open + 1);
  while (text.charCodeAt(at) !== BRACE_CLOSE) {
    const keyEnd = endOfString(text, at);
    const key = unquote(text, at, keyEnd);
    const colon = skipSpace(text, keyEnd);
    const member = readValue(text, skipSpace(text, colon + 1), depth - 1);
    members.push([key, member.value]);
    at = skipSpace(text, member.end);
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return { value: { members }, end: at + 1 };
}

function readValue(text: string, at: number, depth: number): { readonly value: JsonValue; readonly end: number } {
  switch (text.charCodeAt(at)) {
    case QUOTE: {
      const end = endOfString(text, at);
      return { value: unquote(text, at, end), end };
    }
    case LOWER_N:
      return { value: null, end: at + 'null'.length };
    case BRACE_OPEN:
      return depth > 0 ? readObject(text, at, depth) : { value: OTHER, end: endOfNested(text, at) };
    case BRACKET_OPEN:
      return { value: OTHER, end: endOfNested(text, at) };
    default:
      return { value: OTHER, end: endOfScalar(text, at) };
  }
}

function endOfNested(text: string, open: number): number {
  let depth = 0;
  for (let at = open; ; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at) - 1;
    else if (unit === BRACE_OPEN || unit === BRACKET_OPEN) depth++;
    else if ((unit === BRACE_CLOSE || unit === BRACKET_CLOSE) && --depth === 0) return at + 1;
  }
}

function endOfScalar(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isSpace(text.charCodeAt(at)) && !isEnd(text.charCodeAt(at))) at++;
  return at;
}

function isEnd(unit: number): boolean {
  return unit === COMMA || unit === BRACE_CLOSE || unit === BRACKET_CLOSE;
}

function unquote(text: string, open: number, end: number): string {
  const inside = text.slice(open + 1, end - 1);
  return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside;
}

/** Behind the closing quote of the string that opens at the offset. */
function endOfString(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at + 1;
    if (unit === BACKSLASH) at++;
  }
  return text.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

function toWellFormed(object: JsonObject): JsonObject {
  return { members: object.members.map(([key, value]) => [key.toWellFormed(), toWellFormedValue(value)] as const) };
}

function toWellFormedValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'object' && value !== null ? toWellFormed(value) : value;
}
