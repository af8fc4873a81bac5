// The outbox on PostgreSQL lives through random stories, as the one on SQLite does.
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { steps } from '../support/outbox-model/steps.ts';
import { live } from '../support/outbox-model/story.ts';
import type { Place } from '../support/outbox-suite/world.ts';
import { PostgresSchema } from '../support/postgres-place.ts';
import { startPostgres } from '../support/postgres-server.ts';

const STORIES = 15;
/** A clock that is set years ahead must not end a story by pruning it. */
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER / 4;

const server = await startPostgres({ settings: { fsync: 'off' } });
after(() => server.remove());

describe('outbox on PostgreSQL, through random stories', () => {
  it('counts, orders and ends all that it took, whatever happens in between', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (story) => live(makeLastingPlace, story)),
      { numRuns: STORIES },
    );
  });
});

async function makeLastingPlace(): Promise<Place> {
  const schema = await PostgresSchema.connect(server.url());
  return {
    open: (parts) => schema.open({ ...parts, keepDeliveredMs: FOR_EVER_MS, keepDeadMs: FOR_EVER_MS }),
    dispose: () => schema.drop(),
  };
}
