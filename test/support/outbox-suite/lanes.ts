import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aSettlement, SERVER_ERROR } from '../outbox.ts';
import type { DeliveryWords } from '../outbox.ts';
import { eventIds, type MakePlace, World } from './world.ts';

const MINUTE_MS = 60_000;

/** Order within a lane, superseding, and what becomes of a backlog. */
export function testLanes(makePlace: MakePlace): void {
  describe('an ordered lane', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    it('sends one after the other', async () => {
      for (const id of ['e1', 'e2', 'e3']) await world.append(id);
      const sent: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        const lease = await world.leaseOne();
        sent.push(lease.event.id);
        await world.settle(lease);
      }

      assert.deepEqual(sent, ['e1', 'e2', 'e3']);
    });

    it('is held by a failing head for 2 minutes, then goes on without it', async () => {
      await world.append('e1');
      await world.append('e2');
      await world.settle(await world.leaseOne(), { kind: 'retry', reason: 'bug', message: 'm', afterMs: 3_600_000 });
      const asked = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: MINUTE_MS, waitMs: 10 * MINUTE_MS });
      await world.outbox.stats();

      world.clock.advance(2 * MINUTE_MS - 1);
      assert.deepEqual(await world.lease(), [], 'still held');
      world.clock.advance(1);

      const [second] = await asked;
      assert.equal(second?.event.id, 'e2');
      assert.equal((await world.deliveryOf('e1')).outOfOrder, true);
      if (second !== undefined) await world.settle(second);
      world.clock.advance(3_600_000);
      assert.equal((await world.leaseOne()).event.id, 'e1', 'retried on its own');
    });

    it('goes on at once when its head ends', async () => {
      await world.append('e1');
      await world.append('e2');
      await world.settle(await world.leaseOne(), { kind: 'rejected', reason: 'bad-request', message: 'm' });

      assert.equal((await world.leaseOne()).event.id, 'e2');
    });

    it('does not wait for other lanes', async () => {
      await world.append('e1', { lane: 'a' });
      await world.append('e2', { lane: 'b' });
      await world.append('e3', { lane: 'a' });

      assert.deepEqual(eventIds(await world.lease()), ['e1', 'e2']);
    });

    for (const { backlog, sent, superseded, precededBy } of [
      { backlog: 'latest', sent: ['e3'], superseded: ['e1', 'e2'], precededBy: 2 },
      { backlog: 'all', sent: ['e1'], superseded: [], precededBy: 0 },
    ] as const) {
      it(`sends ${backlog} of what waited for more than 15 minutes`, async () => {
        for (const id of ['e1', 'e2', 'e3']) await world.append(id, { backlog });
        world.clock.advance(15 * MINUTE_MS + 1);
        await world.append('e4', { backlog });

        const leases = await world.lease();

        assert.deepEqual(eventIds(leases), sent);
        assert.equal(leases[0]?.precededBy, precededBy);
        const old = await world.outbox.deliveries({ states: ['superseded'], limit: 10 });
        assert.deepEqual(old.map(({ eventId }) => eventId).toReversed(), superseded);
        for (const lease of leases) await world.settle(lease);
        assert.deepEqual(eventIds(await world.lease()), [backlog === 'latest' ? 'e4' : 'e2']);
      });
    }

    it('counts all that one stands for over several foldings', async () => {
      await world.append('e1', { backlog: 'latest' });
      await world.append('e2', { backlog: 'latest' });
      world.clock.advance(16 * MINUTE_MS);
      const first = await world.leaseOne();
      await world.settle(first, { kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: 1_000 } });
      await world.append('e3', { backlog: 'latest' });
      world.clock.advance(16 * MINUTE_MS);

      const second = await world.leaseOne();

      assert.deepEqual([first.event.id, first.precededBy, second.event.id, second.precededBy], ['e2', 1, 'e3', 2]);
    });
  });

  describe('a newest lane', () => {
    const status: DeliveryWords = { policy: 'newest', lane: 'repo/sha/context' };
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    const appendAt = (id: string, occurredAtMs: number | null, words: DeliveryWords = {}): Promise<unknown> =>
      world.append(id, { ...status, ...words }, { occurredAtMs });

    for (const { name, times, states } of [
      { name: 'a newer one supersedes the one that waits', times: [1_000, 2_000], states: ['superseded', 'waiting'] },
      { name: 'an older one is superseded at once', times: [2_000, 1_000], states: ['waiting', 'superseded'] },
      { name: 'of equal times the later stored wins', times: [1_000, 1_000, 1_000], states: ['superseded', 'superseded', 'waiting'] },
      { name: 'without a time of its own it counts from acceptance', times: [1_000, null], states: ['superseded', 'waiting'] },
    ]) {
      it(name, async () => {
        for (const [index, time] of times.entries()) await appendAt(`e${index}`, time);

        assert.deepEqual(await world.states(...times.map((_, index) => `e${index}`)), states);
        assert.equal((await world.lease()).length, 1);
        const { ended } = await world.outbox.maintain();
        assert.deepEqual(
          ended.map((end) => `${end.type} ${end.state}`),
          states.filter((state) => state === 'superseded').map((state) => `generic ${state}`),
        );
      });
    }

    it('holds over Targets, since two of them may write to one place', async () => {
      await appendAt('e1', 1_000, { target: 'a' });
      await appendAt('e2', 2_000, { target: 'b' });

      assert.deepEqual(await world.states('e1', 'e2'), ['superseded', 'waiting']);
    });

    it('sends a newer one only after the one that is being sent', async () => {
      await appendAt('e1', 1_000);
      const older = await world.leaseOne();
      await appendAt('e2', 2_000);
      assert.deepEqual(await world.lease(), []);

      await world.settle(older);

      assert.equal((await world.leaseOne()).event.id, 'e2');
    });

    it('does not retry an older one while a newer waits', async () => {
      await appendAt('e1', 1_000);
      const older = await world.leaseOne();
      await appendAt('e2', 2_000);

      assert.equal((await world.settle(older, SERVER_ERROR)).state, 'superseded');
      assert.equal((await world.leaseOne()).event.id, 'e2');
    });

    it('does not take back a lost lease of an older one while a newer waits', async () => {
      await appendAt('e1', 1_000);
      await world.leaseOne();
      await appendAt('e2', 2_000);
      await world.reopen();

      assert.deepEqual(await world.states('e1', 'e2'), ['superseded', 'waiting']);
      assert.equal((await world.leaseOne()).event.id, 'e2');
    });

    it('refuses what is older than the last delivered, also after a restart', async () => {
      await appendAt('e2', 2_000);
      await world.settle(await world.leaseOne());
      await world.reopen();
      await appendAt('e1', 1_000);

      assert.deepEqual(await world.states('e2', 'e1'), ['delivered', 'superseded']);
    });

    it('replays an older one only by force', async () => {
      await appendAt('e1', 1_000);
      await world.settle(await world.leaseOne(), { kind: 'rejected', reason: 'bad-request', message: 'm' });
      await appendAt('e2', 2_000);
      await world.settle(await world.leaseOne());
      const { id } = await world.deliveryOf('e1');

      assert.deepEqual(await world.outbox.replay({ ids: [id], force: false, by: 'ada', dryRun: true }), ['outdated']);
      assert.deepEqual(await world.states('e1'), ['dead'], 'a dry run changes nothing');
      assert.deepEqual(await world.outbox.replay({ ids: [id], force: false, by: 'ada' }), ['outdated']);
      assert.deepEqual(await world.states('e1'), ['superseded']);
      assert.deepEqual(await world.outbox.replay({ ids: [id], force: false, by: 'ada' }), ['outdated']);
      assert.deepEqual(await world.outbox.replay({ ids: [id], force: true, by: 'ada' }), ['requeued']);
      const lease = await world.leaseOne();
      assert.equal(lease.event.id, 'e1');
      assert.equal((await world.settle(lease, SERVER_ERROR)).state, 'waiting', 'forced ones are not superseded');
    });

    it('replays the last delivered', async () => {
      await appendAt('e1', 1_000);
      await world.settle(await world.leaseOne());
      const { id } = await world.deliveryOf('e1');

      assert.deepEqual(await world.outbox.replay({ ids: [id], force: false, by: 'ada' }), ['requeued']);
      assert.equal((await world.leaseOne()).event.id, 'e1');
    });

    it('replays of one lane only the newest, and a dry run says so', async () => {
      for (const [id, occurredAtMs] of [
        ['e1', 1_000],
        ['e2', 2_000],
      ] as const) {
        await appendAt(id, occurredAtMs);
        await world.settle(await world.leaseOne(), { kind: 'rejected', reason: 'bad-request', message: 'm' });
      }
      const ids = [(await world.deliveryOf('e1')).id, (await world.deliveryOf('e2')).id];

      const planned = await world.outbox.replay({ ids, force: false, by: 'ada', dryRun: true });
      const done = await world.outbox.replay({ ids, force: false, by: 'ada' });

      assert.deepEqual(
        [planned, done],
        [
          ['outdated', 'requeued'],
          ['outdated', 'requeued'],
        ],
      );
      assert.deepEqual(await world.states('e1', 'e2'), ['superseded', 'waiting']);
    });

    it('settles a whole batch of one lane in order', async () => {
      await appendAt('e1', 1_000);
      const lease = await world.leaseOne();
      const results = await world.outbox.settle([aSettlement(lease), aSettlement(lease)]);

      assert.deepEqual(
        results.map(({ result }) => result),
        ['settled', 'fenced'],
      );
    });
  });
}
