import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { anAppend, anEvent } from '../outbox.ts';
import { type MakePlace, World } from './world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What ended is kept for a while; a wrong clock neither rushes, delays nor deletes anything. */
export function testRetention(makePlace: MakePlace): void {
  describe('retention', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    it('keeps delivered for 7 days and dead letters for 30, and their events as long', async () => {
      await world.append('sent', { lane: 'a' }, { dedup: { key: 'k', windowMs: 1_000 } });
      await world.settle(await world.leaseOne());
      await world.append('dead', { lane: 'b' });
      await world.settle(await world.leaseOne(), { kind: 'rejected', reason: 'bad-request', message: 'm' });
      await world.outbox.append([anAppend(anEvent('nobody wanted it'), [])]);
      const left = async (): Promise<number> => (await world.outbox.events({ limit: 10 })).length;

      world.clock.advance(7 * DAY_MS);
      assert.equal((await world.outbox.maintain()).pruned, 0);
      world.clock.advance(1);
      assert.equal((await world.outbox.maintain()).pruned, 3, 'one delivery, two events');
      assert.equal(await left(), 1);
      world.clock.advance(23 * DAY_MS + 1);
      await world.outbox.maintain();

      assert.equal(await left(), 0);
      assert.deepEqual((await world.outbox.stats()).states.dead, 0);
      assert.deepEqual(
        (await world.outbox.targets()).map(({ dead }) => dead),
        [0],
      );
    });

    it('never prunes what waits or is undecided', async () => {
      await world.append('e1', { limits: { concurrency: 0 } });
      const pending = {
        kind: 'pending',
        reason: 'no-snapshot',
        route: anAppend(anEvent('x')).deliveries[0]?.route,
        targetKey: 't',
      } as const;
      if (pending.route !== undefined) {
        await world.outbox.append([
          { event: anEvent('e2'), verdicts: [{ ...pending, route: pending.route }], deliveries: [], revision: 'r' },
        ]);
      }

      world.clock.advance(DAY_MS - 1);
      await world.outbox.maintain();
      assert.deepEqual(await world.states('e1'), ['waiting']);
      world.clock.advance(40 * DAY_MS);
      await world.outbox.maintain();
      await world.outbox.maintain();

      assert.equal((await world.outbox.event('e2'))?.pending, true);
      assert.deepEqual(await world.states('e1'), ['dead'], 'expired first, kept from then on');
    });

    for (const { name, jumpMs } of [
      { name: 'forwards', jumpMs: 40 * DAY_MS },
      { name: 'backwards', jumpMs: -40 * DAY_MS },
    ]) {
      it(`moves everything along when the clock jumps ${name}`, async () => {
        await world.append('e1', { lane: 'a', backlog: 'latest' });
        await world.append('e2', { lane: 'a', backlog: 'latest' });
        await world.settle(await world.leaseOne(), { kind: 'retry', reason: 'network', message: 'm' });
        await world.append('sent', { lane: 'b' });
        await world.settle(await world.leaseOne());

        world.clock.jump(jumpMs);

        assert.deepEqual(await world.lease(), [], 'not due earlier');
        const report = await world.outbox.maintain();
        assert.deepEqual(report, { expired: 0, pruned: 0, recovered: 0, clockJumpMs: jumpMs, ended: [] });
        assert.equal((await world.outbox.maintain()).clockJumpMs, 0);
        world.clock.advance(2_000);
        const lease = await world.leaseOne();
        assert.deepEqual([lease.event.id, lease.precededBy], ['e1', 0], 'not due later, and no backlog');
        assert.equal(lease.expiresInMs, DAY_MS - 2_000);
        assert.equal(lease.ageMs, 2_000);
      });
    }

    it('takes up pruning one hour after a jump', async () => {
      await world.append('sent');
      await world.settle(await world.leaseOne());
      world.clock.jump(40 * DAY_MS);

      assert.equal((await world.outbox.maintain()).pruned, 0);
      world.clock.advance(HOUR_MS);
      assert.equal((await world.outbox.maintain()).pruned, 2);
    });

    it('takes a drift of the clock for what it is', async () => {
      await world.append('e1');
      await world.settle(await world.leaseOne(), { kind: 'retry', reason: 'network', message: 'm' });

      world.clock.jump(29_000);

      assert.equal((await world.lease()).length, 1);
      assert.equal((await world.outbox.maintain()).clockJumpMs, 0);
    });
  });
}
