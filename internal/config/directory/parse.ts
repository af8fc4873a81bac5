// Text of a manifest file → plain values with a way to find the line of each field.
//
// Parsers quote the text around a mistake, which may be a Secret: their messages never pass on. Aliases, nesting and
// size are bounded, so a hostile document costs little and its neighbours nothing.
import {
  type Document,
  type ErrorCode,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type ParsedNode,
  visit,
} from 'yaml';
import { type PlainDocument, readPlainYaml } from './plain-yaml.ts';

/** Longer YAML documents are refused; JSON may be as long as its file. */
export const MAX_YAML_DOCUMENT_CHARS = 8 * 1024 * 1024;
const MAX_ALIASES = 100;

/** Line and column, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One parsed document. */
export interface ParsedDocument {
  readonly value: unknown;
  /** The place of a field, or of the nearest thing around it that exists. */
  readonly locate: (path: readonly (string | number)[]) => Position;
}

/** Why a text is no manifest. */
export interface SyntaxFault extends Position {
  readonly message: string;
  readonly hint: string;
}

export interface ParseResult {
  readonly documents: readonly ParsedDocument[];
  readonly faults: readonly SyntaxFault[];
}

const YAML_OPTIONS = {
  // kubectl and Flux read YAML 1.1: yes and on are true, 0777 is octal.
  version: '1.1',
  prettyErrors: false,
  stringKeys: true,
  // The package compares every key with every other, which a long mapping turns into minutes; see duplicateKey.
  uniqueKeys: false,
  logLevel: 'silent',
  // What Go's reader leaves as text: times, base-60 numbers; and types of YAML 1.1 that no manifest has.
  customTags: (tags: readonly unknown[]) => tags.filter(isWanted).map(withDigits),
} as const;

const UNWANTED_TAGS = ['binary', 'omap', 'pairs', 'set', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`);

function isWanted(tag: unknown): boolean {
  if (typeof tag === 'string') return !['binary', 'omap', 'pairs', 'set', 'timestamp', 'intTime', 'floatTime'].includes(tag);
  const { tag: id, format } = tag as { readonly tag?: string; readonly format?: string };
  return format !== 'TIME' && !UNWANTED_TAGS.includes(id ?? '');
}

/** The package takes `e3` and `.` for numbers and makes them NaN; a number has a digit where it begins. */
function withDigits(tag: unknown): unknown {
  const isFloat = typeof tag === 'object' && tag !== null && 'tag' in tag && tag.tag === 'tag:yaml.org,2002:float';
  if (!isFloat || !('test' in tag) || !(tag.test instanceof RegExp) || tag.test.test('.nan')) return tag;
  return { ...tag, test: new RegExp(`^(?=[-+]?\\.?[0-9])(?:${tag.test.source})$`, tag.test.flags) };
}

/** Parses a piece of YAML; never throws. */
export function parseYaml(text: string): ParseResult {
  if (text.length > MAX_YAML_DOCUMENT_CHARS) {
    const message = `the document is longer than ${MAX_YAML_DOCUMENT_CHARS / 1024 / 1024} MiB`;
    return broken({ line: 1, column: 1, message, hint: 'Split it into several documents, or write the list as JSON.' });
  }
  const plain = readPlainYaml(text);
  if (plain !== undefined) return { documents: [withLazyPlaces(plain, text)], faults: [] };
  return parseFully(text);
}

/** The same with the full parser alone. */
export function parseFully(text: string): ParseResult {
  try {
    return readYaml(text);
  } catch (cause) {
    return broken({ line: 1, column: 1, ...describeThrown(cause) });
  }
}

/** Places are only asked for when there is something to tell; the start of the document is always known. */
function withLazyPlaces({ value, line }: PlainDocument, text: string): ParsedDocument {
  let full: ParseResult | undefined;
  const start = { line, column: 1 };
  return {
    value,
    locate: (path) => {
      if (path.length === 0) return start;
      full ??= parseFully(text);
      return full.documents[0]?.locate(path) ?? start;
    },
  };
}

/** Parses a JSON file; never throws. What is not one JSON value is read as YAML, of which JSON is a part. */
export function parseJson(text: string): ParseResult {
  try {
    const value: unknown = JSON.parse(text);
    return { documents: [{ value, locate: (path) => locateInJson(text, path) }], faults: [] };
  } catch (cause) {
    const asYaml = parseYaml(text);
    if (asYaml.faults.length === 0) return asYaml;
    const offset = Number(/position (\d+)/.exec(cause instanceof Error ? cause.message : '')?.[1] ?? 0);
    return broken({
      ...positionAt(text, offset),
      message: 'this is not valid JSON',
      hint: 'Check commas, quotes and brackets around this place.',
    });
  }
}

function readYaml(text: string): ParseResult {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { ...YAML_OPTIONS, lineCounter: lines } as Parameters<typeof parseAllDocuments>[1]);
  const documents: ParsedDocument[] = [];
  const faults: SyntaxFault[] = [];
  // `empty` is what the parser returns for a text without any document.
  for (const document of Array.isArray(parsed) ? (parsed as Document.Parsed[]) : []) {
    const [error] = document.errors;
    if (error !== undefined) {
      // What is missing is noticed at the very end, which may be lines below the last that holds anything.
      const offset = Math.min(error.pos[0], text.trimEnd().length);
      faults.push({ ...toPosition(lines, offset), ...describe(error.code, text) });
      continue;
    }
    if (document.contents === null) continue;
    const duplicate = duplicateKey(document);
    if (duplicate !== undefined) {
      faults.push({ ...toPosition(lines, duplicate), message: 'a key stands twice in one mapping', hint: 'Remove one of the two.' });
      continue;
    }
    const { contents } = document;
    try {
      const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
      documents.push({ value, locate: (path) => locate(contents, path, lines) });
    } catch (cause) {
      faults.push({ ...toPosition(lines, offsetOfThrown(cause, text) ?? contents.range[0]), ...describeThrown(cause) });
    }
  }
  return { documents, faults };
}

/** Where a key stands for the second time in its mapping. */
function duplicateKey(document: Document.Parsed): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) {
          offset = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return offset;
}

function locate(root: ParsedNode | null, path: readonly (string | number)[], lines: LineCounter): Position {
  let node: unknown = root;
  let offset = root?.range[0] ?? 0;
  for (const step of path) {
    const next = isMap(node)
      ? keyOf(node.items, String(step))
      : isSeq(node)
        ? { place: node.items[Number(step)], value: node.items[Number(step)] }
        : undefined;
    if (next === undefined || next.value === undefined) break;
    if (isNode(next.place) && next.place.range) [offset] = next.place.range;
    node = next.value;
  }
  return toPosition(lines, offset);
}

function keyOf(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  name: string,
): { place: unknown; value: unknown } | undefined {
  const pair = pairs.find(({ key }) => isScalar(key) && String(key.value) === name);
  return pair === undefined ? undefined : { place: pair.key, value: pair.value };
}

/** Only asked when there is something to tell, so it may be slow; a very long list is only told by its file. */
function locateInJson(text: string, path: readonly (string | number)[]): Position {
  const start = { line: 1, column: 1 };
  if (text.length > MAX_YAML_DOCUMENT_CHARS / 8) return start;
  return parseYaml(text).documents[0]?.locate(path) ?? start;
}

function toPosition(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: offset - lastBreak };
}

function broken(fault: SyntaxFault): ParseResult {
  return { documents: [], faults: [fault] };
}

function describe(code: ErrorCode, text: string): { readonly message: string; readonly hint: string } {
  if (text.includes('{{')) {
    return { message: 'this is not valid YAML', hint: 'It looks like a template; render it first (for example with `helm template`).' };
  }
  const [message, hint] = SYNTAX[code] ?? ['this is not valid YAML', 'Check indentation, colons and quotes around this place.'];
  return { message, hint };
}

const SYNTAX: Readonly<Partial<Record<ErrorCode, readonly [message: string, hint: string]>>> = {
  BAD_DQ_ESCAPE: ['a text in double quotes has an escape that does not exist', 'Double the backslash, or use single quotes.'],
  BAD_INDENT: ['this line is not indented like its neighbours', 'Align it with the lines that it belongs to.'],
  BAD_SCALAR_START: ['a value begins with a character that needs quotes', 'Put the value in quotes.'],
  BLOCK_AS_IMPLICIT_KEY: ['a mapping begins where a plain value is expected', 'Put a value that holds a colon in quotes.'],
  MISSING_CHAR: ['a quote, bracket or colon is missing', 'Close what was opened, and write a colon behind every key.'],
  MULTILINE_IMPLICIT_KEY: ['a key goes over more than one line', 'Write a colon behind every key, and quotes around long values.'],
  NON_STRING_KEY: ['a key is not a plain text', 'Use plain text as key.'],
  TAB_AS_INDENT: ['a tab is used for indentation', 'Use blanks.'],
};

/** The place of the alias that a message names; other messages name none. */
function offsetOfThrown(cause: unknown, text: string): number | undefined {
  const alias = /^Unresolved alias .*: (\S+)$/.exec(cause instanceof Error ? cause.message : '')?.[1];
  const offset = alias === undefined ? -1 : text.indexOf(`*${alias}`);
  return offset < 0 ? undefined : offset;
}

function describeThrown(cause: unknown): { readonly message: string; readonly hint: string } {
  const text = cause instanceof Error ? cause.message : '';
  if (text.includes('alias count')) return { message: 'the document repeats its parts by aliases too often', hint: 'Write the parts out.' };
  if (text.includes('Unresolved alias')) {
    return {
      message: 'an alias names an anchor that does not exist in this document',
      hint: 'Define the anchor first, or quote a value that begins with *.',
    };
  }
  if (cause instanceof RangeError) return { message: 'the document is nested too deeply', hint: 'Manifests need few levels.' };
  return { message: 'this is not valid YAML', hint: 'Check indentation, colons and quotes around this place.' };
}
