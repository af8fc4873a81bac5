// What every store must do, whatever it is made of: one suite, run by each adapter's own test.
import { describe } from 'node:test';
import { testAppending } from './appending.ts';
import { testBreaker } from './breaker.ts';
import { testLanes } from './lanes.ts';
import { testLeasing } from './leasing.ts';
import { testMemory } from './memory.ts';
import { testQuestions } from './questions.ts';
import { testRetention } from './retention.ts';
import { testSettling } from './settling.ts';
import { testTallies } from './tallies.ts';
import type { MakePlace } from './world.ts';

/** Declares the tests of the port for one adapter. */
export function testOutbox(name: string, makePlace: MakePlace): void {
  describe(`outbox on ${name}`, () => {
    testAppending(makePlace);
    testLeasing(makePlace);
    testSettling(makePlace);
    testLanes(makePlace);
    testBreaker(makePlace);
    testMemory(makePlace);
    testTallies(makePlace);
    testQuestions(makePlace);
    testRetention(makePlace);
  });
}
