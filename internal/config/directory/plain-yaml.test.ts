import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseFully } from './parse.ts';
import { readPlainYaml } from './plain-yaml.ts';

test('reads plain manifests', () => {
  const text = `---
# comment
apiVersion: x.y/v1
kind: Alert

metadata:
  name: one
  labels: {}
spec:
  list:
  - kind: A
    name: '*'
    deep:
      - "x: y"
      -   a: 1
          b: true
  empty:
  url: http://host:8080/a#b
  timeout: 15s
  last: []
`;
  assert.deepEqual(readPlainYaml(text), {
    line: 3,
    value: {
      apiVersion: 'x.y/v1',
      kind: 'Alert',
      metadata: { name: 'one', labels: {} },
      spec: {
        list: [{ kind: 'A', name: '*', deep: ['x: y', { a: 1, b: true }] }],
        empty: null,
        url: 'http://host:8080/a#b',
        timeout: '15s',
        last: [],
      },
    },
  });
});

test('gives up on what is not plain', () => {
  const table = [
    'a: b: c',
    'a: |\n  x',
    'a: >-\n  x',
    'a: &x b',
    'a: *x',
    'a: !!str b',
    'a: {b: c}',
    'a: [1]',
    'a: b # c',
    'a: b\n  c',
    'a: 1\na: 2',
    '\ta: b',
    'a:\tb',
    ' a: b',
    'a: yes',
    'a: 0777',
    'a: 1.5',
    'a: 1_000',
    'a: 2026-01-02',
    'a: ~',
    'a: "b\\n"',
    "a: 'it''s'",
    '? a',
    'a: ü',
    '__proto__: x',
    'constructor: x',
    '<<: x',
    '"a": b',
    '- - a',
    '-\n  a: b',
    'a\n',
    'a: b\n...\n',
    '%YAML 1.2\n---\na: b',
    'a: b\r\n',
    '- a\nb: c',
    '',
  ];
  for (const text of table) assert.equal(readPlainYaml(text), undefined, JSON.stringify(text));
});

test('never disagrees with the full parser', () => {
  const word = fc.constantFrom(
    'a',
    'b',
    'key',
    'a.b/c-d',
    'on',
    'null',
    'True',
    '1',
    '0',
    '007',
    '15s',
    '1h2m',
    '1e3',
    '-1',
    '~',
    "'q'",
    '"q"',
    "'",
    '"',
    '"a" b',
    'x y',
    'http://h:1',
    '{}',
    '[]',
    '#',
    '# c',
    'a #b',
    'a#b',
    ':',
    'a:',
    'a: b',
    '- a',
    '-',
    '?',
    '*',
    '&a',
    '!x',
    '|',
    '>',
    '%a',
    '@',
    '`',
    ',',
    '{',
    '}',
    '--- a',
    '...',
    '<<',
    '__proto__',
    '\t',
    'é',
    '/',
    '.5',
    '=',
    'x\\',
  );
  const line = fc.tuple(
    fc.nat(3),
    fc.constantFrom('', '', '- ', '-   ', '-'),
    fc.constantFrom('', 'a: ', 'b: ', 'c:', 'd:  ', 'a:b'),
    word,
    fc.constantFrom('', '', ' ', '\t', '\r'),
  );
  const text = fc
    .tuple(fc.constantFrom('', '---\n', '--- \n', '# x\n'), fc.array(line, { minLength: 1, maxLength: 7 }))
    .map(
      ([start, lines]) =>
        start +
        lines
          .map(([indent, dash, key, value, end]) => ' '.repeat(indent * 2) + dash + key + (key.endsWith(':') ? '' : value) + end)
          .join('\n'),
    );
  let answered = 0;
  fc.assert(
    fc.property(text, (random) => {
      const plain = readPlainYaml(random);
      if (plain === undefined) return;
      answered += 1;
      const full = parseFully(random);
      assert.deepEqual(full.faults, []);
      assert.equal(full.documents.length, 1);
      assert.deepEqual(plain.value, full.documents[0]?.value);
      assert.equal(plain.line, full.documents[0]?.locate([]).line);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(answered > 100, `only ${answered} texts were plain`);
});
