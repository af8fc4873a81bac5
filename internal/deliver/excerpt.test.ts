import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor } from '../../test/support/plain-redactor.ts';
import { excerptOf, toLine } from './excerpt.ts';

const SECRET = 'canary-4f0b6a1e';

test('keeps at most 4 KiB and never a part of a secret', () => {
  const redactor = createRedactor([SECRET]);
  const filler = 'x'.repeat(4090);
  const cases = [
    { name: 'nothing', content: undefined, want: '' },
    { name: 'short', content: 'hello', want: 'hello' },
    { name: 'bytes', content: new TextEncoder().encode('grüße'), want: 'grüße' },
    { name: 'secret', content: `a ${SECRET} b`, want: 'a ***** b' },
    { name: 'secret over the edge', content: `${filler}${SECRET}${filler}`, want: `${filler}*****x` },
    { name: 'wide characters are not halved', content: `x${'é'.repeat(4000)}`, want: `x${'é'.repeat(2047)}` },
    { name: 'cut by the transport in the middle of a secret', content: `x${SECRET.slice(0, 9)}`, truncated: true, want: '' },
    { name: 'nothing but secrets, cut', content: SECRET.repeat(9000), want: '*****'.repeat(2000).slice(0, 4096) },
  ];
  for (const { name, content, want, ...rest } of cases) {
    const excerpt = excerptOf({ content, ...rest }, redactor);

    assert.equal(excerpt.slice(0, want.length + 1), want, name);
    assert.ok(Buffer.byteLength(excerpt) <= 4096, name);
  }
});

test('makes one line of a text', () => {
  const cases = [
    { in: ' a\r\n\tb\u0000c ', max: 100, want: 'a b c' },
    { in: 'abcdef', max: 4, want: 'abc…' },
    { in: 'ab😀cd', max: 4, want: 'ab…' },
  ];
  for (const { in: text, max, want } of cases) assert.equal(toLine(text, max), want);
});
