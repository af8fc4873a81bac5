import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextLeaseWindow, windowWithin } from './lease-window.ts';

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

test('the window closes as the room gets scarce, and never on a Target that holds nothing', () => {
  const windows = [
    { name: 'room enough', room: 1024, window: 128, want: 128 },
    { name: 'a store that was not told', room: Number.POSITIVE_INFINITY, window: 128, want: 128 },
    { name: 'scarce', room: 23, window: 8, want: 5 },
    { name: 'the last places', room: 1, window: 8, want: 1 },
    { name: 'all given away by the request itself', room: 0, window: 8, want: 1 },
  ];
  for (const { name, room, window, want } of windows) assert.equal(windowWithin(room, window), want, name);
});
