import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, anEvent, projectBody, SERVER_ERROR } from '../../../test/support/outbox.ts';
import { type Place, World } from '../../../test/support/outbox-suite/world.ts';
import { makeSqlitePlace } from '../../../test/support/sqlite-place.ts';

const PENDING = { kind: 'pending', reason: 'no-snapshot', route: aDelivery().route, targetKey: '' } as const;
const NOT_AN_EVENT = 'what is stored cannot be read: not an event';
const NOT_JSON = /^500; what is stored cannot be read: .*JSON/;

describe('outbox on SQLite, with something in it that cannot be read', () => {
  let folder: string;
  let damage: string;
  let world: World;
  beforeEach(async () => {
    folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tocsin-outbox-'));
    damage = '';
    world = await World.open(makeDamagedPlace);
  });
  afterEach(async () => {
    await world.dispose();
    rmSync(folder, { recursive: true });
  });

  /** Runs `damage` on the file before it is opened. */
  async function makeDamagedPlace(): Promise<Place> {
    const path = join(folder, 'outbox.db');
    const place = await makeSqlitePlace({ path, project: projectEven });
    return {
      ...place,
      open: (parts) => {
        if (damage !== '') runOn(path, damage);
        return place.open(parts);
      },
    };
  }

  it('gives the pending events behind any number of such', async () => {
    const ids = [...Array.from({ length: 250 }, (_, index) => `odd ${index}`), 'e1', 'e2', 'e3'];
    await world.outbox.append(ids.map((id) => ({ event: anEvent(id), verdicts: [PENDING], deliveries: [], revision: 'r' })));
    const cases = [
      { limit: 2, want: ['e1', 'e2'] },
      { limit: 100, want: ['e1', 'e2', 'e3'] },
    ];
    for (const { limit, want } of cases) {
      const found = await world.outbox.pending({ limit });
      assert.deepEqual(
        found.map(({ event }) => event.id),
        want,
        `${limit}`,
      );
    }
  });

  it('lists such events beside the others, and says of them what is wrong', async () => {
    for (const id of ['e1', 'odd', 'e2']) await world.append(id, { lane: id });
    damage = "UPDATE events SET verdicts = 'no JSON' WHERE id = 'e2'";
    await world.reopen();

    const listed = await world.outbox.events({ limit: 10 });
    assert.deepEqual(
      listed.map(({ event, verdicts }) => [event.id, event.flux.message, verdicts.length]),
      [
        ['e2', anEvent('e2').body, 0],
        ['odd', NOT_AN_EVENT, 1],
        ['e1', anEvent('e1').body, 1],
      ],
    );
    const one = await world.outbox.event('odd');
    assert.deepEqual(one?.event.flux.involvedObject, anEvent('odd').subject);
    const matched = await world.outbox.events({ limit: 10, verdict: 'matched' });
    assert.deepEqual(
      matched.map(({ event }) => event.id),
      ['odd', 'e1'],
    );
  });

  it('lists such deliveries beside the others, with what of them can be read', async () => {
    for (const id of ['plan', 'attempt', 'sound']) {
      await world.append(id, { lane: id });
      await world.settle(await world.leaseOne(), SERVER_ERROR);
    }
    damage = `UPDATE plans SET plan = 'no JSON' WHERE seq = ${seqOf('plan')};
      UPDATE attempts SET record = 'no JSON' WHERE delivery = ${seqOf('attempt')}`;
    await world.reopen();

    const listed = await world.outbox.deliveries({ limit: 10 });
    assert.deepEqual(
      listed.map(({ eventId, target, history, reason }) => [eventId, target.name, history.length, reason]),
      [
        ['sound', 'target', 1, 'server'],
        ['attempt', 'target', 0, 'server'],
        ['plan', '', 1, 'server'],
      ],
    );
    for (const id of ['attempt', 'plan']) assert.match((await world.deliveryOf(id)).message ?? '', NOT_JSON, id);
    assert.equal((await world.delivery((await world.deliveryOf('sound')).id)).message, '500');
  });
});

function seqOf(eventId: string): string {
  return `(SELECT d.seq FROM deliveries d JOIN events e ON e.seq = d.event_seq WHERE e.id = '${eventId}')`;
}

function runOn(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

function projectEven(dialect: string, body: string): ReturnType<typeof projectBody> {
  if (body.includes('odd')) throw new TypeError('not an event');
  return projectBody(dialect, body);
}
