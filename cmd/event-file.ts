// Files of events: one JSON document, alone or as a list, or one event a line. Lines are read one by one, so that an export of
// any length fits.
import { createReadStream } from 'node:fs';
import { InputError, nameInput } from './event-input.ts';
import { describeReadError } from './read-error.ts';

/** One value of the file, and where it stands. */
export interface Item {
  readonly value: unknown;
  readonly place: string;
}

/** The values of a file, or of standard input for `-`; throws InputError where something is not JSON. */
export async function* readItems(path: string): AsyncGenerator<Item> {
  const lines = readLines(path);
  const { value: first } = await lines.next();
  if (first === undefined) return;
  const value = parseJson(first.text);
  const { value: second } = await lines.next();
  if (value !== undefined && second !== undefined) {
    yield { value, place: placeOf(first, path) };
    yield toItem(second, path);
    for await (const line of lines) yield toItem(line, path);
  } else {
    yield* itemsOf(value ?? (await readRest([first, second], lines, path)), path);
  }
}

interface Line {
  readonly text: string;
  readonly number: number;
}

/** The lines that are not blank. */
async function* readLines(path: string): AsyncGenerator<Line, undefined> {
  let number = 0;
  let left = '';
  for await (const chunk of readText(path)) {
    const texts = `${left}${chunk}`.split('\n');
    left = texts.pop() ?? '';
    for (const text of texts) {
      number += 1;
      if (text.trim() !== '') yield { text, number };
    }
  }
  if (left.trim() !== '') yield { text: left, number: number + 1 };
  return undefined;
}

async function* readText(path: string): AsyncGenerator<string> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  try {
    for await (const chunk of input.setEncoding('utf8')) yield chunk as string;
  } catch (cause) {
    throw new InputError(`cannot read ${nameInput(path)}: ${describeReadError(cause)}`, { cause });
  }
}

/** The document that begins with these lines and does not end there. */
async function readRest([first, second]: readonly [Line, Line | undefined], lines: AsyncGenerator<Line>, path: string): Promise<unknown> {
  const texts = [first.text, second?.text ?? ''];
  for await (const { text } of lines) texts.push(text);
  const value = parseJson(texts.join('\n'));
  if (value === undefined) throw toFault(first, path);
  return value;
}

function* itemsOf(document: unknown, path: string): Generator<Item> {
  for (const [index, value] of listOf(document).entries()) yield { value, place: `item ${index + 1} of ${nameInput(path)}` };
}

function listOf(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const items = typeof document === 'object' && document !== null && 'items' in document ? document.items : undefined;
  return Array.isArray(items) ? items : [document];
}

function toItem(line: Line, path: string): Item {
  const value = parseJson(line.text);
  if (value === undefined) throw toFault(line, path);
  return { value, place: placeOf(line, path) };
}

function toFault(line: Line, path: string): InputError {
  return new InputError(`${placeOf(line, path)} is not JSON; write one document, or one event a line`);
}

function placeOf({ number }: Line, path: string): string {
  return `line ${number} of ${nameInput(path)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The caller says what it wanted.
    return undefined;
  }
}
