import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { searchCost, toPattern } from './pattern.ts';

const ROWS: readonly { source: string; text: string; matches: boolean }[] = [
  { source: '^included', text: 'included', matches: true },
  { source: '^included', text: 'not included', matches: false },
  { source: '', text: 'x', matches: true },
  { source: 'abc', text: 'ABC', matches: false },
  { source: '(?i)abc', text: 'ABC', matches: true },
  { source: 'ab$', text: 'ab\n', matches: false },
  { source: '\\Aab\\z', text: 'xab', matches: false },
  { source: 'a{', text: 'a{', matches: true },
  { source: '(?m)^two$', text: 'one\ntwo', matches: true },
  { source: '^two$', text: 'one\ntwo', matches: false },
  { source: '(?s)one.two', text: 'one\ntwo', matches: true },
  { source: 'one.two', text: 'one\ntwo', matches: false },
  { source: '(?P<x>a)b', text: 'ab', matches: true },
  { source: '[[:digit:]]', text: 'a1', matches: true },
  { source: '\\Qa.b\\E', text: 'a.b', matches: true },
  { source: '^\\p{L}$', text: 'é', matches: true },
  { source: '^\\w$', text: 'é', matches: false },
  { source: '\\s', text: '\u00a0', matches: false },
  { source: '^\\p{Letter}\\p{decimal-number}$', text: 'é3', matches: true },
  { source: '^\\p{greek}\\p{ L u}\\pl$', text: 'σÉé', matches: true },
  { source: '^[x\\p{^letter}]\\P{ASCII}$', text: '1é', matches: true },
  { source: '[]\\P{Letter}]', text: 'a', matches: false },
  { source: '^\\Q\\p{Letter}\\E$', text: '\\p{Letter}', matches: true },
  { source: '^\\\\p{2}$', text: '\\pp', matches: true },
  { source: '(?P<n>a)(?P<n>b)(?<n>c)', text: 'abc', matches: true },
  { source: '[(?P<n>]$', text: 'P', matches: true },
];

describe('toPattern', () => {
  for (const { source, text, matches } of ROWS) {
    test(`${source} on ${JSON.stringify(text)}`, () => {
      const pattern = toPattern(source);

      assert.equal(pattern.error, undefined);
      assert.equal(pattern.test(text), matches);
    });
  }

  for (const { source, error } of [
    { source: '[', error: 'error parsing regexp: missing closing ]: `[`' },
    { source: 'a(?=b)', error: 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`' },
    { source: 'a++b', error: 'error parsing regexp: invalid nested repetition operator: `++`' },
    { source: '\\e', error: 'error parsing regexp: invalid escape sequence: `\\e`' },
    { source: '\\C', error: 'error parsing regexp: invalid escape sequence: `\\C`' },
    { source: '(a)\\1', error: 'error parsing regexp: invalid escape sequence: `\\1`' },
    { source: '\\p{Old_Italic}', error: 'error parsing regexp: invalid character class range: `\\p{Olditalic}`' },
    { source: '(?P<a-b>c)', error: 'error parsing regexp: invalid named capture: `(?P<a-b>`' },
    { source: 'a{1001}', error: 'error parsing regexp: invalid repeat count: `{1001}`' },
  ]) {
    test(`${source} does not compile`, () => {
      const pattern = toPattern(source);

      assert.equal(pattern.error, error);
      assert.equal(pattern.test('a'), false);
    });
  }

  test('the cost grows with the program and with the text', () => {
    const small = toPattern('a');
    const large = toPattern('(a.{50}){5}');

    assert.ok(searchCost(large, 'x') > 10 * searchCost(small, 'x'));
    assert.ok(searchCost(small, 'x'.repeat(1000)) > 10 * searchCost(small, 'x'));
  });
});
