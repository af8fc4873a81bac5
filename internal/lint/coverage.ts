// Whether one RE2 expression matches whatever another one matches, where that can be told for certain.
import type { Pattern } from '../expr/pattern.ts';

const FLAGS = /^\(\?([imsU]+)\)/;
const ANYTHING = new Set(['', '$', '.*', '.*?', '.*$', '.', '.+', '.+?']);
/** Behind a `^`, where a `.` would have to be the first character of the message and that may be a line break. */
const ANYTHING_FROM_START = new Set(['', '.*', '.*?']);
const META = /[\\^$.|?*+()[\]{}]/;
/** Flags in the middle, named classes, and escapes that are more than one sign or class: too rare to be taken apart. */
const UNREAD = /\[:|\(\?[^:P<]|\\[^bBdDsSwWAznrtfv\W]|\\_/;
/** Longer expressions are not taken apart. */
const MAX_SOURCE_CHARS = 2_000;

/** True when every message that `inner` matches is matched by `outer` too; false when it is not so or cannot be told. */
export function covers(outer: Pattern, inner: Pattern): boolean {
  if (outer.error !== undefined || inner.error !== undefined) return false;
  if (outer.source === inner.source || matchesEverything(outer)) return true;
  const wanted = toLiteral(outer.source);
  if (wanted === undefined || inner.source.length > MAX_SOURCE_CHARS) return false;
  const { flags, body } = splitFlags(inner.source);
  if (/[mU]/.test(flags) || UNREAD.test(body)) return false;
  return alternativesOf(body).every((alternative) => holds(alternative, flags.includes('i'), wanted));
}

/** True when no message escapes it that holds more than line breaks. */
export function matchesEverything(pattern: Pattern): boolean {
  if (pattern.error !== undefined) return false;
  const { body } = splitFlags(pattern.source);
  return body.startsWith('^') ? ANYTHING_FROM_START.has(body.slice(1)) : ANYTHING.has(body);
}

interface Literal {
  readonly text: string;
  readonly isAtStart: boolean;
  readonly ignoresCase: boolean;
}

/** An expression that is plain text, maybe bound to the start of the message. */
function toLiteral(source: string): Literal | undefined {
  const { flags, body } = splitFlags(source);
  if (/[mU]/.test(flags)) return undefined;
  const isAtStart = body.startsWith('^');
  const text = unescape(isAtStart ? body.slice(1) : body);
  return text === undefined || text === '' ? undefined : { text, isAtStart, ignoresCase: flags.includes('i') };
}

/** The text of an expression without any operator, or undefined. */
function unescape(body: string): string | undefined {
  let text = '';
  for (let position = 0; position < body.length; position += 1) {
    const character = body.charAt(position);
    const next = body.charAt(position + 1);
    if (character === '\\' && /[^A-Za-z0-9]/.test(next)) {
      text += next;
      position += 1;
    } else if (META.test(character)) return undefined;
    else text += character;
  }
  return text;
}

/** Texts that every match of the alternative holds, and whether the first one starts the message. */
function holds(alternative: string, ignoresCase: boolean, wanted: Literal): boolean {
  if (ignoresCase && !wanted.ignoresCase) return false;
  const isAtStart = alternative.startsWith('^');
  const runs = runsOf(isAtStart ? alternative.slice(1) : alternative);
  const fold = (text: string) => (wanted.ignoresCase ? text.toLowerCase() : text);
  if (wanted.isAtStart) return isAtStart && runs[0]?.isFirst === true && fold(runs[0].text).startsWith(fold(wanted.text));
  return runs.some(({ text }) => fold(text).includes(fold(wanted.text)));
}

interface Run {
  readonly text: string;
  readonly isFirst: boolean;
}

/** Runs of plain characters that must stand in a match, outside of groups and classes; what is optional is left out. */
function runsOf(body: string): Run[] {
  const runs: Run[] = [];
  let text = '';
  let start = 0;
  const end = () => {
    if (text !== '') runs.push({ text, isFirst: start === 0 });
    text = '';
  };
  for (let position = 0; position < body.length; ) {
    const { atom, isPlain } = atomAt(body, position);
    const after = position + atom.length;
    const repeat = /^(?:[*+?]|\{\d*,?\d*\})[?]?/.exec(body.slice(after, after + 20))?.[0] ?? '';
    if (text === '') start = position;
    if (!isPlain || repeat !== '') end();
    else text += atom.startsWith('\\') ? atom.slice(1) : atom;
    position = after + repeat.length;
  }
  end();
  return runs;
}

/** One character, escape, class or whole group. */
function atomAt(body: string, position: number): { readonly atom: string; readonly isPlain: boolean } {
  const character = body.charAt(position);
  if (character === '\\') {
    const escaped = body.slice(position, position + 2);
    return { atom: escaped, isPlain: /^\\[^A-Za-z0-9]$/.test(escaped) };
  }
  if (character === '[' || character === '(') return { atom: body.slice(position, closingOf(body, position)), isPlain: false };
  return { atom: character, isPlain: !META.test(character) };
}

/** Behind the bracket that closes the one at `position`. */
function closingOf(body: string, position: number): number {
  let depth = 0;
  let isInClass = false;
  for (let index = position; index < body.length; index += 1) {
    const character = body.charAt(index);
    if (character === '\\') index += 1;
    else if (isInClass) isInClass = character !== ']' || body.charAt(index - 1) === '[' || body.slice(index - 2, index) === '[^';
    else if (character === '[') isInClass = true;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (!isInClass && depth === 0) return index + 1;
  }
  return body.length;
}

function alternativesOf(body: string): string[] {
  const alternatives: string[] = [];
  let start = 0;
  for (let position = 0; position < body.length; ) {
    if (body.charAt(position) === '|') {
      alternatives.push(body.slice(start, position));
      start = position + 1;
      position += 1;
    } else position += atomAt(body, position).atom.length;
  }
  return [...alternatives, body.slice(start)];
}

function splitFlags(source: string): { readonly flags: string; readonly body: string } {
  const flags = FLAGS.exec(source);
  return flags === null ? { flags: '', body: source } : { flags: flags[1] ?? '', body: source.slice(flags[0].length) };
}
