import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { createSharedWork, KEPT_MS } from './shared-work.ts';

function createCounter() {
  const clock = new ManualClock();
  const shared = createSharedWork(clock);
  let calls = 0;
  const ask = async (key = 'list'): Promise<number> => await shared.share(key, async () => (calls += 1));
  return { clock, shared, ask };
}

test('who asks while the work is under way, or shortly after, gets its answer', async () => {
  const { ask, clock } = createCounter();

  const together = await Promise.all([ask(), ask(), ask()]);
  clock.advance(KEPT_MS - 1);
  const later = await ask();
  clock.advance(1);
  const muchLater = await ask();

  assert.deepEqual([...together, later, muchLater], [1, 1, 1, 1, 2]);
});

test('other work is other work', async () => {
  const { ask } = createCounter();

  assert.deepEqual(await Promise.all([ask('a'), ask('b'), ask('a')]), [1, 2, 1]);
});

test('a failure is told to all who wait, and the next one tries again', async () => {
  const { shared } = createCounter();
  const failure = new Error('no answer');
  const refuse = (): Promise<string> => Promise.reject(failure);

  const results = await Promise.allSettled([shared.share('list', refuse), shared.share('list', refuse)]);
  const again = await shared.share('list', async () => 'well again');

  assert.deepEqual(
    results.map((result) => result.status === 'rejected' && result.reason === failure),
    [true, true],
  );
  assert.equal(again, 'well again');
});

test('work that takes longer than answers are kept is joined until it ends', async () => {
  const { clock, shared } = createCounter();
  const answer = Promise.withResolvers<string>();
  const slow = shared.share('slow', () => answer.promise);
  clock.advance(2 * KEPT_MS);

  const joined = shared.share('slow', async () => 'anew');
  answer.resolve('the first one');

  assert.deepEqual(await Promise.all([slow, joined]), ['the first one', 'the first one']);
});
