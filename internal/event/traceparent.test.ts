import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTraceparent } from './traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const cases: readonly { name: string; value: string | string[] | undefined; isKept: boolean }[] = [
  { name: 'a sampled trace', value: `00-${TRACE}-${SPAN}-01`, isKept: true },
  { name: 'one that is not sampled', value: `00-${TRACE}-${SPAN}-00`, isKept: true },
  { name: 'none', value: undefined, isKept: false },
  { name: 'two of them', value: [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`], isKept: false },
  { name: 'no trace', value: `00-${'0'.repeat(32)}-${SPAN}-01`, isKept: false },
  { name: 'no span', value: `00-${TRACE}-${'0'.repeat(16)}-01`, isKept: false },
  { name: 'capital letters', value: `00-${TRACE.toUpperCase()}-${SPAN}-01`, isKept: false },
  { name: 'another version', value: `01-${TRACE}-${SPAN}-01`, isKept: false },
  { name: 'something behind it', value: `00-${TRACE}-${SPAN}-01-x`, isKept: false },
  { name: 'a line break', value: `00-${TRACE}-${SPAN}-01\n`, isKept: false },
];

for (const { name, value, isKept } of cases) {
  test(`traceparent: ${name} is ${isKept ? 'kept' : 'dropped'}`, () => assert.equal(readTraceparent(value), isKept ? value : undefined));
}
