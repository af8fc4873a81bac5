import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../test/support/clock.ts';
import { createProgress } from './progress.ts';

const cases: readonly { readonly name: string; readonly isWatched: boolean; readonly stepMs: number; readonly want: readonly string[] }[] =
  [
    { name: 'short work passes in silence', isWatched: true, stepMs: 50, want: [] },
    { name: 'a person hears of it every second', isWatched: true, stepMs: 400, want: ['3', '6', '9'] },
    { name: 'a log hears of it every five', isWatched: false, stepMs: 2_000, want: ['3', '6', '9'] },
  ];

for (const { name, isWatched, stepMs, want } of cases) {
  test(`progress: ${name}`, () => {
    const clock = new ManualClock();
    const notes: string[] = [];
    const progress = createProgress({ isWatched, note: (text) => void notes.push(text), nowMs: () => clock.nowMs() });

    for (let done = 1; done <= 10; done += 1) {
      clock.advance(stepMs);
      progress(() => String(done));
    }

    assert.deepEqual(notes, want);
  });
}
