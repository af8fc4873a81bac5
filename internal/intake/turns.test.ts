import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ManualClock } from '../../test/support/clock.ts';
import { type TurnLimits, Turns } from './turns.ts';

/** A queue whose works take a millisecond each and write their number. */
function open(limits: Partial<TurnLimits> = {}) {
  const clock = new ManualClock();
  const turns = new Turns(clock, { maxEvents: 100, turnMs: 10, maxWaitMs: 1_000, ...limits });
  const done: number[] = [];
  const late: number[] = [];
  const enter = (number: number): boolean =>
    turns.enter({
      work: () => {
        done.push(number);
        clock.advance(1);
      },
      onLate: () => late.push(number),
    });
  return { turns, clock, done, late, enter, enterAll: (count: number) => Array.from({ length: count }, (_, number) => enter(number)) };
}

test('nothing is worked on in the turn of its arrival, and a turn works for a bounded time, in order', async () => {
  const { done, enterAll } = open({ turnMs: 10 });

  enterAll(25);
  assert.deepEqual(done, []);

  await nextTurn();
  assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await nextTurn();
  assert.equal(done.length, 20);
  await nextTurn();
  assert.deepEqual(
    done,
    Array.from({ length: 25 }, (_, number) => number),
  );
});

test('while connections come in, a turn works on one event', async () => {
  const { turns, done, enterAll } = open();
  enterAll(5);

  turns.connectionTaken();
  await nextTurn();
  assert.deepEqual(done, [0]);
  turns.connectionTaken();
  await nextTurn();
  assert.deepEqual(done, [0, 1]);

  await nextTurn();
  assert.deepEqual(done, [0, 1, 2, 3, 4]);
});

test('there is no room for more than the limit until one has its answer', async () => {
  const { turns, done, enter } = open({ maxEvents: 2 });

  assert.deepEqual([enter(0), enter(1), enter(2)], [true, true, false]);
  await nextTurn();
  assert.equal(enter(3), false);
  turns.leave();
  assert.deepEqual([enter(4), enter(5)], [true, false]);

  await nextTurn();
  assert.deepEqual(done, [0, 1, 4]);
});

test('what has waited too long is not worked on', async () => {
  const { clock, done, late, enterAll, enter } = open({ maxWaitMs: 50 });
  enterAll(2);

  clock.advance(51);
  enter(2);
  await nextTurn();

  assert.deepEqual(late, [0, 1]);
  assert.deepEqual(done, [2]);
});
