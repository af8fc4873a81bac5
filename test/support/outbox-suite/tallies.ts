import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { TallyEntry } from '../../../internal/outbox/store.ts';
import { aDelivery, anAppend, anEvent, ref } from '../outbox.ts';
import { eventIds, type MakePlace, World } from './world.ts';

const GATHER_MS = 2_000;
const WEEK_MS = 7 * 24 * 3_600_000;
const MONTH_MS = 30 * 24 * 3_600_000;

interface Words {
  readonly member?: string;
  readonly revision?: string;
  readonly word?: string;
  readonly isOpen?: boolean;
  readonly speaksFor?: TallyEntry['speaksFor'];
  readonly occurredAtMs?: number;
}

/** Counts over several members: the newest word of each stands, and what is open is closed by a newer revision. */
export function testTallies(makePlace: MakePlace): void {
  describe('a tally', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    async function tell(id: string, words: Words = {}): Promise<void> {
      const { member = 'a', revision = '1', isOpen = false, word = isOpen ? 'busy' : 'done', speaksFor = 'lane' } = words;
      const tally = { series: 'series', revision, member, word, isOpen, speaksFor };
      const delivery = aDelivery({ lane: `lane ${revision}`, policy: 'newest', backlog: 'latest', tally });
      await world.outbox.append([anAppend(anEvent(id, { occurredAtMs: words.occurredAtMs ?? null }), [delivery])]);
    }

    const said = async (revision: string): Promise<readonly string[]> =>
      (await world.outbox.tally(`lane ${revision}`)).map(
        ({ member, word, isOpen, closedBy }) =>
          `${member} ${word}${isOpen ? ' open' : ''}${closedBy === undefined ? '' : ` by ${closedBy}`}`,
      );

    it('holds the newest word of each member, whatever the order of arrival, also after a restart', async () => {
      await tell('e1', { member: 'b', word: 'late', occurredAtMs: 2_000 });
      await tell('e2', { member: 'b', word: 'early', occurredAtMs: 1_000 });
      await tell('e3', { member: 'a', isOpen: true, occurredAtMs: 1_000 });
      await tell('e4', { member: 'c', word: 'other revision', revision: '2' });
      await world.reopen();

      assert.deepEqual(await said('1'), ['a busy open', 'b late']);
      assert.deepEqual(await said('2'), ['c other revision']);
      assert.deepEqual(await said('3'), []);
    });

    it('counts a verdict that was pending once it is settled', async () => {
      const pending = { kind: 'pending', reason: 'provider-missing', route: ref('alert'), targetKey: 'flux//default/target' } as const;
      const tally = { series: 'series', revision: '1', member: 'a', word: 'done', isOpen: false, speaksFor: 'lane' } as const;
      const delivery = aDelivery({ lane: 'lane 1', policy: 'newest', tally });
      await world.outbox.append([{ event: anEvent('e1'), verdicts: [pending], deliveries: [], revision: 'r1' }]);
      assert.deepEqual(await said('1'), []);

      const verdicts = [{ kind: 'matched', route: ref('alert'), targetKey: 'flux//default/target' } as const];
      await world.outbox.resolve([{ eventId: 'e1', verdicts, deliveries: [delivery], revision: 'r2', retryAfterMs: 0 }]);

      assert.deepEqual(await said('1'), ['a done']);
    });

    it('is told once for all that arrive in a moment, and by the last of them', async () => {
      await tell('e1', { member: 'a', occurredAtMs: 9_000 });
      world.clock.advance(GATHER_MS / 2);
      await tell('e2', { member: 'b', occurredAtMs: 1_000 });
      assert.deepEqual(await world.lease(), [], 'it waits for others');
      world.clock.advance(GATHER_MS / 2);

      const lease = await world.leaseOne();

      assert.equal(lease.event.id, 'e2', 'an older event of another member is no older word');
      assert.deepEqual(lease.delivery.tally, { revision: '1', speaksFor: 'lane' });
      assert.deepEqual(await world.states('e1', 'e2'), ['superseded', 'leased']);
    });

    it('is told again when a word arrives while it is being told', async () => {
      await tell('e1');
      world.clock.advance(GATHER_MS);
      const first = await world.leaseOne();
      await tell('e2', { member: 'b' });
      world.clock.advance(GATHER_MS);
      assert.deepEqual(await world.lease(), [], 'one at a time');

      await world.settle(first);

      assert.deepEqual(eventIds(await world.lease()), ['e2']);
    });

    it('a settled word closes what its member left open in older revisions, and their lanes are told', async () => {
      await tell('e1', { member: 'a', isOpen: true, occurredAtMs: 1_000 });
      await tell('e2', { member: 'b', isOpen: true, occurredAtMs: 1_000 });
      await tell('e3', { member: 'a', revision: '2', isOpen: true, occurredAtMs: 2_000 });
      world.clock.advance(GATHER_MS);
      for (const lease of await world.lease()) await world.settle(lease);
      assert.deepEqual(await said('1'), ['a busy open', 'b busy open'], 'what is open closes nothing');

      await tell('e4', { member: 'a', revision: '2', occurredAtMs: 3_000 });
      world.clock.advance(GATHER_MS);
      const leases = await world.lease();

      assert.deepEqual(await said('1'), ['a busy by 2', 'b busy open']);
      assert.deepEqual(await said('2'), ['a done']);
      assert.deepEqual(
        leases.map(({ event, delivery }) => [event.id, delivery.lane.key, delivery.tally]),
        [
          ['e4', 'lane 2', { revision: '2', speaksFor: 'lane' }],
          ['e4', 'lane 1', { revision: '1', speaksFor: 'lane', closedBy: '2' }],
        ],
      );
    });

    it('a word of an older revision closes nothing newer', async () => {
      await tell('e1', { revision: '2', isOpen: true, occurredAtMs: 2_000 });
      await tell('e2', { revision: '1', occurredAtMs: 1_000 });

      assert.deepEqual(await said('2'), ['a busy open']);
    });

    it('a word about the revision itself that comes late takes the place of its closing', async () => {
      const member = { speaksFor: 'member' } as const;
      await tell('e1', { ...member, isOpen: true, occurredAtMs: 1_000 });
      await tell('e2', { ...member, revision: '2', occurredAtMs: 3_000 });
      await tell('e3', { ...member, word: 'failed', occurredAtMs: 2_000 });

      const leases = await world.lease();

      assert.deepEqual(await said('1'), ['a failed']);
      assert.deepEqual(eventIds(leases).toSorted(), ['e2', 'e3']);
      assert.deepEqual(await world.states('e1', 'e2'), ['superseded', 'superseded+leased']);
    });

    it('a closing is not sent in the place of a word that waits', async () => {
      const member = { speaksFor: 'member' } as const;
      await tell('e1', { ...member, isOpen: true, occurredAtMs: 1_000 });
      await tell('e2', { ...member, word: 'failed', occurredAtMs: 2_000 });
      await tell('e3', { ...member, revision: '2', occurredAtMs: 3_000 });

      assert.deepEqual(eventIds(await world.lease()), ['e2', 'e3']);
      assert.deepEqual(await said('1'), ['a failed']);
    });

    it('forgets members that nobody spoke of for a month', async () => {
      await tell('e1', { member: 'a' });
      world.clock.advance(MONTH_MS / 2);
      await tell('e2', { member: 'b' });
      world.clock.advance(MONTH_MS / 2 + 1);
      await world.outbox.maintain();

      assert.deepEqual(await said('1'), ['b done']);
    });

    it('forgets a revision a week after a newer one was heard of', async () => {
      await tell('e1', { member: 'a', occurredAtMs: 1_000 });
      await tell('e2', { member: 'b', occurredAtMs: 1_000 });
      await tell('e3', { member: 'a', revision: '2', occurredAtMs: 2_000 });
      world.clock.advance(WEEK_MS);
      await world.outbox.maintain();
      assert.deepEqual(await said('1'), ['a done', 'b done']);

      world.clock.advance(1);
      await world.outbox.maintain();

      assert.deepEqual(await said('1'), ['b done']);
      assert.deepEqual(await said('2'), ['a done']);
    });
  });
}
