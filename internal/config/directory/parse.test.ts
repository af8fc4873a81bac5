import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitDocuments } from './chunks.ts';
import { MAX_YAML_DOCUMENT_CHARS, parseJson, parseYaml } from './parse.ts';

test('documents are split at their markers, lines are counted', () => {
  const table = [
    { name: 'none', in: '', want: [] },
    { name: 'one', in: 'a: 1\n', want: [['a: 1\n', 0]] },
    {
      name: 'two',
      in: 'a: 1\n---\nb: 2',
      want: [
        ['a: 1\n', 0],
        ['---\nb: 2', 1],
      ],
    },
    { name: 'comment before the first marker', in: '# c\n\n---\na: 1\n', want: [['# c\n\n---\na: 1\n', 0]] },
    { name: 'directive', in: '%YAML 1.1\n---\na: 1\n', want: [['%YAML 1.1\n---\na: 1\n', 0]] },
    {
      name: 'value behind the marker',
      in: 'a: 1\n--- {b: 2}\n',
      want: [
        ['a: 1\n', 0],
        ['--- {b: 2}\n', 1],
      ],
    },
    { name: 'dashes in a text', in: 'a: |\n  ---\n  x\n----\n', want: [['a: |\n  ---\n  x\n----\n', 0]] },
    {
      name: 'line breaks of two characters',
      in: 'a: 1\r\n---\r\nb: 2\r\n',
      want: [
        ['a: 1\r\n', 0],
        ['---\r\nb: 2\r\n', 1],
      ],
    },
  ];
  for (const { name, in: text, want } of table) {
    assert.deepEqual(
      splitDocuments(text, 10).map((chunk) => [chunk.text, chunk.line]),
      want,
      name,
    );
  }
  assert.equal(splitDocuments('---\n'.repeat(50), 10).length, 12, 'stops behind the limit');
});

test('fields are found where they stand, or where they are missing', () => {
  const text = 'kind: A\nspec:\n  list:\n    - a: 1\n      b: [x, y]\n';
  const table = [
    { path: [], want: [1, 1] },
    { path: ['kind'], want: [1, 1] },
    { path: ['spec', 'list', 0, 'b'], want: [5, 7] },
    { path: ['spec', 'list', 0, 'b', 1], want: [5, 14] },
    { path: ['spec', 'list', 0, 'missing'], want: [4, 7] },
    { path: ['spec', 'nothing', 'below'], want: [2, 1] },
  ];
  for (const { path, want } of table) {
    const place = parseYaml(text).documents[0]?.locate(path);
    assert.deepEqual([place?.line, place?.column], want, path.join('.'));
  }
  assert.deepEqual(parseJson('{\n "a": {\n  "b": 1}}').documents[0]?.locate(['a', 'b']), { line: 3, column: 3 });
});

test('JSON files may hold several documents, as kubectl accepts them', () => {
  assert.deepEqual(
    parseJson('{"a": 1}\n---\n{"b": 2}\n').documents.map(({ value }) => value),
    [{ a: 1 }, { b: 2 }],
  );
});

test('hostile documents are refused or read, in time that grows with their length', () => {
  const table: readonly { name: string; text: string; fault?: RegExp }[] = [
    { name: 'too long', text: `a: "${'x'.repeat(MAX_YAML_DOCUMENT_CHARS)}"`, fault: /longer than 8 MiB/ },
    { name: 'brackets', text: '['.repeat(50_000), fault: /./ },
    { name: 'dashes', text: '- '.repeat(50_000), fault: /./ },
    { name: 'many keys', text: Array.from({ length: 20_000 }, (_, index) => `k${index}: !x 1`).join('\n') },
    { name: 'many aliases', text: `- &a [x]\n${'- *a\n'.repeat(5_000)}`, fault: /aliases too often/ },
    {
      name: 'key twice far apart',
      text: `a: 1\n${Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join('\n')}\na: 2`,
      fault: /stands twice/,
    },
  ];
  for (const { name, text, fault } of table) {
    const { documents, faults } = parseYaml(text);

    assert.equal(documents.length, fault === undefined ? 1 : 0, name);
    if (fault !== undefined) assert.match(faults[0]?.message ?? '', fault, name);
  }
});
