import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SERVER_ERROR } from '../outbox.ts';
import type { Outcome } from '../../../internal/sdk/outcome.ts';
import { eventIds, type MakePlace, World } from './world.ts';

const SECOND_MS = 1_000;

/** A Target that fails is left alone but for probes, and nobody else notices. */
export function testBreaker(makePlace: MakePlace): void {
  describe('the breaker', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    async function openBreaker(count = 6): Promise<void> {
      for (let index = 0; index < count; index += 1) await world.append(`e${index}`, { lane: `l${index}` });
      const leases = await world.lease(5);
      const changes: string[] = [];
      for (const lease of leases) changes.push((await world.settle(lease, SERVER_ERROR)).breaker);
      assert.deepEqual(changes, ['closed', 'closed', 'closed', 'closed', 'opened']);
    }

    it('pauses a Target after 5 failures in a row, and only that one', async () => {
      await openBreaker();
      await world.append('other', { target: 'b', lane: 'b' });

      assert.deepEqual(eventIds(await world.lease()), ['other']);
      const [state] = await world.outbox.targets();
      assert.deepEqual([state?.failures, state?.pausedUntilMs], [5, world.clock.nowMs() + 10 * SECOND_MS]);
    });

    it('sends one probe at a time, at growing distances, from another lane each time', async () => {
      await openBreaker();
      const probed: string[] = [];
      const pauses: number[] = [];
      for (let count = 0; count < 7; count += 1) {
        const until = (await world.outbox.targets())[0]?.pausedUntilMs ?? 0;
        pauses.push((until - world.clock.nowMs()) / SECOND_MS);
        world.clock.advance(until - world.clock.nowMs());
        const probe = await world.leaseOne();
        assert.deepEqual(await world.lease(), [], 'one probe at a time');
        probed.push(probe.event.id);
        assert.equal((await world.settle(probe, SERVER_ERROR)).breaker, 'open');
      }

      assert.deepEqual(pauses, [10, 20, 40, 80, 160, 300, 300]);
      assert.deepEqual(new Set(probed).size, 6, probed.join());
    });

    it('makes everything due when a probe succeeds', async () => {
      await openBreaker(8);
      world.clock.advance(10 * SECOND_MS);
      const result = await world.settle(await world.leaseOne());

      assert.equal(result.breaker, 'recovered');
      assert.equal((await world.lease()).length, 7);
    });

    it('lets a Target go on that answers with a refusal', async () => {
      await openBreaker();
      world.clock.advance(10 * SECOND_MS);
      const refused: Outcome = { kind: 'rejected', reason: 'bad-request', message: '400' };

      assert.equal((await world.settle(await world.leaseOne(), refused)).breaker, 'recovered');
    });

    it('probes now when the configuration changed', async () => {
      await openBreaker();

      await world.outbox.wake(['flux//default/target']);

      assert.equal((await world.lease()).length, 1);
    });

    it('stays open over a restart', async () => {
      await openBreaker();
      await world.reopen();

      assert.deepEqual(await world.lease(), []);
      world.clock.advance(10 * SECOND_MS);
      assert.equal((await world.lease()).length, 1);
    });

    it('probes no earlier than the other side asked, and then does', async () => {
      const busy: Outcome = { kind: 'retry', reason: 'server', message: '503', afterMs: 60 * SECOND_MS };
      for (let index = 0; index < 5; index += 1) await world.append(`e${index}`, { lane: `l${index}` });
      for (const lease of await world.lease()) await world.settle(lease, busy);

      world.clock.advance(10 * SECOND_MS);
      assert.deepEqual(await world.lease(), []);
      const asked = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: 60_000, waitMs: 3_600_000 });
      await world.outbox.stats();
      world.clock.advance(50 * SECOND_MS);

      assert.equal((await asked).length, 1);
    });

    it('counts only failures in a row', async () => {
      for (let index = 0; index < 12; index += 1) {
        await world.append(`e${index}`, { lane: `l${index}` });
        const lease = (await world.lease()).find(({ event }) => event.id === `e${index}`);
        if (lease !== undefined) await world.settle(lease, index % 4 === 3 ? { kind: 'delivered' } : SERVER_ERROR);
      }

      assert.equal((await world.outbox.targets())[0]?.pausedUntilMs, null);
    });
  });
}
