import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Item, readItems } from './event-file.ts';

const cases: readonly {
  readonly name: string;
  readonly text: string;
  readonly want: readonly (readonly [value: unknown, place: string])[];
}[] = [
  { name: 'nothing', text: '\n \n', want: [] },
  { name: 'one event', text: '{"a":1}', want: [[{ a: 1 }, 'item 1']] },
  { name: 'one event over several lines', text: '{\n  "a": 1\n}\n', want: [[{ a: 1 }, 'item 1']] },
  {
    name: 'a list',
    text: '[1,\n2]',
    want: [
      [1, 'item 1'],
      [2, 'item 2'],
    ],
  },
  {
    name: 'a list in one line',
    text: '{"items":[1,2],"next":null}',
    want: [
      [1, 'item 1'],
      [2, 'item 2'],
    ],
  },
  { name: 'what events prints', text: '{\n  "items": [\n    1\n  ],\n  "next": null\n}\n', want: [[1, 'item 1']] },
  {
    name: 'one a line',
    text: '1\n\n2\r\n3',
    want: [
      [1, 'line 1'],
      [2, 'line 3'],
      [3, 'line 4'],
    ],
  },
  {
    name: 'text that spans chunks',
    text: `"${'é'.repeat(100_000)}"\n2\n`,
    want: [
      ['é'.repeat(100_000), 'line 1'],
      [2, 'line 2'],
    ],
  },
];

const faults: readonly { readonly name: string; readonly text: string; readonly says: RegExp }[] = [
  { name: 'no JSON', text: '\nnot json', says: /^InputError: line 2 of .*events is not JSON; write one document, or one event a line$/ },
  { name: 'a line that is none', text: '1\n2\nnot json', says: /^InputError: line 3 of / },
  { name: 'a document that ends early', text: '{\n"items": [\n', says: /^InputError: line 1 of / },
];

async function read(path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of readItems(path)) items.push(item);
  return items;
}

function inFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-event-file-'));
  const path = join(folder, 'events');
  writeFileSync(path, text);
  return use(path).finally(() => rmSync(folder, { recursive: true, force: true }));
}

for (const { name, text, want } of cases) {
  test(`a file of events: ${name}`, () =>
    inFile(text, async (path) => {
      const items = await read(path);
      assert.deepEqual(
        items.map(({ value, place }) => [value, place]),
        want.map(([value, place]) => [value, `${place} of ${path}`]),
      );
    }));
}

for (const { name, text, says } of faults) {
  test(`a file of events that cannot be read: ${name}`, () => inFile(text, (path) => assert.rejects(read(path), says)));
}

test('a file that is not there', async () => {
  await assert.rejects(read('/nowhere/at all'), /^InputError: cannot read \/nowhere\/at all: it does not exist/);
});
