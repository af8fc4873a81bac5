// What may differ between a page and an output, and what may not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceOf, withRealIds } from './transcript.ts';

const SHOWN = '019a0000-0000-7000-8000-000000000001';
const OTHER = '019a0000-0000-7000-8000-000000000002';
const REAL = '01a1fce2-2dba-7068-b3c5-1e5b3c0b76b2';
const NEXT = '01a1fce2-2dba-7068-b3c5-1e5b3c0b76b3';

const CASES = [
  { name: 'the same', shown: 'a b', printed: 'a b\n', isSame: true },
  { name: 'another word', shown: 'a b', printed: 'a c', isSame: false },
  { name: 'a line more', shown: 'a', printed: 'a\nb', isSame: false },
  { name: 'a line less', shown: 'a\nb', printed: 'a', isSame: false },
  { name: 'nothing, as shown', shown: '', printed: '\n', isSame: true },
  { name: 'something instead of nothing', shown: '', printed: 'a', isSame: false },
  { name: 'wider columns', shown: 'ID  STATE', printed: 'ID      STATE', isSame: true },
  { name: 'words run together', shown: 'ID STATE', printed: 'IDSTATE', isSame: false },
  { name: 'another moment', shown: 'accepted 12 seconds ago', printed: 'accepted now', isSame: true },
  { name: 'another distance ahead', shown: 'next try in 2 seconds', printed: 'next try in 15 minutes', isSame: true },
  { name: 'a number that is no time', shown: '12 events', printed: '13 events', isSame: false },
  { name: 'another duration', shown: 'delivered in 5 ms', printed: 'delivered in 120 ms', isSame: true },
  { name: 'another timestamp', shown: 'at 2026-01-31T15:04:05Z', printed: 'at 2027-02-01T00:00:00.123Z', isSame: true },
  { name: 'a part of a line', shown: 'a … c', printed: 'a b b c', isSame: true },
  { name: 'a part that ends otherwise', shown: 'a … c', printed: 'a b', isSame: false },
  { name: 'any lines', shown: 'a\n…\nd', printed: 'a\nb\nc\nd', isSame: true },
  { name: 'no line at all', shown: 'a\n…\nd', printed: 'a\nd', isSame: true },
  { name: 'a line between any lines that is not there', shown: '…\nb\n…', printed: 'a\nc', isSame: false },
  { name: 'signs that mean something in a pattern', shown: '(a) [b] c.', printed: '(a) [b] c.', isSame: true },
  { name: 'signs taken as they are', shown: 'a.c', printed: 'abc', isSame: false },
  { name: 'one id twice', shown: `${SHOWN} ${SHOWN}`, printed: `${REAL} ${REAL}`, isSame: true },
  { name: 'two ids for one', shown: `${SHOWN} ${SHOWN}`, printed: `${REAL} ${NEXT}`, isSame: false },
  { name: 'what is no id', shown: `id ${SHOWN}`, printed: 'id none', isSame: false },
];

for (const { name, shown, printed, isSame } of CASES) {
  test(`${isSame ? 'passes' : 'is told'}: ${name}`, () => {
    assert.equal(differenceOf(shown, printed, new Map()) === undefined, isSame);
  });
}

test('an id stands for the same one on the rest of the page', () => {
  const ids = new Map<string, string>();

  assert.equal(differenceOf(`event ${SHOWN}`, `event ${REAL}`, ids), undefined);

  assert.equal(withRealIds(`explain ${SHOWN} ${OTHER}`, ids), `explain ${REAL} ${OTHER}`);
  assert.equal(differenceOf(`again ${SHOWN}`, `again ${REAL}`, ids), undefined);
  assert.ok(differenceOf(`again ${SHOWN}`, `again ${NEXT}`, ids));
});

test('a difference shows both sides', () => {
  assert.equal(differenceOf('a\nb', 'a\nc\n', new Map()), 'the page shows:\n    a\n    b\nit printed:\n    a\n    c');
});
