import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { createTokenCache, type TokenCacheOptions } from './token-cache.ts';

const HOUR_MS = 3_600_000;

function setUp(options: Partial<TokenCacheOptions> = {}) {
  const clock = new ManualClock();
  const registered: string[] = [];
  const seen: string[] = [];
  let acquired = 0;
  const cache = createTokenCache({
    clock,
    redactor: { add: (secret) => registered.push(secret), redact: (text) => text },
    maxSize: 2,
    maxDurationMs: 24 * HOUR_MS,
    observe: {
      asked: (key, isHit) => seen.push(`${key} ${isHit ? 'hit' : 'miss'}`),
      acquired: (status) => seen.push(status),
      evicted: () => seen.push('evicted'),
      items: (count) => seen.push(`${count} items`),
    },
    ...options,
  });
  const ask = (key: string, lifeMs = HOUR_MS): Promise<string> =>
    cache.token(key, () => Promise.resolve({ value: `token-${++acquired}`, expiresAtMs: clock.nowMs() + lifeMs }));
  return { clock, registered, seen, cache, ask };
}

test('a token is used until four fifths of its life are over', async () => {
  const { clock, ask, registered } = setUp();

  assert.equal(await ask('a'), 'token-1');
  clock.advance(0.79 * HOUR_MS);
  assert.equal(await ask('a'), 'token-1');
  clock.advance(0.01 * HOUR_MS);
  assert.equal(await ask('a'), 'token-2');
  assert.deepEqual(new Set(registered), new Set(['token-1', 'token-2']));
});

test('no token is used longer than the cap, also with an expiry far away', async () => {
  const { clock, ask } = setUp({ maxDurationMs: 60_000 });

  await ask('a', 100 * 365 * 24 * HOUR_MS);
  clock.advance(59_999);
  assert.equal(await ask('a'), 'token-1');
  clock.advance(1);
  assert.equal(await ask('a'), 'token-2');
});

test('a wall clock that jumps does not make a token older or younger', async () => {
  const { clock, ask } = setUp();

  await ask('a');
  clock.jump(10 * HOUR_MS);
  assert.equal(await ask('a'), 'token-1');
});

test('however many ask at once, one acquires; a failure is told to all and not kept', async () => {
  const { cache, ask } = setUp();
  let fail: ((error: Error) => void) | undefined;
  let started = 0;
  const acquire = (): Promise<never> => {
    started++;
    return new Promise((_resolve, reject) => {
      fail = reject;
    });
  };

  const asked = [cache.token('a', acquire), cache.token('a', acquire), cache.token('a', acquire)];
  fail?.(new Error('no token today'));
  const outcomes = await Promise.allSettled(asked);

  assert.equal(started, 1);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.equal(await ask('a'), 'token-1');
});

test('keys are apart, the least used leaves, and everything is counted', async () => {
  const { ask, seen } = setUp();

  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(key);

  assert.deepEqual(
    seen.filter((word) => /hit|miss|evicted/.test(word)),
    ['a miss', 'b miss', 'a hit', 'c miss', 'evicted', 'a hit', 'b miss', 'evicted'],
  );
  assert.equal(seen.filter((word) => word === 'success').length, 4);
});

test('size 0 keeps nothing; an expired token is used once', async () => {
  const off = setUp({ maxSize: 0 });
  assert.equal(await off.ask('a'), 'token-1');
  assert.equal(await off.ask('a'), 'token-2');

  const expired = setUp();
  assert.equal(await expired.ask('a', -1), 'token-1');
  assert.equal(await expired.ask('a'), 'token-2');
});
