import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { live } from '../../../test/support/outbox-model/story.ts';
import { steps } from '../../../test/support/outbox-model/steps.ts';
import type { Place } from '../../../test/support/outbox-suite/world.ts';
import { makeSqlitePlace } from '../../../test/support/sqlite-place.ts';

const STORIES = 20;
/** A clock that is set years ahead must not end a story by pruning it. */
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER / 4;

describe('outbox on SQLite, through random stories', () => {
  it('counts, orders and ends all that it took, whatever happens in between', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (story) => live(makeLastingPlace, story)),
      { numRuns: STORIES },
    );
  });
});

function makeLastingPlace(): Promise<Place> {
  return makeSqlitePlace({ keepDeliveredMs: FOR_EVER_MS, keepDeadMs: FOR_EVER_MS });
}
