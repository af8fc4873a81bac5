import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from './id.ts';
import { childTraceparent, traceContextOf } from './trace.ts';
import { readTraceparent } from './traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const ID = '019a0000-0000-7abc-8def-000000000001';

test('an event without a trace starts one of its own, the same at every look', () => {
  const context = { traceId: '019a000000007abc8def000000000001', spanId: '8def000000000001', parentSpanId: '', isSampled: true };
  assert.deepEqual(traceContextOf({ id: ID }), context);
  assert.equal(childTraceparent({ id: ID }), `00-${context.traceId}-${context.spanId}-01`);
});

test("an event of a trace becomes a child of its sender's span", () => {
  for (const [flags, isSampled] of [
    ['01', true],
    ['00', false],
    ['03', true],
  ] as const) {
    const event = { id: ID, traceparent: `00-${TRACE}-${SPAN}-${flags}` };
    assert.deepEqual(traceContextOf(event), { traceId: TRACE, spanId: '8def000000000001', parentSpanId: SPAN, isSampled });
    assert.equal(childTraceparent(event), `00-${TRACE}-8def000000000001-${isSampled ? '01' : '00'}`);
  }
});

test('what is passed on is one that can be passed on', () => {
  for (const random of [() => 0, () => 0.999_999, Math.random]) {
    const child = childTraceparent({ id: newId(Date.UTC(2026, 0, 1), random) });
    assert.equal(readTraceparent(child), child);
  }
});
