import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, aSettlement, anAppend, anEvent, leaseNow } from '../outbox.ts';
import { eventIds, type MakePlace, World } from './world.ts';

/** Leases: long poll, fencing, expiry, limits per Target, fairness. */
export function testLeasing(makePlace: MakePlace): void {
  describe('lease', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    it('resolves as soon as there is something', async () => {
      const asked = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: 60_000, waitMs: 60_000 });

      await world.append('e1');

      const [lease] = await asked;
      assert.deepEqual([lease?.event.id, lease?.delivery.state, lease?.delivery.attempts, lease?.ageMs], ['e1', 'leased', 0, 0]);
      assert.equal(lease?.expiresInMs, 24 * 3_600_000);
    });

    it('resolves with nothing after its time, and when aborted', async () => {
      const timed = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: 60_000, waitMs: 1_000 });
      const abort = new AbortController();
      const aborted = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: 60_000, waitMs: 1_000, signal: abort.signal });
      abort.abort();

      assert.deepEqual(await aborted, []);
      world.clock.advance(1_000);
      assert.deepEqual(await timed, []);
    });

    it('leaves places of a process that has few of them to other Targets', async () => {
      for (let number = 0; number < 8; number++) await world.append(`e${number}`, { lane: `${number}`, target: 'crowd' });
      await world.append('alone', { lane: 'alone', target: 'quiet' });
      const request = { owner: 'a', limit: 100, leaseMs: 60_000, waitMs: 0 };

      const few = eventIds(await world.outbox.lease({ ...request, room: 8 }));
      const rest = await world.outbox.lease(request);

      assert.equal(few.length, 3);
      assert.ok(few.includes('alone'));
      assert.equal(rest.length, 6);
    });

    it('gives back untouched what came for a caller that is gone', async () => {
      const abort = new AbortController();
      const asked = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: 60_000, waitMs: 1_000, signal: abort.signal });
      await world.outbox.stats();
      const appended = world.append('e1');
      // The append is on its way to the writer when the caller goes.
      await new Promise((resolve) => setImmediate(resolve));
      abort.abort();

      assert.deepEqual(await asked, []);
      await appended;
      await world.outbox.stats();
      assert.equal((await world.leaseOne()).delivery.attempts, 0);
    });

    it('wakes up by itself when a delivery becomes due', async () => {
      await world.append('e1');
      await world.settle(await world.leaseOne(), { kind: 'retry', reason: 'network', message: 'refused' });
      const asked = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: 60_000, waitMs: 60_000 });
      await world.outbox.stats();

      world.clock.advance(2_000);

      const [lease] = await asked;
      assert.deepEqual([lease?.event.id, lease?.delivery.attempts, lease?.delivery.history.length], ['e1', 1, 1]);
    });

    it('refuses a settle whose lease ran out, and no longer trusts the memory of its lane', async () => {
      await world.append('e1');
      const lease = await world.leaseOne();
      world.clock.advance(60_000);
      assert.equal((await world.outbox.maintain()).recovered, 1);

      assert.deepEqual(await world.settle(lease), { result: 'fenced', state: 'waiting', dueAtMs: world.clock.nowMs(), breaker: 'closed' });
      assert.deepEqual(await world.outbox.recall('lane', 'anything'), { known: false });

      const again = await world.leaseOne();
      assert.ok(again.token > lease.token);
      assert.equal((await world.settle(lease)).result, 'fenced', 'while another holds it');
      assert.equal((await world.settle(again)).result, 'settled');
      assert.deepEqual((await world.settle(again)).state, 'delivered', 'twice settled');
    });

    it('takes back at a restart what an earlier life had leased', async () => {
      await world.append('e1');
      const lease = await world.leaseOne();
      await world.reopen();

      assert.equal((await world.settle(lease)).result, 'fenced');
      assert.deepEqual(await world.outbox.recall('lane', 'anything'), { known: false });
      assert.equal((await world.leaseOne()).event.id, 'e1');
    });

    it('releases untouched', async () => {
      await world.append('e1');
      const lease = await world.leaseOne();

      await world.outbox.release([{ deliveryId: lease.delivery.id, token: lease.token }]);

      const again = await world.leaseOne();
      assert.deepEqual([again.delivery.attempts, again.delivery.history], [0, []]);
      assert.equal(await world.outbox.recall('lane', 'anything'), undefined);
    });

    it('keeps each Target within its concurrency', async () => {
      const limits = { concurrency: 2 };
      for (const id of ['e1', 'e2', 'e3']) await world.append(id, { lane: id, limits });

      const leases = await world.lease();
      assert.equal(leases.length, 2);
      assert.deepEqual(await world.lease(), []);
      const [first] = leases;
      if (first !== undefined) await world.settle(first);
      assert.deepEqual(eventIds(await world.lease()), ['e3']);
    });

    it('keeps each Target within its rate', async () => {
      const limits = { concurrency: 100, ratePerSecond: 2 };
      for (const id of ['e1', 'e2', 'e3', 'e4', 'e5']) await world.append(id, { lane: id, limits });

      assert.equal((await world.lease()).length, 2);
      assert.equal((await world.lease()).length, 0);
      const asked = world.outbox.lease({ owner: 'a', limit: 10, leaseMs: 60_000, waitMs: 60_000 });
      await world.outbox.stats();
      world.clock.advance(500);
      assert.equal((await asked).length, 1);
      world.clock.advance(10_000);
      assert.equal((await world.lease()).length, 2, 'what was not used does not pile up');
    });

    it('shares a small limit between Targets, however much one of them owes', async () => {
      const many = Array.from({ length: 500 }, (_, index) =>
        anAppend(anEvent(`big${index}`), [aDelivery({ target: 'big', lane: `b${index}` })]),
      );
      await world.outbox.append(many);
      await world.append('s1', { target: 'small', lane: 's1' });
      await world.append('s2', { target: 'other', lane: 's2' });

      const leases = await world.lease(4);

      assert.ok(eventIds(leases).includes('s1') && eventIds(leases).includes('s2'), eventIds(leases).join());
      await world.outbox.settle(leases.map((lease) => aSettlement(lease)));
      assert.equal((await leaseNow(world.outbox, 100)).length, 32, 'two quick successes doubled what may be leased ahead, twice');
    });

    it('leases ahead of a Target only while it answers quickly', async () => {
      const limits = { concurrency: 2 };
      for (let index = 0; index < 20; index += 1) await world.append(`e${index}`, { lane: `lane${index}`, limits });
      const [slow, quick] = await world.lease();
      assert.ok(slow && quick);

      await world.outbox.settle([aSettlement(quick)]);
      assert.equal((await world.lease()).length, 3, 'of four, one is still out');
      await world.outbox.settle([{ ...aSettlement(slow), attempt: { ...aSettlement(slow).attempt, durationMs: 2000 } }]);

      assert.deepEqual(await world.lease(), []);
    });

    it('reads back what it no longer remembers', async () => {
      await world.append('e1', { metadata: { revision: 'main@sha1:1' } });
      await world.reopen();

      const lease = await world.leaseOne();

      assert.equal(lease.event.flux.message, '{"id":"e1"}');
      assert.deepEqual({ ...lease.delivery.metadata }, { revision: 'main@sha1:1' });
      assert.deepEqual(lease.delivery.subject, { kind: 'Kustomization', namespace: 'default', name: 'app' });
    });
  });
}
