import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Outcome } from '../../sdk/outcome.ts';
import type { DeliveryWords } from '../../../test/support/outbox.ts';
import { eventIds, World } from '../../../test/support/outbox-suite/world.ts';
import { makeSqlitePlace } from '../../../test/support/sqlite-place.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const STATUS: DeliveryWords = { lane: 'status', policy: 'newest' };
const REJECTED: Outcome = { kind: 'rejected', reason: 'bad-request', message: '400' };
const AGAIN: Outcome = { kind: 'retry', reason: 'bug', message: 'again' };
const LATER: Outcome = { kind: 'retry', reason: 'bug', message: 'later', afterMs: HOUR_MS };

describe('outbox on SQLite, whose turn it is', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(makeSqlitePlace);
  });
  afterEach(() => world.dispose());

  async function forceReplay(eventId: string): Promise<void> {
    const { id } = await world.deliveryOf(eventId);
    assert.deepEqual(await world.outbox.replay({ ids: [id], force: true, by: 'ada' }), ['requeued']);
  }

  it('goes on with a forced replay when the one before it is superseded', async () => {
    await world.append('forced', STATUS, { occurredAtMs: 1_000 });
    await world.settle(await world.leaseOne(), REJECTED);
    await world.append('head', STATUS, { occurredAtMs: 2_000 });
    await world.settle(await world.leaseOne(), AGAIN);
    await forceReplay('forced');

    await world.append('newer', STATUS, { occurredAtMs: 3_000 });

    const sent: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const lease = await world.leaseOne();
      sent.push(lease.event.id);
      await world.settle(lease);
    }
    assert.deepEqual(sent, ['forced', 'newer']);
    assert.deepEqual(await world.states('head'), ['superseded']);
  });

  it('lets a forced replay that fails hold a newer status for 2 minutes only', async () => {
    await world.append('forced', STATUS, { occurredAtMs: 1_000 });
    await world.settle(await world.leaseOne(), REJECTED);
    await forceReplay('forced');
    await world.settle(await world.leaseOne(), LATER);
    await world.append('newer', STATUS, { occurredAtMs: 2_000 });
    assert.deepEqual(await world.lease(), []);

    world.clock.advance(2 * MINUTE_MS);

    assert.deepEqual(eventIds(await world.lease()), ['newer']);
  });

  it('folds nothing that every one is wanted of, and sends nothing before it', async () => {
    const lane = 'messages';
    await world.append('e1', { lane, backlog: 'latest' });
    await world.append('e2', { lane, backlog: 'latest' });
    await world.append('wanted', { lane, backlog: 'all' });
    await world.append('e4', { lane, backlog: 'latest' });
    await world.append('e5', { lane, backlog: 'latest' });
    world.clock.advance(16 * MINUTE_MS);

    const sent: (string | number)[] = [];
    for (let count = 0; count < 3; count += 1) {
      const lease = await world.leaseOne();
      sent.push(lease.event.id, lease.precededBy);
      await world.settle(lease);
    }

    assert.deepEqual(sent, ['e2', 1, 'wanted', 0, 'e5', 1]);
  });

  it('ends one that was tried out of order in favour of a newer one, which waits for its turn', async () => {
    const lane = 'messages';
    await world.append('e1', { lane, backlog: 'latest' });
    await world.settle(await world.leaseOne(), LATER);
    await world.append('e2', { lane, backlog: 'latest' });
    await world.append('e3', { lane, backlog: 'latest' });
    world.clock.advance(2 * MINUTE_MS);
    const inFlight = await world.leaseOne();
    assert.equal(inFlight.event.id, 'e2');
    world.clock.advance(58 * MINUTE_MS);

    assert.deepEqual(await world.lease(), [], 'one of a lane at a time');
    assert.deepEqual(await world.states('e1', 'e2', 'e3'), ['superseded', 'leased', 'waiting']);
    await world.settle(inFlight);

    const last = await world.leaseOne();
    assert.deepEqual([last.event.id, last.precededBy], ['e3', 1]);
  });

  it('folds nothing of another Target into what it sends', async () => {
    const lane = 'shared';
    await world.append('e1', { lane, backlog: 'latest', target: 'a' });
    await world.append('e2', { lane, backlog: 'latest', target: 'b' });
    world.clock.advance(16 * MINUTE_MS);

    for (const id of ['e1', 'e2']) {
      const lease = await world.leaseOne();
      assert.equal(lease.event.id, id);
      await world.settle(lease);
    }

    assert.deepEqual(
      (await world.outbox.targets()).map(({ waiting, leased }) => [waiting, leased]),
      [
        [0, 0],
        [0, 0],
      ],
    );
  });
});
