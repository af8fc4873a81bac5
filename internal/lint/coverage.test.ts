import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toPattern } from '../expr/pattern.ts';
import { covers, matchesEverything } from './coverage.ts';

test('what one expression matches is known to be matched by another', () => {
  const table: readonly (readonly [outer: string, inner: string, want: boolean])[] = [
    ['failed', 'failed', true],
    ['failed', '^health check failed', true],
    ['health check', 'health check (failed|timed out)', true],
    ['check failed', 'health check (failed|timed out)', false],
    ['failed', 'failed|timed out', false],
    ['failed', 'has failed|was failed', true],
    ['failed', 'faile+d', false],
    ['fail', 'faile+d', true],
    ['failed', 'failed?', false],
    ['failed', '(failed)', false],
    ['failed', '(?i)failed', false],
    ['(?i)FAILED', 'it failed', true],
    ['(?i)failed', '(?i)it FAILED', true],
    ['^Health', '^Health check', true],
    ['^Health', 'Health check', false],
    ['^check', '^(Health )?check', false],
    ['^a', '^b*a', false],
    ['v1\\.2', 'release v1\\.2\\.3', true],
    ['v1.2', 'release v1.2.3', false],
    ['.*', 'anything', true],
    ['', 'anything', true],
    ['(', 'anything', false],
    ['.*', '(', false],
    ['a', '[a]', false],
    ['b', '[^]b]b', true],
    ['b', '[[:alpha:]b]', false],
    ['def', 'abc(?i)def', false],
    ['x', 'x\\Qa|b\\E|c', false],
    ['a', 'a{0}b', false],
  ];
  for (const [outer, inner, want] of table) assert.equal(covers(toPattern(outer), toPattern(inner)), want, `${outer} over ${inner}`);
});

test('expressions that match every message are known', () => {
  for (const source of ['', '.*', '^', '^.*', '$', '(?s).*', '.', '.+', '(?i).*']) assert.ok(matchesEverything(toPattern(source)), source);
  for (const source of ['^$', 'a', 'a*b', '^.*$', '\\.', '(?m)^.*$']) assert.ok(!matchesEverything(toPattern(source)), source);
});

test('what is said to be covered never escapes', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    'A',
    'ab',
    '^',
    '$',
    '|',
    '.',
    '*',
    '+',
    '?',
    '{2}',
    '(a|b)',
    '(',
    ')',
    '[ab]',
    '[^a]',
    '\\.',
    '\\b',
    '(?i)',
    '(?:b)',
  );
  const source = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
  const message = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '.', ' '), minLength: 1, maxLength: 6 });

  fc.assert(
    fc.property(source, source, fc.array(message, { minLength: 20, maxLength: 20 }), (outerSource, innerSource, messages) => {
      const [outer, inner] = [toPattern(outerSource), toPattern(innerSource)];
      if (!covers(outer, inner)) return;
      for (const text of messages) assert.ok(!inner.test(text) || outer.test(text), `${outerSource} over ${innerSource}: ${text}`);
    }),
    { numRuns: 3_000 },
  );
});
