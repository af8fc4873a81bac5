// What a replica holds that was killed comes back soon, and no replica that lives is taken for one.
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import type { Lease, Outbox, SettleResult } from '../../internal/outbox/store.ts';
import { ManualClock } from '../support/clock.ts';
import { aDelivery, anAppend, anEvent, aSettlement, leaseNow } from '../support/outbox.ts';
import { PostgresSchema } from '../support/postgres-place.ts';
import { startPostgres } from '../support/postgres-server.ts';

const SECOND_MS = 1_000;
const GONE_S = 20;
const LEASE_MS = 300 * SECOND_MS;

const server = await startPostgres({ settings: { fsync: 'off' } });
after(() => server.remove());

describe('replicas of the outbox on PostgreSQL that are gone', () => {
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

  /** Time in which these maintain the store as the program does; resolves to how many leases they took back. */
  const live = async (outboxes: readonly Outbox[], seconds: number): Promise<number> => {
    let recovered = 0;
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(SECOND_MS);
      for (const outbox of outboxes) recovered += (await outbox.maintain()).recovered;
    }
    return recovered;
  };

  const owners = async (): Promise<number> => (await schema.query(`SELECT id FROM ${schema.name}.owners`)).length;

  it('make room for the others after 20 s and not before, and settle nothing late', async () => {
    for (const id of ['e1', 'e2']) await append(one, id);
    const held = await lease(one);
    assert.equal(held.length, 2);
    await append(two, 'e3');
    assert.deepEqual(await lease(two), [], 'the Target takes two at a time');

    assert.equal(await live([two], GONE_S - 1), 0);
    assert.equal(await live([two], 1), 2);

    const again = await lease(two);
    assert.equal(again.length, 2);
    for (const late of held) assert.equal((await settle(one, late))?.result, 'fenced');
    assert.deepEqual(await two.recall('lane-e1', 'anything'), { known: false });
    for (const next of again) assert.equal((await settle(two, next))?.state, 'delivered');
  });

  it('come back: what they lease from then on is theirs', async () => {
    await append(one, 'e1');
    await lease(one);
    assert.equal(await live([two], GONE_S), 1);
    assert.equal(await owners(), 1);

    const [again] = await lease(one);

    assert.ok(again);
    assert.equal(await owners(), 2);
    assert.equal(await live([one, two], 2 * GONE_S), 0);
    assert.equal((await settle(one, again))?.result, 'settled');
  });

  it('are none of those that send for long and do nothing else', async () => {
    await append(one, 'e1');
    const [held] = await lease(one);
    assert.ok(held);

    assert.equal(await live([one, two], 4 * GONE_S), 0);

    assert.equal((await settle(one, held))?.result, 'settled');
  });

  it('are counted anew when the database was away', async () => {
    await append(one, 'e1');
    const [held] = await lease(one);
    assert.ok(held);

    clock.advance(5 * GONE_S * SECOND_MS);
    assert.equal((await two.maintain()).recovered, 0);
    assert.equal(await live([two], GONE_S - 1), 0, 'the other has not found its way back yet');

    assert.equal(await live([one, two], GONE_S), 0);
    assert.equal((await settle(one, held))?.result, 'settled');
  });

  it('are counted anew when all of them were gone', async () => {
    await append(one, 'e1');
    await lease(one);
    clock.advance(60 * SECOND_MS);
    const restarted = await schema.open({ clock, random: () => 0.5 });

    assert.deepEqual([await live([restarted], GONE_S), await live([restarted], 1)], [0, 1]);

    assert.equal((await lease(restarted)).length, 1);
    await restarted.close();
  });

  it('are counted anew when the clock of the database was set', async () => {
    for (const jumpMs of [3_600 * SECOND_MS, -3_600 * SECOND_MS, 25 * SECOND_MS, -25 * SECOND_MS]) {
      const id = `e${jumpMs}`;
      await append(one, id);
      await lease(one);
      await two.maintain();

      clock.jump(jumpMs);

      assert.equal((await two.maintain()).recovered, 0, id);
      assert.deepEqual([await live([two], GONE_S - 1), await live([two], 1)], [0, 1], id);
      const [returned] = await lease(two);
      assert.ok(returned);
      await settle(two, returned);
    }
  });

  it('leave nothing behind when they closed', async () => {
    await Promise.all([one.maintain(), two.maintain()]);
    assert.equal(await owners(), 2);

    await one.close();

    assert.equal(await owners(), 1);
  });

  it('are not those of an older release, which note nothing: what they hold comes back after its time', async () => {
    await append(one, 'e1');
    await leaseNow(one, 1, 2 * GONE_S * SECOND_MS);
    await schema.query(`DELETE FROM ${schema.name}.owners`);

    assert.equal(await live([two], 2 * GONE_S - 1), 0);
    assert.equal(await live([two], 1), 1);
  });

  it('are known on tables that an older release made, which goes on with them', async () => {
    await schema.query(`DROP TABLE ${schema.name}.owners; UPDATE ${schema.name}.meta SET schema = 1`);
    const newer = await schema.open({ clock, random: () => 0.5 });

    await newer.maintain();

    assert.equal(await owners(), 1);
    assert.deepEqual(await schema.query(`SELECT min_reader FROM ${schema.name}.meta`), [{ min_reader: 1 }]);
    await newer.close();
  });
});

function append(outbox: Outbox, id: string): Promise<unknown> {
  return outbox.append([anAppend(anEvent(id), [aDelivery({ lane: `lane-${id}`, limits: { concurrency: 2 } })])]);
}

function lease(outbox: Outbox): Promise<readonly Lease[]> {
  return leaseNow(outbox, 100, LEASE_MS);
}

async function settle(outbox: Outbox, held: Lease): Promise<SettleResult | undefined> {
  return (await outbox.settle([aSettlement(held)]))[0];
}
