import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SERVER_ERROR } from '../outbox.ts';
import type { Outcome } from '../../../internal/sdk/outcome.ts';
import { type MakePlace, World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What each outcome makes of a delivery, and what people decide. */
export function testSettling(makePlace: MakePlace): void {
  describe('settle', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    it('follows the outcome', async () => {
      const cases: readonly {
        readonly name: string;
        readonly outcome: Outcome;
        readonly want: readonly [string, number | null, number];
      }[] = [
        { name: 'delivered', outcome: { kind: 'delivered' }, want: ['delivered', null, 1] },
        { name: 'retry', outcome: SERVER_ERROR, want: ['waiting', 2_000, 1] },
        {
          name: 'retry with a time',
          outcome: { kind: 'retry', reason: 'server', message: 'm', afterMs: 7_000 },
          want: ['waiting', 7_000, 1],
        },
        {
          name: 'deferred',
          outcome: { kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: 9_000 } },
          want: ['waiting', 9_000, 0],
        },
        {
          name: 'deferred too short',
          outcome: { kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: 0 } },
          want: ['waiting', 1_000, 0],
        },
        {
          name: 'deferred too long',
          outcome: { kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: 9e9 } },
          want: ['waiting', HOUR_MS, 0],
        },
        {
          name: 'deferred until a change',
          outcome: { kind: 'deferred', reason: 'auth', message: 'm', until: 'target-change' },
          want: ['waiting', 15 * MINUTE_MS, 0],
        },
        { name: 'rejected', outcome: { kind: 'rejected', reason: 'bad-request', message: 'm' }, want: ['dead', null, 1] },
      ];
      for (const [index, { name, outcome, want }] of cases.entries()) {
        await world.append(`e${index}`, { target: name, lane: name });
        const result = await world.settle(await world.leaseOne(), outcome);
        const delivery = await world.deliveryOf(`e${index}`);
        const dueInMs = result.dueAtMs === null ? null : result.dueAtMs - world.clock.nowMs();
        assert.deepEqual([result.state, dueInMs, delivery.attempts], want, name);
        assert.equal(delivery.state, result.state, name);
        assert.equal(delivery.reason, outcome.kind === 'delivered' ? undefined : outcome.reason, name);
        assert.equal(delivery.endedAtMs === null, result.state === 'waiting', name);
      }
    });

    it('keeps to the schedule until 24 h have passed, and then gives up', async () => {
      const startMs = world.clock.nowMs();
      await world.append('e1');
      const pauses: number[] = [];
      for (;;) {
        const [lease] = await world.lease();
        if (lease === undefined) break;
        const { dueAtMs } = await world.settle(lease, { kind: 'retry', reason: 'bug', message: 'again' });
        pauses.push((dueAtMs ?? 0) - world.clock.nowMs());
        world.clock.advance(pauses.at(-1) ?? 0);
      }

      assert.deepEqual(pauses.slice(0, 8), [2_000, 10_000, 30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, HOUR_MS]);
      assert.equal(world.clock.nowMs(), startMs + 24 * HOUR_MS);
      const delivery = await world.deliveryOf('e1');
      assert.deepEqual([delivery.state, delivery.reason], ['dead', 'expired']);
      assert.match(delivery.message ?? '', /24 h.*bug: again/);
      const numbers = delivery.history.map(({ number }) => number);
      const last = pauses.length;
      assert.deepEqual(numbers, [1, 2, 3, ...Array.from({ length: 7 }, (_, index) => last - 6 + index)]);
    });

    it('gives up after 200 attempts', async () => {
      await world.append('e1');
      let state = 'waiting';
      for (let count = 0; state === 'waiting' && count < 300; count += 1) {
        world.clock.advance(1_000);
        state = (await world.settle(await world.leaseOne(), { kind: 'retry', reason: 'bug', message: 'm', afterMs: 1_000 })).state;
      }

      assert.deepEqual([state, (await world.deliveryOf('e1')).attempts], ['dead', 200]);
    });

    it('retries a not-found for 10 minutes', async () => {
      const notFound: Outcome = { kind: 'retry', reason: 'not-found', message: '404' };
      await world.append('e1');

      assert.equal((await world.settle(await world.leaseOne(), notFound)).state, 'waiting');
      world.clock.advance(10 * MINUTE_MS - 1);
      assert.equal((await world.settle(await world.leaseOne(), notFound)).state, 'waiting');
      world.clock.advance(HOUR_MS);
      assert.equal((await world.settle(await world.leaseOne(), notFound)).state, 'dead');
      assert.equal((await world.deliveryOf('e1')).reason, 'not-found');
    });

    it('gives a missing Target one hour', async () => {
      const gone: Outcome = { kind: 'deferred', reason: 'target-gone', message: 'no such Provider', until: 'target-change' };
      await world.append('e1');
      const states: string[] = [];
      for (let quarter = 0; quarter <= 4; quarter += 1) {
        states.push((await world.settle(await world.leaseOne(), gone)).state);
        world.clock.advance(15 * MINUTE_MS);
      }

      assert.deepEqual(states, ['waiting', 'waiting', 'waiting', 'waiting', 'dead']);
    });

    it('ends what waited for 24 h, however often it was deferred', async () => {
      const suspended: Outcome = { kind: 'deferred', reason: 'suspended', message: 'm', until: 'target-change' };
      await world.append('e1');
      for (let quarter = 0; quarter < 96; quarter += 1) {
        const [lease] = await world.lease();
        if (lease !== undefined) await world.settle(lease, suspended);
        world.clock.advance(15 * MINUTE_MS);
      }

      const { expired, ended } = await world.outbox.maintain();
      assert.equal(expired, 1);
      const app = { kind: 'Kustomization', namespace: 'default', name: 'app' };
      assert.deepEqual(
        ended.map(({ type, state, reason, ageMs, origin, subject }) => ({ type, state, reason, ageMs, origin, subject })),
        [{ type: 'generic', state: 'dead', reason: 'expired', ageMs: 24 * HOUR_MS, origin: 'http', subject: app }],
      );
      assert.deepEqual((await world.outbox.maintain()).ended, []);
      assert.deepEqual(await world.states('e1'), ['dead']);
      assert.equal((await world.deliveryOf('e1')).attempts, 0);
    });

    it('makes what waits for a change of its Target due when that changes', async () => {
      const deferred: Outcome = { kind: 'deferred', reason: 'config', message: 'm', until: 'target-change' };
      const later: Outcome = { kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: HOUR_MS } };
      await world.append('e1', { lane: 'a' });
      await world.append('e2', { lane: 'b' });
      for (const lease of await world.lease()) await world.settle(lease, lease.event.id === 'e1' ? deferred : later);
      assert.deepEqual(await world.lease(), []);

      await world.outbox.wake(['flux//default/target', 'flux//default/unknown']);

      assert.equal((await world.leaseOne()).event.id, 'e1');
    });

    it('cancels what waits, and what is being sent', async () => {
      await world.append('e1');
      await world.append('e2');
      const lease = await world.leaseOne();
      const ids = await Promise.all(['e1', 'e2'].map(async (id) => (await world.deliveryOf(id)).id));

      const asked = { ids: [...ids, 'nobody'], by: 'ada' };
      assert.deepEqual(await world.outbox.cancel({ ...asked, dryRun: true }), ['cancelled', 'cancelled', 'unknown']);
      assert.deepEqual(await world.states('e1', 'e2'), ['leased', 'waiting'], 'a dry run changes nothing');
      assert.deepEqual(await world.outbox.cancel(asked), ['cancelled', 'cancelled', 'unknown']);

      assert.deepEqual(await world.states('e1', 'e2'), ['cancelled', 'cancelled']);
      assert.equal((await world.deliveryOf('e2')).message, 'cancelled by ada');
      assert.equal((await world.settle(lease)).result, 'fenced');
      assert.deepEqual(await world.outbox.cancel({ ids, by: 'ada' }), ['ended', 'ended']);
      const { ended } = await world.outbox.maintain();
      assert.deepEqual(
        ended.map(({ deliveryId, eventId, state, reason }) => ({ deliveryId, eventId, state, reason })),
        ids.map((deliveryId, index) => ({ deliveryId, eventId: `e${index + 1}`, state: 'cancelled', reason: 'cancelled' })),
      );
    });

    it('replays what ended, with a new life', async () => {
      await world.append('e1');
      await world.settle(await world.leaseOne(), { kind: 'rejected', reason: 'bad-request', message: 'm' });
      world.clock.advance(30 * HOUR_MS);
      const { id } = await world.deliveryOf('e1');

      assert.deepEqual(await world.outbox.replay({ ids: [id, 'nobody'], force: false, by: 'ada' }), ['requeued', 'unknown']);
      assert.deepEqual(await world.outbox.replay({ ids: [id], force: true, by: 'ada' }), ['live']);

      const lease = await world.leaseOne();
      assert.deepEqual([lease.delivery.attempts, lease.expiresInMs, lease.delivery.history.length], [0, 24 * HOUR_MS, 1]);
      await world.settle(lease);
      assert.deepEqual(
        (await world.deliveryOf('e1')).history.map(({ number }) => number),
        [1, 2],
      );
      assert.equal((await world.outbox.targets())[0]?.dead, 0);
    });

    it('keeps who decided what, the last ten, also after a restart and until the delivery is pruned', async () => {
      await world.append('e1');
      const { id } = await world.deliveryOf('e1');
      const atMs = world.clock.nowMs();
      assert.equal((await world.delivery(id)).decisions, undefined);

      await world.outbox.cancel({ ids: [id], by: 'ada' });
      await world.outbox.replay({ ids: [id], force: true, by: 'bob' });
      await world.outbox.replay({ ids: [id], force: true, by: 'eve' });
      await world.reopen();

      assert.deepEqual((await world.delivery(id)).decisions, [
        { kind: 'cancel', atMs, by: 'ada', forced: false, from: 'waiting' },
        { kind: 'replay', atMs, by: 'bob', forced: true, from: 'cancelled', reason: 'cancelled' },
      ]);
      for (let round = 0; round < 6; round += 1) {
        await world.outbox.cancel({ ids: [id], by: `c${round}` });
        await world.outbox.replay({ ids: [id], force: false, by: `r${round}` });
      }
      const kept = (await world.delivery(id)).decisions ?? [];
      assert.deepEqual([kept.length, kept[0]?.by, kept.at(-1)?.by], [10, 'c1', 'r5']);
    });
  });
}
