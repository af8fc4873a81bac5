import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHeaders } from './headers-yaml.ts';

test('values become text as Flux makes them', () => {
  const cases: readonly (readonly [yaml: string, want: string])[] = [
    ['text', 'text'],
    ['"quoted"', 'quoted'],
    ["'3'", '3'],
    ['3', '3'],
    ['1.50', '1.5'],
    ['1e400', '1e400'],
    ['0x1F', '31'],
    ['0o17', '15'],
    ['017', '15'],
    ['08', '8'],
    ['0b11', '3'],
    ['1_000', '1000'],
    ['+5', '5'],
    ['-5', '-5'],
    ['-0x10', '-16'],
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', '1.8446744e+19'],
    ['1.23456789012345678', '1.2345679'],
    ['16777217.0', '1.6777216e+07'],
    ['1.5e300', '+Inf'],
    ['-1.5e300', '-Inf'],
    ['1e3', '1000'],
    ['1e6', '1e+06'],
    ['1234567.5', '1.2345675e+06'],
    ['0.00001', '1e-05'],
    ['.5', '0.5'],
    ['.inf', '+Inf'],
    ['.NaN', 'NaN'],
    ['true', 'true'],
    ['y', 'true'],
    ['Yes', 'true'],
    ['off', 'false'],
    ['"off"', 'off'],
    ['~', ''],
    ['', ''],
    ['null', ''],
    ['2026-01-01', '2026-01-01'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['190:20:30', '190:20:30'],
    ['1.2.3', '1.2.3'],
    ['!!str 5', '5'],
    ['Bearer a:b#c', 'Bearer a:b#c'],
    ['|\n  two\n  lines\n', 'two\nlines\n'],
  ];

  for (const [yaml, want] of cases) {
    assert.deepEqual(parseHeaders(`X: ${yaml}\n`), { X: want }, yaml);
  }
});

test('maps: order of name, last duplicate, keys, JSON, aliases, first document', () => {
  const cases: readonly (readonly [name: string, yaml: string, want: Record<string, string>])[] = [
    ['order', 'b: 1\na: 2\nC: 3\n', { C: '3', a: '2', b: '1' }],
    ['duplicate', 'A: 1\nA: 2\n', { A: '2' }],
    ['keys', 'yes: a\n0x10: b\n', { true: 'a', 16: 'b' }],
    ['json', '{"X-J": "1", "n": null}', { 'X-J': '1', n: '' }],
    ['block without a last line break', 'a: |\n  x\n  y', { a: 'x\ny' }],
    ['folded block without a last line break', 'a: >\n  x\n  y', { a: 'x y' }],
    ['block before another key', 'a: |\n  x\nb: z', { a: 'x\n', b: 'z' }],
    ['alias', 'a: &x v\nb: *x\n', { a: 'v', b: 'v' }],
    ['documents', 'a: 1\n---\nb: 2\n', { a: '1' }],
    ['empty', '', {}],
    ['blank', ' \n', {}],
    ['comment', '# nothing\n', {}],
    ['null', 'null', {}],
  ];

  for (const [name, yaml, want] of cases) {
    const headers = parseHeaders(yaml);
    assert.deepEqual(headers, want, name);
    assert.deepEqual(Object.keys(headers), Object.keys(want), name);
  }
  assert.equal(Object.getOwnPropertyDescriptor(parseHeaders('__proto__: x\n'), '__proto__')?.value, 'x');
});

test('what is no map of text is refused without showing it', () => {
  const cases: readonly (readonly [name: string, yaml: string, want: RegExp])[] = [
    ['string', 's3cret', /not a map/],
    ['list', '- s3cret', /not a map/],
    ['nested map', 'A:\n  b: s3cret\n', /a value is a map or a list/],
    ['nested list', 'A: [s3cret]\n', /a value is a map or a list/],
    ['map as key', '{a: b}: s3cret\n', /a key is not text/],
    ['null key', '~: s3cret\n', /a key is not text/],
    ['broken', 'A: s3cret\n c: d: e\n\t-', /^error converting YAML to JSON: yaml: line [0-9]+$/],
    ['unclosed', 'A: "s3cret', /^error converting YAML to JSON: yaml: line [0-9]+$/],
    ['unknown alias', 'A: *s3cret\n', /./],
  ];

  for (const [name, yaml, want] of cases) {
    assert.throws(
      () => parseHeaders(yaml),
      (error) => error instanceof Error && want.test(error.message) && !error.message.includes('s3cret'),
      name,
    );
  }
});
