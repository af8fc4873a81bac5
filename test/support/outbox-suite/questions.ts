import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, anAppend, anEvent } from '../outbox.ts';
import type { DeliveryFilter, EventFilter } from '../../../internal/outbox/store.ts';
import { type MakePlace, World } from './world.ts';

const HOUR_MS = 3_600_000;

/** Lists by filter and page, Targets, counts. */
export function testQuestions(makePlace: MakePlace): void {
  describe('questions', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
      await world.append('e1', { lane: 'a', target: 'one', route: 'r1' }, { name: 'app' });
      await world.settle(await world.leaseOne(), { kind: 'rejected', reason: 'too-large', message: 'm' });
      world.clock.advance(2 * HOUR_MS);
      await world.append('e2', { lane: 'b', target: 'two', route: 'r1' }, { name: 'web' });
      await world.outbox.append([
        anAppend(anEvent('e3'), [aDelivery({ lane: 'c', target: 'one' }), aDelivery({ lane: 'd', target: 'two' })]),
      ]);
    });
    afterEach(() => world.dispose());

    const cases: readonly { readonly name: string; readonly filter: Omit<DeliveryFilter, 'limit'>; readonly want: readonly string[] }[] = [
      { name: 'everything, newest first', filter: {}, want: ['e3', 'e3', 'e2', 'e1'] },
      { name: 'by state', filter: { states: ['dead', 'delivered'] }, want: ['e1'] },
      { name: 'by Target', filter: { targetKey: 'flux//default/one' }, want: ['e3', 'e1'] },
      { name: 'by unknown Target', filter: { targetKey: 'flux//default/none' }, want: [] },
      { name: 'by Route', filter: { routeKey: 'flux//default/r1' }, want: ['e2', 'e1'] },
      { name: 'by event', filter: { eventId: 'e3' }, want: ['e3', 'e3'] },
      { name: 'by subject', filter: { subject: { kind: 'Kustomization', name: 'web' } }, want: ['e2'] },
      { name: 'by reason', filter: { reason: 'too-large' }, want: ['e1'] },
      { name: 'older', filter: { olderThanMs: HOUR_MS }, want: ['e1'] },
      { name: 'younger', filter: { youngerThanMs: HOUR_MS }, want: ['e3', 'e3', 'e2'] },
      {
        name: 'several at once',
        filter: { states: ['waiting'], targetKey: 'flux//default/two', youngerThanMs: HOUR_MS },
        want: ['e3', 'e2'],
      },
    ];

    it('finds deliveries by any filter', async () => {
      for (const { name, filter, want } of cases) {
        const found = await world.outbox.deliveries({ ...filter, limit: 10 });
        assert.deepEqual(
          found.map(({ eventId }) => eventId),
          want,
          name,
        );
      }
    });

    it('finds deliveries by their ids', async () => {
      const [one, two] = [await world.deliveryOf('e1'), await world.deliveryOf('e2')];

      const found = await world.outbox.deliveries({ ids: [one.id, 'nobody', two.id], limit: 10 });

      assert.deepEqual(
        found.map(({ id }) => id),
        [two.id, one.id],
      );
    });

    it('lists the oldest first, page by page, and without the history where nobody reads it', async () => {
      const first = await world.outbox.deliveries({ order: 'oldest', withHistory: false, limit: 2 });
      const after = first.at(-1)?.id ?? '';
      const second = await world.outbox.deliveries({ order: 'oldest', after, limit: 10 });

      assert.deepEqual(
        [first, second].map((page) => page.map(({ eventId }) => eventId)),
        [
          ['e1', 'e2'],
          ['e3', 'e3'],
        ],
      );
      assert.deepEqual([first[0]?.history, (await world.outbox.deliveries({ order: 'oldest', limit: 1 }))[0]?.history.length], [[], 1]);
      assert.deepEqual(await world.outbox.deliveries({ order: 'oldest', after: 'nobody', limit: 10 }), []);
    });

    it('pages', async () => {
      const first = await world.outbox.deliveries({ limit: 3 });
      const last = first.at(-1);
      const second = await world.outbox.deliveries({ limit: 3, ...(last === undefined ? {} : { after: last.id }) });

      assert.deepEqual([first.length, second.map(({ eventId }) => eventId)], [3, ['e1']]);
      assert.deepEqual(await world.outbox.deliveries({ limit: 3, after: 'nobody' }), []);
    });

    it('finds events by subject, age and page', async () => {
      const eventCases: readonly { readonly filter: Omit<EventFilter, 'limit'>; readonly want: readonly string[] }[] = [
        { filter: {}, want: ['e3', 'e2', 'e1'] },
        { filter: { subject: { name: 'app' } }, want: ['e3', 'e1'] },
        { filter: { youngerThanMs: HOUR_MS }, want: ['e3', 'e2'] },
        { filter: { olderThanMs: HOUR_MS }, want: ['e1'] },
        { filter: { reason: 'Nothing' }, want: [] },
        { filter: { pending: true }, want: [] },
        { filter: { after: 'e2' }, want: ['e1'] },
      ];
      for (const { filter, want } of eventCases) {
        const found = await world.outbox.events({ ...filter, limit: 10 });
        assert.deepEqual(
          found.map(({ event }) => event.id),
          want,
          JSON.stringify(filter),
        );
      }
    });

    it('shows one delivery with its attempts', async () => {
      const { id } = await world.deliveryOf('e1');

      const delivery = await world.delivery(id);

      assert.equal(await world.outbox.delivery('nobody'), undefined);
      assert.deepEqual(delivery.history, [
        {
          number: 1,
          atMs: world.clock.nowMs() - 2 * HOUR_MS,
          durationMs: 3,
          outcome: 'rejected',
          reason: 'too-large',
          message: 'm',
          exchanges: [{ method: 'POST', origin: 'https://sink.example', requestBytes: 10, status: 200 }],
        },
      ]);
    });

    it('counts, also after a restart', async () => {
      for (const when of ['before', 'after']) {
        const stats = await world.outbox.stats();
        assert.deepEqual(stats.states, { waiting: 3, leased: 0, delivered: 0, superseded: 0, cancelled: 0, dead: 1 }, when);
        assert.deepEqual([stats.events, stats.pendingEvents, stats.writable], [3, 0, true], when);
        assert.ok(stats.bytes > 0, when);
        await world.reopen();
      }
    });

    it('tells what each Target owes', async () => {
      world.clock.advance(5_000);

      const targets = await world.outbox.targets();

      assert.deepEqual(
        targets.map(({ key, waiting, dead, oldestWaitingMs }) => ({ key, waiting, dead, oldestWaitingMs })),
        [
          { key: 'flux//default/one', waiting: 1, dead: 1, oldestWaitingMs: 5_000 },
          { key: 'flux//default/two', waiting: 2, dead: 0, oldestWaitingMs: 5_000 },
        ],
      );
    });
  });
}
