import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, anAppend, anEvent, ref } from '../outbox.ts';
import type { Append, DeliveryFilter, EventFilter } from '../../../internal/outbox/store.ts';
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
        { filter: { order: 'oldest' }, want: ['e1', 'e2', 'e3'] },
        { filter: { order: 'oldest', after: 'e1' }, want: ['e2', 'e3'] },
        { filter: { order: 'oldest', after: 'nobody' }, want: [] },
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

    it('finds events by what the sender said and by what came of the matching', async () => {
      const { outbox } = world;
      const [route, other] = [ref('r1'), ref('r2')].map((one) => ({ route: one, targetKey: 'flux//default/one' }));
      assert.ok(route && other);
      const dropped = { ...route, kind: 'dropped', reason: 'severity' } as const;
      const store = (id: string, verdicts: Append['verdicts'], said: Readonly<Record<string, string>> = {}): Promise<unknown> =>
        outbox.append([{ ...anAppend(anEvent(id, { said }), []), verdicts }]);
      await store('nobody', []);
      await store('dropped', [dropped], { severity: 'info' });
      await store('both', [dropped, { ...other, kind: 'matched' }], { severity: 'error', reason: 'BuildFailed' });
      await store('unknown', [{ ...route, kind: 'pending', reason: 'no-snapshot' }]);
      const filters: readonly { readonly filter: Omit<EventFilter, 'limit'>; readonly want: readonly string[] }[] = [
        { filter: { severity: 'error' }, want: ['both'] },
        { filter: { severity: 'info' }, want: ['dropped'] },
        { filter: { reason: 'BuildFailed', severity: 'error' }, want: ['both'] },
        { filter: { reason: 'BuildFailed', severity: 'info' }, want: [] },
        { filter: { verdict: 'matched' }, want: ['both', 'e3', 'e2', 'e1'] },
        { filter: { verdict: 'unmatched' }, want: ['dropped', 'nobody'] },
        { filter: { verdict: 'unmatched', order: 'oldest' }, want: ['nobody', 'dropped'] },
        { filter: { verdict: 'dropped' }, want: ['both', 'dropped'] },
        { filter: { verdict: 'pending' }, want: ['unknown'] },
        { filter: { verdict: 'held' }, want: [] },
      ];

      for (const { filter, want } of filters) {
        const found = await outbox.events({ ...filter, limit: 10 });
        assert.deepEqual(
          found.map(({ event }) => event.id),
          want,
          JSON.stringify(filter),
        );
      }
    });

    it('finds what ended or was decided lately, however old it is', async () => {
      const changed = async (changedWithinMs: number): Promise<readonly string[]> =>
        (await world.outbox.deliveries({ changedWithinMs, order: 'oldest', limit: 10 })).map(({ eventId, state }) => `${eventId} ${state}`);
      const { id } = await world.deliveryOf('e1');

      const before = await changed(HOUR_MS);
      const whole = await changed(3 * HOUR_MS);
      await world.outbox.replay({ ids: [id], force: false, by: 'ada' });
      const replayed = await changed(HOUR_MS);
      world.clock.advance(2 * HOUR_MS);
      await world.outbox.cancel({ ids: [id, (await world.deliveryOf('e2')).id], by: 'ada' });

      assert.deepEqual(
        [before, whole, replayed, await changed(HOUR_MS)],
        [[], ['e1 dead'], ['e1 waiting'], ['e1 cancelled', 'e2 cancelled']],
      );
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
