import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeGoJson } from './go-json-decode.ts';
import { encodeGoJson } from './go-json-encode.ts';
import { compareUtf8, decodeUtf8, foldName, lowerGo } from './go-text.ts';

function record(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(entries));
}

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

function sorted(members: readonly unknown[]): string[] {
  return members.map((member) => JSON.stringify(member)).sort();
}

test('values are encoded with the bytes of json.Marshal', () => {
  const cases: { name: string; in: unknown; want: string }[] = [
    { name: 'HTML', in: '<a href="x">&</a>', want: '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u003c/a\\u003e"' },
    { name: 'line separators', in: '\u2028\u2029', want: '"\\u2028\\u2029"' },
    { name: 'short escapes', in: '"\\\n\r\t\b\f', want: '"\\"\\\\\\n\\r\\t\\b\\f"' },
    { name: 'control characters and DEL', in: '\u0000\u001f\u007f/', want: '"\\u0000\\u001f\u007f/"' },
    { name: 'a replacement character is a character', in: '\uFFFD', want: '"\uFFFD"' },
    { name: 'half a surrogate pair is not', in: 'a\uD800b\uDC00', want: '"a\\ufffdb\\ufffd"' },
    { name: 'a whole pair', in: '🚀', want: '"🚀"' },
    { name: 'struct order', in: { b: 1, a: [true, null] }, want: '{"b":1,"a":[true,null]}' },
    { name: 'undefined fields are left out', in: { a: undefined, b: 0 }, want: '{"b":0}' },
    {
      name: 'map order',
      in: record([
        ['b', 1],
        ['a', { z: 1, y: 2 }],
      ]),
      want: '{"a":{"z":1,"y":2},"b":1}',
    },
    {
      name: 'map order is that of UTF-8',
      in: new Map([
        ['😀', 1],
        ['\uFFFF', 2],
      ]),
      want: '{"\uFFFF":2,"😀":1}',
    },
    {
      name: 'number-like map keys',
      in: new Map([
        ['10', 1],
        ['9', 2],
        ['', 3],
      ]),
      want: '{"":3,"10":1,"9":2}',
    },
    { name: 'numbers', in: [0, -0, 1.5, 1e21, 1e-7, 10n], want: '[0,-0,1.5,1e+21,1e-7,10]' },
    { name: 'empty', in: [{}, [], ''], want: '[{},[],""]' },
  ];
  for (const { name, in: value, want } of cases) assert.equal(encodeGoJson(value), want, name);
});

test('what JSON cannot hold is a bug of the caller', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1]) assert.throws(() => encodeGoJson(value), TypeError);
});

test('encoding loses nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(JSON.stringify(JSON.parse(encodeGoJson(value))), JSON.stringify(value));
    }),
  );
});

test('a text that is not one JSON value is refused', () => {
  const texts = [
    '',
    ' ',
    'hello',
    '{',
    '{"a":1}x',
    '{} {}',
    '\uFEFF{}',
    '{"a":"\u0001"}',
    "{'a':1}",
    '{"a":1,}',
    '\u00a0{}',
    '01',
    'NaN',
    '{"a":"\\x"}',
  ];
  for (const text of texts) assert.equal(decodeGoJson(text), undefined, JSON.stringify(text));
});

test('nesting is limited as in Go', () => {
  assert.notEqual(decodeGoJson(nested(10_000)), undefined);
  assert.equal(decodeGoJson(nested(10_001)), undefined);
  assert.notEqual(decodeGoJson(`{"a":${nested(9_999)}}`), undefined);
  assert.equal(decodeGoJson(`{"a":${nested(10_000)}}`), undefined);
  assert.equal(decodeGoJson('['.repeat(3_000_000)), undefined);
  assert.deepEqual(decodeGoJson(`{"a":"${'[{\\"'.repeat(20_000)}"}`), { members: [['a', '[{"'.repeat(20_000)]] });
});

test('repeated keys all count, wherever they stand', () => {
  const cases: { name: string; in: string; want: unknown[] }[] = [
    {
      name: 'texts',
      in: '{"a":"1","a":"2"}',
      want: [
        ['a', '1'],
        ['a', '2'],
      ],
    },
    {
      name: 'null',
      in: '{"a":"1" , "a" : null}',
      want: [
        ['a', '1'],
        ['a', null],
      ],
    },
    {
      name: 'escaped',
      in: '{"\\u0061":"\\"","a":"\\\\"}',
      want: [
        ['a', '"'],
        ['a', '\\'],
      ],
    },
    {
      name: '__proto__',
      in: '{"__proto__":"1","__proto__":"2"}',
      want: [
        ['__proto__', '1'],
        ['__proto__', '2'],
      ],
    },
    {
      name: 'objects',
      in: '{"m":{"a":"1"},"m":{}}',
      want: [
        ['m', { members: [['a', '1']] }],
        ['m', { members: [] }],
      ],
    },
    {
      name: 'inner',
      in: '{"m":{"a":"1","a":"}"}}',
      want: [
        [
          'm',
          {
            members: [
              ['a', '1'],
              ['a', '}'],
            ],
          },
        ],
      ],
    },
    {
      name: 'two spellings of what is no character',
      in: '{"\\ud800":"\\udfff","\\ud801":""}',
      want: [
        ['\uFFFD', '\uFFFD'],
        ['\uFFFD', ''],
      ],
    },
  ];
  for (const { name, in: text, want } of cases) assert.deepEqual(decodeGoJson(text), { members: want }, name);
});

test('the quick and the exact reading of a text agree', () => {
  const key = fc.oneof(fc.constantFrom('a', '__proto__', '1', 'k"\\', '\u2028'), fc.string({ unit: 'binary' }));
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree, { maxKeys: 4 }), (value) => {
      const text = JSON.stringify(value);
      // A repeated member in front forces the exact reading.
      const repeated = `{"z":null,"z":null${text === '{}' ? '' : ','}${text.slice(1)}`;

      const quick = decodeGoJson(text) as { members: unknown[] };
      const exact = decodeGoJson(repeated) as { members: unknown[] };

      assert.deepEqual(sorted(exact.members.slice(2)), sorted(quick.members));
    }),
  );
});

test('bytes that are not UTF-8 become one replacement character each', () => {
  const cases: { name: string; in: number[]; want: string }[] = [
    { name: 'valid', in: [0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x9a, 0x80], want: 'aé€🚀' },
    { name: 'byte order mark stays', in: [0xef, 0xbb, 0xbf, 0x61], want: '\uFEFFa' },
    { name: 'truncated', in: [0x61, 0xe2, 0x82, 0x62, 0xf0, 0x9f, 0x9a], want: 'a\uFFFD\uFFFDb\uFFFD\uFFFD\uFFFD' },
    { name: 'surrogate', in: [0xed, 0xa0, 0x80], want: '\uFFFD\uFFFD\uFFFD' },
    { name: 'overlong', in: [0xc0, 0x80, 0xe0, 0x80, 0x80, 0xf0, 0x80, 0x80, 0x80], want: '\uFFFD'.repeat(9) },
    { name: 'above the last plane', in: [0xf4, 0x90, 0x80, 0x80, 0xff], want: '\uFFFD'.repeat(5) },
    { name: 'valid after invalid', in: [0xe2, 0xc3, 0xa9], want: '\uFFFDé' },
  ];
  for (const { name, in: bytes, want } of cases) assert.equal(decodeUtf8(Uint8Array.from(bytes)), want, name);
});

test('UTF-8 order is the order of the bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('names fold as in Go', () => {
  const cases = [
    ['metadata', 'METADATA'],
    ['me\u017F\u017Fage', 'MESSAGE'],
    ['\u212Aind', 'KIND'],
    ['k\u0131nd', 'K\u0131ND'],
    ['straße', 'STRAßE'],
  ] as const;
  for (const [name, want] of cases) assert.equal(foldName(name), want);
});

test('lower case is one character for one', () => {
  const cases = [
    ['Kustomization', 'kustomization'],
    ['ΑΣ', 'ας'.replace('ς', 'σ')],
    ['İX', 'ix'],
    ['ÄÖ🚀', 'äö🚀'],
  ] as const;
  for (const [text, want] of cases) assert.equal(lowerGo(text), want);
});
