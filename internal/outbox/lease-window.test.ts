import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextLeaseWindow } from './lease-window.ts';

const cases: readonly { name: string; window: number; isDelivered: boolean; durationMs: number; want: number }[] = [
  { name: 'a quick success doubles it', window: 8, isDelivered: true, durationMs: 5, want: 16 },
  { name: 'it stops growing', window: 128, isDelivered: true, durationMs: 5, want: 128 },
  { name: 'a slow success takes it back', window: 64, isDelivered: true, durationMs: 2000, want: 8 },
  { name: 'a failure takes it back', window: 64, isDelivered: false, durationMs: 5, want: 8 },
  { name: 'it starts from the concurrency', window: 0, isDelivered: true, durationMs: 5, want: 16 },
];

for (const { name, window, isDelivered, durationMs, want } of cases) {
  test(`lease window: ${name}`, () => assert.equal(nextLeaseWindow(window, 8, { isDelivered, durationMs }), want));
}
