import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, anAppend, anEvent, ref, SERVER_ERROR } from '../../../test/support/outbox.ts';
import { World } from '../../../test/support/outbox-suite/world.ts';
import { makeSqlitePlace } from '../../../test/support/sqlite-place.ts';
import type { Operation } from '../operations.ts';
import { toDeliveryInput, toEventInput } from '../rows.ts';
import { openDatabase } from './database.ts';
import { Session } from './session.ts';
import { Writer } from './writer.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const WINDOW_MS = 5 * MINUTE_MS;
const SETTINGS = {
  pid: 1,
  maxBytes: 2 ** 30,
  reserveBytes: 0,
  pageLimit: 0,
  keepDeliveredMs: 7 * DAY_MS,
  keepDeadMs: 30 * DAY_MS,
};

describe('outbox on SQLite, when the clock is wrong', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(makeSqlitePlace);
  });
  afterEach(() => world.dispose());

  /** Closes the store, and opens it when the clock says something else. */
  async function restartAt(jumpMs: number): Promise<void> {
    await world.outbox.close();
    world.clock.jump(jumpMs);
    await world.reopen();
  }

  for (const { name, backMs } of [
    { name: 'an hour', backMs: HOUR_MS },
    { name: 'to before it was set', backMs: 50 * YEAR_MS },
  ]) {
    it(`waits no longer than the schedule allows after a start with a clock that went back ${name}`, async () => {
      await world.append('held', { lane: 'a' });
      await world.append('behind', { lane: 'a' });
      await world.append('retried', { lane: 'b', target: 'b' });
      for (const lease of await world.lease()) await world.settle(lease, { kind: 'retry', reason: 'bug', message: 'm', afterMs: HOUR_MS });

      await restartAt(-backMs);

      world.clock.advance(2 * MINUTE_MS);
      assert.equal((await world.leaseOne()).event.id, 'behind', 'the lane is let go in time');
      world.clock.advance(75 * MINUTE_MS);
      const leases = await world.lease();
      assert.deepEqual(leases.map(({ event }) => event.id).toSorted(), ['held', 'retried']);
      assert.ok(leases.every(({ expiresInMs }) => expiresInMs > 0 && expiresInMs <= DAY_MS));
    });
  }

  it('sends at last when the clock is set right after a start without one', async () => {
    await world.append('e1');
    await world.settle(await world.leaseOne(), SERVER_ERROR);
    await restartAt(-50 * YEAR_MS);
    await world.outbox.maintain();

    world.clock.jump(50 * YEAR_MS);
    await world.outbox.maintain();

    world.clock.advance(75 * MINUTE_MS);
    assert.equal((await world.leaseOne()).event.id, 'e1');
  });

  it('probes a paused Target again after a start with a clock that went back', async () => {
    for (let index = 0; index < 5; index += 1) await world.append(`e${index}`, { lane: `l${index}` });
    for (const lease of await world.lease()) await world.settle(lease, SERVER_ERROR);

    await restartAt(-YEAR_MS);

    world.clock.advance(5 * MINUTE_MS);
    assert.equal((await world.lease()).length, 1);
  });

  it('does not make an undecided event older by a jump', async () => {
    const pending = { kind: 'pending', reason: 'no-snapshot', route: ref('a'), targetKey: '' } as const;
    await world.outbox.append([{ event: anEvent('e1'), verdicts: [pending], deliveries: [], revision: 'r1' }]);
    world.clock.advance(MINUTE_MS);
    await world.outbox.maintain();

    for (const jumpMs of [2 * DAY_MS, -5 * DAY_MS]) {
      world.clock.jump(jumpMs);
      await world.outbox.maintain();

      assert.deepEqual(
        (await world.outbox.pending({ limit: 1, all: true })).map(({ ageMs }) => ageMs),
        [MINUTE_MS],
      );
    }
  });

  it('remembers duplicates for as long as it should, however the clock is set meanwhile', async () => {
    const dedup = { key: 'k', windowMs: WINDOW_MS };
    const outcome = async (id: string): Promise<string> => (await world.append(id, {}, { dedup })).outcome;
    assert.equal(await outcome('e1'), 'accepted');
    world.clock.advance(2 * MINUTE_MS);
    await world.outbox.maintain();

    world.clock.jump(3 * HOUR_MS);
    assert.equal(await outcome('e2'), 'duplicate', 'two minutes later by any clock that goes');
    world.clock.jump(-6 * HOUR_MS);
    assert.equal(await outcome('e3'), 'duplicate');
    world.clock.advance(4 * MINUTE_MS);

    assert.equal(await outcome('e4'), 'accepted', 'six minutes later');
  });

  it('takes no event for a duplicate of one that it knows from a time to come', async () => {
    const dedup = { key: 'k', windowMs: WINDOW_MS };
    await world.append('e1', {}, { dedup });
    await restartAt(-3 * HOUR_MS);

    assert.equal((await world.append('e2', {}, { dedup })).outcome, 'accepted');
  });

  it('lets no sender whose clock is ahead silence what comes after it', async () => {
    const status = { policy: 'newest', lane: 'status' } as const;
    await world.append('ahead', status, { occurredAtMs: world.clock.nowMs() + HOUR_MS });
    await world.settle(await world.leaseOne());
    world.clock.advance(MINUTE_MS);

    await world.append('right', status, { occurredAtMs: world.clock.nowMs() });

    assert.equal((await world.leaseOne()).event.id, 'right');
  });

  for (const how of ['while it runs', 'between two starts'] as const) {
    it(`lets nothing of a time to come silence or outlive what follows when the clock is set back ${how}`, async () => {
      const status = { policy: 'newest', lane: 'status' } as const;
      await world.append('e1', status);
      await world.settle(await world.leaseOne());
      if (how === 'while it runs') world.clock.jump(-YEAR_MS);
      else await restartAt(-YEAR_MS);

      await world.append('e2', status);
      const lease = await world.leaseOne();
      assert.equal(lease.event.id, 'e2');
      await world.settle(lease);

      world.clock.advance(HOUR_MS);
      await world.outbox.maintain();
      world.clock.advance(7 * DAY_MS + 1);
      assert.equal((await world.outbox.maintain()).pruned, 4, 'two deliveries, two events');
    });
  }

  it('moves its times along once it can, when the store did not take it at the jump', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-outbox-'));
    const path = join(folder, 'outbox.db');
    const db = openDatabase(path);
    let nowMs = 1_000_000;
    let monotonicMs = 0;
    const session = new Session(db, nowMs);
    const writer = new Writer(session, { ...SETTINGS, path }, { nowMs, monotonicMs });
    writer.open();
    const run = (...operations: readonly Operation[]) =>
      writer.run({ kind: 'batch', nowMs, monotonicMs, operations, polls: [], cancelledPolls: [] });
    const delivery = toDeliveryInput('d1', aDelivery());
    run({ kind: 'append', entries: [toEventInput(anAppend(anEvent('e1')), [delivery])] });

    db.exec('PRAGMA query_only = ON');
    nowMs += 40 * DAY_MS;
    const [refused] = run({ kind: 'maintain' }).results;
    assert.equal(refused?.ok, false, 'nothing can be written');
    db.exec('PRAGMA query_only = OFF');
    monotonicMs += 1_000;
    nowMs += 1_000;
    run({ kind: 'maintain' });

    const row = db.prepare('SELECT state, expires_ms FROM deliveries').get();
    assert.deepEqual({ ...row }, { state: 0, expires_ms: nowMs + DAY_MS - 1_000 });
    db.close();
    rmSync(folder, { recursive: true });
  });
});
