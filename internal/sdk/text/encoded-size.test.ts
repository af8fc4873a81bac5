import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutEncoded, encodedBytes, fitMetadata } from './encoded-size.ts';
import { encodeGoJson } from './go-json.ts';

const BUDGET = { maxKeyChars: 20, maxValueChars: 50, maxBytes: 300 };

for (const { name, text } of [
  { name: 'plain', text: 'x'.repeat(5_000) },
  { name: 'what JSON writes with six characters', text: '\u0000<&'.repeat(2_000) },
  { name: 'three bytes', text: '語'.repeat(2_000) },
  { name: 'graphemes of many code points', text: '👩‍👩‍👧‍👦'.repeat(400) },
  { name: 'halves of surrogate pairs', text: '\ud800'.repeat(2_000) },
]) {
  test(`a cut text fits when it is encoded: ${name}`, () => {
    const cut = cutEncoded(text, 1_000);

    assert.ok(encodedBytes(cut) <= 1_000);
    assert.ok(encodedBytes(cut) > 800, `${encodedBytes(cut)} bytes`);
    assert.ok(cut.endsWith('…'));
  });
}

test('a text that fits is left alone', () => {
  assert.equal(cutEncoded('<b>', 40), '<b>');
});

test('metadata that fits is left alone, in the order of its keys', () => {
  assert.equal(encodeGoJson(fitMetadata({ b: '2', a: '1' }, BUDGET)), '{"a":"1","b":"2"}');
});

test('metadata that does not fit is cut and counted', () => {
  const metadata = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key-${index}-${'k'.repeat(30)}`, 'v'.repeat(80)]));

  const fitted = fitMetadata(metadata, BUDGET);

  assert.ok(encodedBytes(encodeGoJson(fitted)) <= BUDGET.maxBytes);
  assert.match(fitted['more'] ?? '', /^\d+ further keys are not shown$/);
  assert.ok(Object.entries(fitted).every(([key, value]) => key.length <= 20 && value.length <= 50));
});

test('keys of Object are data', () => {
  const metadata = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;

  assert.equal(encodeGoJson(fitMetadata(metadata, BUDGET)), '{"__proto__":"a","constructor":"b"}');
});
