import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, anAppend, anEvent, ref } from '../outbox.ts';
import { StoreError } from '../../../internal/outbox/store.ts';
import { type MakePlace, World } from './world.ts';

const WINDOW_MS = 300_000;

/** Events are stored once, as a whole, and found again. */
export function testAppending(makePlace: MakePlace): void {
  describe('append', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    it('keeps the event as it came, its verdicts and the revision', async () => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const event = { ...anEvent('e1', { occurredAtMs: 1_700_000_000_000, dedup: dedup('k') }), traceparent };

      const [result] = await world.outbox.append([anAppend(event)]);
      await world.reopen();

      const stored = await world.outbox.event('e1');
      assert.deepEqual(result, { outcome: 'accepted', eventId: 'e1', resetAtMs: world.clock.nowMs() + WINDOW_MS });
      assert.deepEqual(stored?.event, event);
      assert.deepEqual(stored?.verdicts, [{ kind: 'matched', route: ref('alert'), targetKey: 'flux//default/target' }]);
      assert.equal(stored?.revision, 'r1');
      assert.equal(stored?.acceptedAtMs, world.clock.nowMs());
      assert.equal(await world.outbox.event('e2'), undefined);
    });

    it('takes hostile keys and text as data', async () => {
      const metadata = JSON.parse('{"__proto__":"a","constructor":"b","\\u0000":"\\ud83d\\ude00"}') as Record<string, string>;

      await world.append('e1', { metadata });
      await world.reopen();

      const { delivery } = await world.leaseOne();
      assert.deepEqual(Object.entries(delivery.metadata), Object.entries(metadata));
    });

    it('fails alone when one of many appends of a tick cannot be stored', async () => {
      await world.append('e1');

      const results = await Promise.allSettled([world.append('e2'), world.append('e1'), world.append('e3')]);

      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.equal((await world.outbox.stats()).events, 3);
      assert.equal((await world.outbox.stats()).states.waiting, 3);
    });

    it('stores all entries of one call or none', async () => {
      await world.append('e1');

      await assert.rejects(world.outbox.append([anAppend(anEvent('e2')), anAppend(anEvent('e1'))]), StoreError);

      assert.equal(await world.outbox.event('e2'), undefined);
      assert.deepEqual(
        (await world.outbox.targets()).map(({ waiting }) => waiting),
        [1],
      );
    });

    it('drops a duplicate within the fixed window of its first event', async () => {
      const startMs = world.clock.nowMs();
      const steps = [
        { name: 'first', afterMs: 0, outcome: 'accepted', eventId: 'e0', resetAtMs: startMs + WINDOW_MS },
        { name: 'at once', afterMs: 0, outcome: 'duplicate', eventId: 'e0', resetAtMs: startMs + WINDOW_MS },
        { name: 'end of the window', afterMs: WINDOW_MS - 1, outcome: 'duplicate', eventId: 'e0', resetAtMs: startMs + WINDOW_MS },
        { name: 'second tick', afterMs: 1, outcome: 'accepted', eventId: 'e3', resetAtMs: startMs + 2 * WINDOW_MS },
        { name: 'late in the third', afterMs: WINDOW_MS * 2 - 10, outcome: 'accepted', eventId: 'e4', resetAtMs: startMs + 3 * WINDOW_MS },
        { name: 'fourth, 20 ms later', afterMs: 20, outcome: 'accepted', eventId: 'e5', resetAtMs: startMs + 4 * WINDOW_MS },
      ];
      for (const [index, { name, afterMs, ...want }] of steps.entries()) {
        world.clock.advance(afterMs);
        const got = await world.append(`e${index}`, {}, { dedup: dedup('k') });
        assert.deepEqual(got, want, name);
      }
    });

    it('remembers the window over a restart', async () => {
      await world.append('e1', {}, { dedup: dedup('k') });
      await world.reopen();

      assert.equal((await world.append('e2', {}, { dedup: dedup('k') })).outcome, 'duplicate');
    });

    it('anchors the window anew when the clock goes backwards', async () => {
      await world.append('e1', {}, { dedup: dedup('k') });
      world.clock.jump(-3_600_000);

      const back = await world.append('e2', {}, { dedup: dedup('k') });

      assert.deepEqual(back, { outcome: 'duplicate', eventId: 'e1', resetAtMs: world.clock.nowMs() + WINDOW_MS });
      world.clock.advance(WINDOW_MS);
      assert.equal((await world.append('e3', {}, { dedup: dedup('k') })).outcome, 'accepted');
    });

    it('accepts the first of two duplicates of one tick', async () => {
      const results = await Promise.all([world.append('e1', {}, { dedup: dedup('k') }), world.append('e2', {}, { dedup: dedup('k') })]);

      assert.deepEqual(
        results.map(({ outcome, eventId }) => [outcome, eventId]),
        [
          ['accepted', 'e1'],
          ['duplicate', 'e1'],
        ],
      );
    });

    it('fails the duplicate of an event that could not be stored, and accepts the next', async () => {
      await world.append('e1');

      const results = await Promise.allSettled([
        world.append('e1', {}, { dedup: dedup('k') }),
        world.append('e2', {}, { dedup: dedup('k') }),
      ]);

      assert.deepEqual(
        results.map(({ status }) => status),
        ['rejected', 'rejected'],
      );
      assert.equal((await world.append('e3', {}, { dedup: dedup('k') })).outcome, 'accepted');
    });

    it('shows pending verdicts until they are resolved', async () => {
      const pending = { kind: 'pending', reason: 'provider-missing', route: ref('a'), targetKey: 'flux//default/t' } as const;
      const matched = { kind: 'matched', route: ref('b'), targetKey: 'flux//default/t' } as const;
      await world.outbox.append([{ event: anEvent('e1'), verdicts: [pending, matched], deliveries: [], revision: 'r1' }]);
      world.clock.advance(500);

      const [found] = await world.outbox.pending({ limit: 10 });
      assert.deepEqual([found?.event.id, found?.ageMs, found?.verdicts], ['e1', 500, [pending, matched]]);

      await world.outbox.resolve([{ eventId: 'e1', verdicts: [pending], deliveries: [], revision: 'r2', retryAfterMs: 5_000 }]);
      assert.deepEqual(await world.outbox.pending({ limit: 10 }), []);
      assert.equal((await world.outbox.pending({ limit: 10, all: true })).length, 1);
      world.clock.advance(5_000);
      assert.equal((await world.outbox.pending({ limit: 10 })).length, 1);
      assert.equal((await world.outbox.stats()).pendingEvents, 1);

      const now = { kind: 'matched', route: ref('a'), targetKey: 'flux//default/t' } as const;
      const resolution = { eventId: 'e1', verdicts: [now], deliveries: [aDelivery({ route: 'a' })], revision: 'r3', retryAfterMs: 0 };
      await world.outbox.resolve([resolution]);
      await world.outbox.resolve([resolution]);

      assert.deepEqual((await world.outbox.event('e1'))?.verdicts, [now, matched]);
      assert.equal((await world.outbox.stats()).pendingEvents, 0);
      assert.equal((await world.outbox.deliveries({ eventId: 'e1', limit: 10 })).length, 1, 'resolved twice, owed once');
      assert.equal((await world.leaseOne()).event.id, 'e1');
    });

    it('puts what stayed pending for too long into the dead letters', async () => {
      const pending = { kind: 'pending', reason: 'provider-missing', route: ref('a'), targetKey: 'flux//default/t' } as const;
      await world.outbox.append([{ event: anEvent('e1'), verdicts: [pending], deliveries: [], revision: 'r1' }]);

      await world.outbox.resolve([
        {
          eventId: 'e1',
          verdicts: [{ kind: 'matched', route: ref('a'), targetKey: 'flux//default/t' }],
          deliveries: [],
          revision: 'r2',
          retryAfterMs: 0,
          dead: [{ delivery: aDelivery({ route: 'a' }), reason: 'target-gone', message: 'no such Provider' }],
        },
      ]);

      const [dead] = await world.outbox.deliveries({ states: ['dead'], limit: 10 });
      assert.deepEqual([dead?.eventId, dead?.reason, dead?.message], ['e1', 'target-gone', 'no such Provider']);
      assert.deepEqual(await world.lease(), []);
    });
  });
}

function dedup(key: string): { key: string; windowMs: number } {
  return { key, windowMs: WINDOW_MS };
}
