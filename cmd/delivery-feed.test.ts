// What a follower of deliveries sees, against a real store and API: everything that changes, once.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type AdminWorld, openAdminWorld } from '../test/support/admin-world.ts';
import {
  aDelivery,
  anAppend,
  anEvent,
  aSettlement,
  DELIVERED,
  type DeliveryWords,
  leaseNow,
  SERVER_ERROR,
} from '../test/support/outbox.ts';
import type { Delivery } from '../internal/outbox/store.ts';
import type { Outcome } from '../internal/sdk/outcome.ts';
import { createDeliveryFeed, type DeliveryFeedOptions } from './delivery-feed.ts';
import type { Feed } from './follow.ts';
import { parseStore } from './store-location.ts';

const DAY_MS = 86_400_000;
const REJECTED: Outcome = { kind: 'rejected', reason: 'bad-request', message: 'm' };
let world: AdminWorld;

function feedOf(options: Partial<DeliveryFeedOptions> = {}): Feed<Delivery> {
  const { clock } = world;
  const flags = { ...world.flags, store: parseStore(world.flags.store) };
  const everything = { places: {}, first: {}, matches: () => true, limit: 50, withHistory: false };
  return createDeliveryFeed({ ...everything, flags, clock, signal: new AbortController().signal, ...options });
}

/** Events with one delivery each, each to a Target of its own. */
async function append(ids: readonly string[], owed: DeliveryWords = {}): Promise<void> {
  await world.outbox.append(ids.map((id) => anAppend(anEvent(id), [aDelivery({ lane: id, target: id, ...owed })])));
}

async function settleAll(outcome: Outcome): Promise<void> {
  for (let leases = await leaseNow(world.outbox, 500); leases.length > 0; leases = await leaseNow(world.outbox, 500)) {
    await world.outbox.settle(leases.map((lease) => aSettlement(lease, outcome)));
  }
}

async function idOf(eventId: string): Promise<string> {
  return (await world.outbox.deliveries({ eventId, limit: 1 }))[0]?.id ?? '';
}

function words(rows: readonly Delivery[]): readonly string[] {
  return rows.map(({ eventId, state }) => `${eventId} ${state}`);
}

/** A poll, a second later. */
async function poll(feed: Feed<Delivery>): Promise<readonly string[]> {
  world.clock.advance(1_000);
  return words(await feed.next());
}

describe('a follower of deliveries', () => {
  beforeEach(async () => {
    world = await openAdminWorld();
  });
  afterEach(() => world.close());

  it('begins with the last ones, the oldest first, and repeats none of them', async () => {
    await append(['e1', 'e2', 'e3']);
    const feed = feedOf({ limit: 2 });

    assert.deepEqual([words(await feed.begin()), await poll(feed), await poll(feed)], [['e2 waiting', 'e3 waiting'], [], []]);
  });

  it('what is new comes once, in order, whatever number of pages it fills', async () => {
    const ids = Array.from({ length: 1_201 }, (_, index) => `e${index}`);
    const feed = feedOf();
    await feed.begin();
    await append(ids);

    assert.deepEqual([await poll(feed), await poll(feed)], [ids.map((id) => `${id} waiting`), []]);
  });

  it('what came and ended between two polls is shown as it ended', async () => {
    const feed = feedOf();
    await feed.begin();
    await append(['e1']);
    await settleAll(DELIVERED);

    assert.deepEqual([await poll(feed), await poll(feed)], [['e1 delivered'], []]);
  });

  it('a try that fails, an end, a replay and a cancel are each a change', async () => {
    await append(['e1']);
    const feed = feedOf();
    const seen = [words(await feed.begin())];

    await settleAll(SERVER_ERROR);
    seen.push(await poll(feed));
    world.clock.advance(60_000);
    await settleAll(REJECTED);
    seen.push(await poll(feed));
    await world.outbox.replay({ ids: [await idOf('e1')], force: false, by: 'ada' });
    seen.push(await poll(feed));
    await world.outbox.cancel({ ids: [await idOf('e1')], by: 'ada' });
    seen.push(await poll(feed), await poll(feed));

    assert.deepEqual(seen, [['e1 waiting'], ['e1 waiting'], ['e1 dead'], ['e1 waiting'], ['e1 cancelled'], []]);
  });

  it('what ended long ago and is replayed and delivered between two polls is seen', async () => {
    await append(['old']);
    await settleAll(REJECTED);
    world.clock.advance(2 * DAY_MS);
    const feed = feedOf({ limit: 0 });
    await feed.begin();

    await world.outbox.replay({ ids: [await idOf('old')], force: false, by: 'ada' });
    await settleAll(DELIVERED);

    assert.deepEqual([await poll(feed), await poll(feed)], [['old delivered'], []]);
  });

  it('what waits in great number is asked for in turn, and ends are seen at once', async () => {
    const ids = Array.from({ length: 1_500 }, (_, index) => `e${index}`);
    await append(ids);
    const feed = feedOf({ limit: 0 });
    await feed.begin();
    world.clock.advance(3_600_000);
    await settleAll(SERVER_ERROR);

    const tried = [...(await poll(feed)), ...(await poll(feed)), ...(await poll(feed))];
    await world.outbox.cancel({ ids: [await idOf('e7')], by: 'ada' });

    assert.deepEqual(tried.toSorted(), ids.map((id) => `${id} waiting`).toSorted());
    assert.deepEqual(await poll(feed), ['e7 cancelled']);
  });

  it('places narrow what is asked for, states what is shown', async () => {
    const feed = feedOf({ places: { target: 'flux//default/one' }, matches: ({ state }) => state === 'dead' });
    await append(['before'], { target: 'one' });
    await feed.begin();
    await append(['one'], { target: 'one' });
    await append(['two'], { target: 'two' });
    const first = await poll(feed);
    await settleAll(REJECTED);

    assert.deepEqual([first, await poll(feed), await poll(feed)], [[], ['before dead', 'one dead'], []]);
  });

  it('a poll that fails half-way loses nothing', async () => {
    const feed = feedOf();
    await feed.begin();
    await append(['e1']);

    world.failing = /changedWithinMs/;
    await assert.rejects(poll(feed), { code: 'store' });
    await append(['e2']);
    await settleAll(DELIVERED);
    world.clock.advance(60_000);
    world.failing = undefined;

    assert.deepEqual([await poll(feed), await poll(feed)], [['e1 delivered', 'e2 delivered'], []]);
  });

  for (const latencyMs of [3_000, 30_000]) {
    it(`an answer that takes ${latencyMs / 1_000} s leaves nothing out`, async () => {
      await append(['old']);
      await settleAll(REJECTED);
      world.clock.advance(2 * DAY_MS);
      const feed = feedOf({ limit: 0 });
      await feed.begin();
      await world.outbox.replay({ ids: [await idOf('old')], force: false, by: 'ada' });
      await settleAll(DELIVERED);
      let isSlow = true;
      world.onRequest = (url) => {
        if (!isSlow || !url.includes('changedWithinMs')) return;
        isSlow = false;
        world.clock.advance(latencyMs);
      };

      assert.deepEqual([await poll(feed), await poll(feed)], [['old delivered'], []]);
    });
  }

  it('what ended just before it began is not new', async () => {
    await append(['e1']);
    await settleAll(DELIVERED);
    const feed = feedOf({ limit: 0 });

    assert.deepEqual([words(await feed.begin()), await poll(feed)], [[], []]);
  });

  it('where the last one known was pruned it goes on by age', async () => {
    await append(['e1']);
    await settleAll(DELIVERED);
    const feed = feedOf();
    await feed.begin();
    world.clock.advance(8 * DAY_MS);
    for (let step = 0; step < 5; step += 1) await world.outbox.maintain();
    assert.equal(await world.outbox.delivery(await idOf('e1')), undefined);
    await append(['e2']);

    assert.deepEqual([await poll(feed), await poll(feed)], [['e2 waiting'], []]);
  });
});
