// What every store must do, whatever it is made of: one suite, run by each adapter's own test.
import { describe } from 'node:test';
import { testAppending } from './suite/appending.ts';
import { testBreaker } from './suite/breaker.ts';
import { testLanes } from './suite/lanes.ts';
import { testLeasing } from './suite/leasing.ts';
import { testMemory } from './suite/memory.ts';
import { testQuestions } from './suite/questions.ts';
import { testRetention } from './suite/retention.ts';
import { testSettling } from './suite/settling.ts';
import type { MakePlace } from './suite/world.ts';

/** Declares the tests of the port for one adapter. */
export function testOutbox(name: string, makePlace: MakePlace): void {
  describe(`outbox on ${name}`, () => {
    testAppending(makePlace);
    testLeasing(makePlace);
    testSettling(makePlace);
    testLanes(makePlace);
    testBreaker(makePlace);
    testMemory(makePlace);
    testQuestions(makePlace);
    testRetention(makePlace);
  });
}
