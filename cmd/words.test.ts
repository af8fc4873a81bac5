import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createColumns, printable, shorten, toCount, toObjectWords, toTable, toWords } from './words.ts';

const cases: readonly { name: string; atMs: number; want: string }[] = [
  { name: 'now', atMs: 999, want: 'now' },
  { name: 'seconds ahead', atMs: 30_000, want: 'in 30 seconds' },
  { name: 'one minute ago', atMs: -60_000 * 2, want: '2 minutes ago' },
  { name: 'hours', atMs: 3 * 3_600_000, want: 'in 3 hours' },
  { name: 'days', atMs: -5 * 86_400_000, want: '5 days ago' },
];

for (const { name, atMs, want } of cases) test(`time in words: ${name}`, () => assert.equal(toWords(atMs, 0), want));

test('a table pads to the widest cell', () => {
  assert.equal(toTable(['A', 'NAME'], [['long cell', 'x']]), 'A          NAME\nlong cell  x');
});

test('a table pads by what a terminal shows: wide letters take two columns, marks and joiners none', () => {
  assert.equal(
    toTable(
      ['NAME', 'X'],
      [
        ['日本', 'x'],
        ['größe', 'x'],
        ['gro\u0308ße', 'x'],
        ['🚀', 'x'],
      ],
    ),
    'NAME   X\n日本   x\ngröße  x\ngro\u0308ße  x\n🚀     x',
  );
});

test('what is printed stays on its line and turns no letters around', () => {
  assert.equal(printable('a\u001b[31mb\nc\u202egpj.exe'), 'a [31mb c gpj.exe');
});

test('what is cut shows it, and no character is torn', () => {
  assert.deepEqual([shorten('short', 5), shorten('too long', 5), shorten('abc🚀🚀', 5)], ['short', 'too …', 'abc…']);
});

test('a table that comes in pieces keeps the widths that it has reached', () => {
  const columns = createColumns(['A', 'NAME']);

  assert.deepEqual([columns([['a', 'x']]), columns([['long', 'x']]), columns([['b', 'x']])], ['A  NAME\na  x', 'long  x', 'b     x']);
});

test('an object is named, and that there is none is said', () => {
  assert.deepEqual(
    [
      { kind: 'Bucket', namespace: 'apps', name: 'web' },
      { kind: 'Namespace', namespace: '', name: 'apps' },
      { kind: '', namespace: '', name: '' },
    ].map(toObjectWords),
    ['Bucket/apps/web', 'Namespace//apps', 'no object'],
  );
});

test('numbers are counted in words', () => {
  assert.deepEqual(
    [toCount(1, 'delivery'), toCount(12_000, 'event'), toCount(0, 'delivery'), toCount(7)],
    ['1 delivery', '12,000 events', '0 deliveries', '7'],
  );
});
