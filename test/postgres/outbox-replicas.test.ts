// Two replicas on one database: what they share, and what becomes of the work of one that is gone.
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import type { Append, Lease, Outbox, SettleResult } from '../../internal/outbox/store.ts';
import { ManualClock } from '../support/clock.ts';
import { aDelivery, anAppend, anEvent, aSettlement, type DeliveryWords, leaseNow, ref, SERVER_ERROR } from '../support/outbox.ts';
import { PostgresSchema } from '../support/postgres-place.ts';
import { startPostgres } from '../support/postgres-server.ts';

const SECOND_MS = 1_000;
const LEASE_MS = 60 * SECOND_MS;
const WINDOW_MS = 300 * SECOND_MS;

const server = await startPostgres({ settings: { fsync: 'off' } });
after(() => server.remove());

describe('two replicas of the outbox on PostgreSQL', () => {
  let schema: PostgresSchema;
  let clock: ManualClock;
  let one: Outbox;
  let two: Outbox;
  beforeEach(async () => {
    schema = await PostgresSchema.connect(server.url());
    clock = new ManualClock();
    one = await schema.open({ clock, random: () => 0.5 });
    two = await schema.open({ clock, random: () => 0.5 });
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
    await schema.drop();
  });

  it('open at once and make the tables once', async () => {
    const fresh = await PostgresSchema.connect(server.url());
    const system = new ManualClock();
    const outboxes = await Promise.all(Array.from({ length: 4 }, () => fresh.openOnDatabaseTime({ clock: system, random: () => 0.5 })));

    assert.deepEqual(await fresh.query(`SELECT count(*)::integer AS count FROM ${fresh.name}.meta`), [{ count: 1 }]);
    await Promise.all(outboxes.map((outbox) => outbox.close()));
    await fresh.drop();
  });

  it('share dedup: of two at once one is accepted and the other is its duplicate', async () => {
    for (let round = 0; round < 20; round += 1) {
      const dedup = { key: `key${round}`, windowMs: WINDOW_MS };

      const results = await Promise.all(
        [one, two].map((outbox, index) => outbox.append([anAppend(anEvent(`e${round}-${index}`, { dedup }))])),
      );

      const [accepted, duplicate] = results.flat().toSorted((a, b) => a.outcome.localeCompare(b.outcome));
      assert.deepEqual([accepted?.outcome, duplicate?.outcome], ['accepted', 'duplicate']);
      assert.equal(duplicate?.eventId, accepted?.eventId);
    }
    assert.equal((await one.stats()).events, 20);
  });

  it('store batches whose keys and lanes cross without waiting for each other for ever', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => index);

    for (let round = 0; round < 5; round += 1) {
      clock.advance(WINDOW_MS);
      const [up, down] = await Promise.all([one.append(batch(`a${round}-`, ids)), two.append(batch(`b${round}-`, ids.toReversed()))]);
      const accepted = [...(up ?? []), ...(down ?? [])].filter(({ outcome }) => outcome === 'accepted');
      assert.equal(accepted.length, ids.length);
    }
    assert.doesNotMatch(server.log(), /deadlock/);
  });

  it('share the concurrency of a Target', async () => {
    for (let index = 0; index < 10; index += 1) await append(one, `e${index}`, { limits: { concurrency: 3 } });

    const [first, second] = await Promise.all([leaseNow(one, 2), leaseNow(two, 2)]);

    assert.equal(first.length + second.length, 3);
    assert.deepEqual(await leaseNow(one), []);
    assert.equal(new Set([...first, ...second].map(({ delivery }) => delivery.id)).size, 3);
  });

  it('share the rate of a Target', async () => {
    const limits = { concurrency: 100, ratePerSecond: 3 };
    for (let index = 0; index < 10; index += 1) await append(one, `e${index}`, { limits });

    assert.deepEqual([(await leaseNow(one, 2)).length, (await leaseNow(two)).length, (await leaseNow(one)).length], [2, 1, 0]);
    clock.advance(SECOND_MS);
    assert.deepEqual([(await leaseNow(two)).length, (await leaseNow(one)).length], [3, 0]);
  });

  it('share the breaker of a Target, and its probe', async () => {
    for (let index = 0; index < 6; index += 1) await append(one, `e${index}`);
    const [first, second] = [await leaseNow(one, 3), await leaseNow(two, 2)];
    const changes: (string | undefined)[] = [];
    for (const lease of first) changes.push((await settle(one, lease))?.breaker);
    for (const lease of second) changes.push((await settle(two, lease))?.breaker);
    assert.deepEqual(changes, ['closed', 'closed', 'closed', 'closed', 'opened']);
    assert.deepEqual(await leaseNow(one), []);

    clock.advance(10 * SECOND_MS);
    const [probe, other] = [await leaseNow(one), await leaseNow(two)];

    assert.deepEqual([probe.length, other.length], [1, 0]);
    const [lease] = probe;
    assert.ok(lease);
    assert.equal((await settle(one, lease, { kind: 'delivered' }))?.breaker, 'recovered');
    assert.equal((await leaseNow(two)).length, 5);
  });

  it('make what a Target is owed due in steps, when it is very much', async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => anAppend(anEvent(`e${index}`), [aDelivery({ lane: `l${index}` })]));
    await one.append(many);
    await schema.query(`UPDATE ${schema.name}.deliveries SET waits_for = 2, due_ms = due_ms + 900000, ready_ms = ready_ms + 900000`);
    const due = async (): Promise<number> => {
      const [row] = await schema.query<{ count: number }>(
        `SELECT count(*)::integer AS count FROM ${schema.name}.deliveries WHERE ready_ms <= ${clock.nowMs()}`,
      );
      return row?.count ?? 0;
    };

    await one.wake(['flux//default/target']);
    const first = await due();
    await one.maintain();

    assert.deepEqual([first, await due()], [10_000, 12_000]);
  });

  it('keep the order of a lane', async () => {
    for (const id of ['e1', 'e2', 'e3', 'e4']) await append(id < 'e3' ? one : two, id, { lane: 'lane' });
    const sent: string[] = [];
    for (const outbox of [two, one, two, one]) {
      const leases = await leaseNow(outbox);
      sent.push(leases.map(({ event }) => event.id).join('+'));
      for (const lease of leases) await settle(outbox, lease, { kind: 'delivered' });
    }

    assert.deepEqual(sent, ['e1', 'e2', 'e3', 'e4']);
  });

  it('supersede what the other stored', async () => {
    const words: DeliveryWords = { policy: 'newest', lane: 'status' };
    await one.append([anAppend(anEvent('late', { occurredAtMs: 2_000 }), [aDelivery(words)])]);
    await two.append([anAppend(anEvent('early', { occurredAtMs: 1_000 }), [aDelivery(words)])]);
    await two.append([anAppend(anEvent('latest', { occurredAtMs: 3_000 }), [aDelivery(words)])]);

    const states = (await one.deliveries({ limit: 10, order: 'oldest' })).map(({ eventId, state }) => `${eventId} ${state}`);

    assert.deepEqual(states, ['late superseded', 'early superseded', 'latest waiting']);
  });

  it('tell each other of what one cannot take itself', async () => {
    const asked = two.lease({ owner: 'two', limit: 10, leaseMs: LEASE_MS, waitMs: LEASE_MS });
    await two.stats();

    // Nothing but the news wakes the other: its time stands still.
    await append(one, 'e1');

    assert.deepEqual(
      (await asked).map(({ event }) => event.id),
      ['e1'],
    );
  });

  it('take over the leases of one that is gone after their time, and refuse what it settles late', async () => {
    await append(one, 'e1', { lane: 'lane' });
    const [held] = await leaseNow(one);
    assert.ok(held);
    clock.advance(LEASE_MS - 1);
    assert.deepEqual([(await two.maintain()).recovered, (await leaseNow(two)).length], [0, 0]);
    clock.advance(1);

    const { recovered } = await two.maintain();
    const [again] = await leaseNow(two);

    assert.equal(recovered, 1);
    assert.ok(again !== undefined && again.token > held.token);
    assert.equal((await settle(one, held, { kind: 'delivered' }))?.result, 'fenced');
    assert.deepEqual(await two.recall('lane', 'anything'), { known: false });
    assert.equal((await settle(two, again, { kind: 'delivered' }))?.state, 'delivered');
  });

  it('leave the leases of the other alone when one of them is closed', async () => {
    await append(one, 'e1');
    await append(one, 'e2');
    const [first] = await leaseNow(one, 1);
    const [second] = await leaseNow(two, 1);
    assert.ok(first && second);

    await one.close();

    assert.equal((await settle(two, second, { kind: 'delivered' }))?.result, 'settled');
    const [returned] = await leaseNow(two);
    assert.equal(returned?.delivery.id, first.delivery.id);
  });

  it('settle a pending verdict once, however many routers do', async () => {
    const pending = { kind: 'pending', reason: 'no-snapshot', route: ref('a'), targetKey: 'flux//default/t' } as const;
    await one.append([{ event: anEvent('e1'), verdicts: [pending], deliveries: [], revision: 'r1' }]);
    const matched = { kind: 'matched', route: ref('a'), targetKey: 'flux//default/t' } as const;
    const resolution = { eventId: 'e1', verdicts: [matched], deliveries: [aDelivery({ route: 'a' })], revision: 'r2', retryAfterMs: 0 };

    await Promise.all([one, two, one, two].map((outbox) => outbox.resolve([resolution])));

    assert.equal((await two.deliveries({ eventId: 'e1', limit: 10 })).length, 1);
    assert.deepEqual([(await one.stats()).pendingEvents, (await two.pending({ limit: 10, all: true })).length], [0, 0]);
  });

  it('make a jump of the database clock good once', async () => {
    await append(one, 'e1');
    const [lease] = await leaseNow(one);
    assert.ok(lease);
    await settle(one, lease, { kind: 'retry', reason: 'bug', message: 'm' });
    await two.stats();

    clock.jump(3_600 * SECOND_MS);

    assert.deepEqual([(await leaseNow(one)).length, (await leaseNow(two)).length], [0, 0]);
    assert.deepEqual([(await one.maintain()).clockJumpMs, (await two.maintain()).clockJumpMs], [3_600 * SECOND_MS, 0]);
    clock.advance(2 * SECOND_MS);
    assert.equal((await leaseNow(two)).length, 1);
  });

  it('agree on the counts with what is stored', async () => {
    for (let index = 0; index < 30; index += 1)
      await append(index % 2 === 0 ? one : two, `e${index}`, { target: `t${index % 3}`, lane: `l${index % 7}` });
    for (const outbox of [one, two, one]) {
      for (const [index, lease] of (await leaseNow(outbox, 3)).entries()) {
        await settle(
          outbox,
          lease,
          index === 0 ? SERVER_ERROR : index === 1 ? { kind: 'delivered' } : { kind: 'rejected', reason: 'bad-request', message: 'm' },
        );
      }
    }

    const counted = await schema.query<{ state: number; count: number }>(
      `SELECT state::integer AS state, count(*)::integer AS count FROM ${schema.name}.deliveries GROUP BY state ORDER BY state`,
    );
    const { states } = await two.stats();
    assert.deepEqual(
      counted.map(({ state, count }) => [state, count]),
      Object.values(states).flatMap((count, state) => (count === 0 ? [] : [[state, count]])),
    );
    assert.deepEqual(await one.targets(), await two.targets());
  });
});

function append(outbox: Outbox, id: string, words: DeliveryWords = {}): Promise<unknown> {
  return outbox.append([anAppend(anEvent(id), [aDelivery({ lane: id, ...words })])]);
}

async function settle(outbox: Outbox, lease: Lease, outcome = SERVER_ERROR): Promise<SettleResult | undefined> {
  return (await outbox.settle([aSettlement(lease, outcome)]))[0];
}

/** Events of different replicas about the same keys and lanes. */
function batch(replica: string, order: readonly number[]): readonly Append[] {
  return order.map((index) =>
    anAppend(anEvent(`${replica}${index}`, { dedup: { key: `key${index}`, windowMs: WINDOW_MS } }), [
      aDelivery({ lane: `lane${index}`, policy: 'newest', target: `target${index}` }),
    ]),
  );
}
