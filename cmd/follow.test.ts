// The loop of `--follow` with pauses that a test ends: when it asks, when it stops, and what it says of an outage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../test/support/clock.ts';
import { AdminError } from './admin-client.ts';
import { type Feed, follow } from './follow.ts';

type Answer = readonly string[] | Error;

interface Followed {
  readonly printed: readonly string[];
  readonly notes: readonly string[];
  readonly pausesMs: readonly number[];
}

/** Gives one answer after another and is stopped in the pause behind the last one. */
async function run(answers: readonly Answer[], tookMs = 0): Promise<Followed> {
  const clock = new ManualClock();
  const stop = new AbortController();
  const [printed, notes, pausesMs]: [string[], string[], number[]] = [[], [], []];
  let asked = 0;
  const answer = async (): Promise<readonly string[]> => {
    clock.advance(tookMs);
    const given = answers[asked++] ?? [];
    if (given instanceof Error) throw given;
    return given;
  };
  const feed: Feed<string> = { begin: answer, next: answer };
  const pause = async (ms: number): Promise<void> => {
    pausesMs.push(ms);
    if (asked === answers.length) stop.abort();
  };
  const printer = { add: (rows: readonly string[]) => void printed.push(...rows) };
  await follow({ feed, printer, signal: stop.signal, note: (text) => void notes.push(text), clock, pause });
  return { printed, notes, pausesMs };
}

const DOWN = new AdminError('no server answers', { code: 'unreachable' });

test('rows are printed as they come, with a pause after each question', async () => {
  assert.deepEqual(await run([['a', 'b'], [], ['c']]), { printed: ['a', 'b', 'c'], notes: [], pausesMs: [1_000, 1_000, 1_000] });
});

test('a server that answers slowly is asked more seldom', async () => {
  assert.deepEqual((await run([[], []], 4_000)).pausesMs, [8_000, 8_000]);
});

test('an outage is told once when it begins and once when it ends', async () => {
  const { printed, notes } = await run([['a'], DOWN, DOWN, ['b'], DOWN, ['c']]);

  assert.deepEqual(printed, ['a', 'b', 'c']);
  assert.deepEqual(notes, [
    'no server answers; waiting for it',
    'The server answers again.',
    'no server answers; waiting for it',
    'The server answers again.',
  ]);
});

const failures: readonly { readonly name: string; readonly answers: readonly Answer[]; readonly code: string }[] = [
  { name: 'no server at the beginning', answers: [DOWN], code: 'unreachable' },
  { name: 'a token that is not valid any more', answers: [[], new AdminError('m', { code: 'unauthorized' })], code: 'unauthorized' },
];

for (const { name, answers, code } of failures) {
  test(`it ends with ${name}`, async () => {
    await assert.rejects(run(answers), { code });
  });
}

test('it ends at once when it is stopped while a question is under way', async () => {
  const stop = new AbortController();
  const answer = async (): Promise<never> => {
    stop.abort();
    throw DOWN;
  };
  const parts = {
    printer: { add: () => assert.fail() },
    note: () => assert.fail(),
    clock: new ManualClock(),
    pause: async () => assert.fail(),
  };

  assert.equal(await follow({ feed: { begin: answer, next: answer }, signal: stop.signal, ...parts }), undefined);
});
