import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, anAppend, anEvent, aSettlement, leaseNow, projectBody } from '../../../test/support/outbox.ts';
import { World } from '../../../test/support/outbox-suite/world.ts';
import { makeSqlitePlace } from '../../../test/support/sqlite-place.ts';
import type { Outcome } from '../../sdk/outcome.ts';
import type { Operation, Poll } from '../operations.ts';
import { toDeliveryInput, toEventInput } from '../rows.ts';
import { StoreError } from '../store.ts';
import { openDatabase } from './database.ts';
import { Session } from './session.ts';
import { Writer } from './writer.ts';

const MINUTE_MS = 60_000;
const LEASE_MS = 5 * MINUTE_MS;

describe('outbox on SQLite, when its file is taken away', () => {
  let folder: string;
  let path: string;
  let world: World;
  beforeEach(async () => {
    folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tocsin-outbox-'));
    path = join(folder, 'outbox.db');
    world = await World.open(() => makeSqlitePlace({ path }));
  });
  afterEach(async () => {
    await world.dispose();
    rmSync(folder, { recursive: true });
  });

  const ways: readonly { readonly name: string; readonly take: () => void }[] = [
    { name: 'removed', take: () => rmSync(path) },
    {
      name: 'replaced by a copy',
      take: () => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    },
    { name: 'parted from its log', take: () => rmSync(`${path}-wal`) },
  ];
  for (const { name, take } of ways) {
    it(`promises nothing any more once it is ${name}, and delivers what it still holds`, async () => {
      await world.append('e1');

      take();

      await assert.rejects(world.append('e2'), isError('io', /removed or replaced/));
      const { writable, problem } = await world.outbox.stats();
      assert.equal(writable, false);
      assert.match(problem ?? '', /removed or replaced/);
      assert.equal((await world.settle(await world.leaseOne())).state, 'delivered');
    });
  }
});

describe('outbox on SQLite, while the disk takes nothing', () => {
  let folder: string;
  let db: DatabaseSync;
  let writer: Writer;
  let nowMs = 1_000_000;
  let monotonicMs = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-outbox-'));
    const path = join(folder, 'outbox.db');
    db = openDatabase(path);
    const kept = { keepDeliveredMs: 1e9, keepDeadMs: 1e9 };
    const settings = { path, pid: 1, maxBytes: 2 ** 30, reserveBytes: 0, pageLimit: 0, ...kept };
    writer = new Writer(new Session(db, nowMs), settings, { nowMs, monotonicMs });
    writer.open();
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  function run(operations: readonly Operation[], polls: readonly Poll[] = []): ReturnType<Writer['run']> {
    return writer.run({ kind: 'batch', nowMs, monotonicMs, operations, polls, cancelledPolls: [] });
  }

  function pass(ms: number): void {
    nowMs += ms;
    monotonicMs += ms;
  }

  function append(): boolean | undefined {
    const entries = [toEventInput(anAppend(anEvent('e1')), [toDeliveryInput('d1', aDelivery())])];
    return run([{ kind: 'append', entries }]).results[0]?.ok;
  }

  function whileRefused(act: () => void): void {
    db.exec('PRAGMA query_only = ON');
    act();
    db.exec('PRAGMA query_only = OFF');
  }

  it('takes no lease for lost whose result waits to be stored, however long that takes', () => {
    append();
    const { served } = run([], [{ id: 1, limit: 1, leaseMs: LEASE_MS }]);
    const token = served[0]?.leases[0]?.token ?? 0;
    const outcome: Outcome = { kind: 'delivered' };
    const entry = { id: 'd1', token, outcome, attempt: '{}', durationMs: 1, forget: [], remember: [], random: 0.5 };

    db.exec('PRAGMA query_only = ON');
    for (let minute = 0; minute < 20; minute += 1) {
      pass(MINUTE_MS);
      const refused = run([{ kind: 'maintain' }, { kind: 'settle', entries: [entry] }]).results;
      assert.deepEqual(
        refused.map((result) => !result.ok && result.failure.code),
        ['read-only', 'read-only'],
      );
    }
    db.exec('PRAGMA query_only = OFF');
    pass(30_000);
    run([{ kind: 'maintain' }]);

    const [settled] = run([{ kind: 'settle', entries: [entry] }]).results;
    assert.deepEqual(settled?.ok === true && settled.value, [{ result: 'settled', state: 'delivered', dueAtMs: null, breaker: 'closed' }]);
  });

  it('takes it back a minute after all is well again when nobody settles it', () => {
    append();
    run([], [{ id: 1, limit: 1, leaseMs: LEASE_MS }]);
    db.exec('PRAGMA query_only = ON');
    pass(LEASE_MS);
    run([{ kind: 'maintain' }]);
    db.exec('PRAGMA query_only = OFF');
    const recovered = (): unknown => {
      const [result] = run([{ kind: 'maintain' }]).results;
      return result?.ok === true && (result.value as { readonly recovered: number }).recovered;
    };

    pass(MINUTE_MS - 1);
    assert.equal(recovered(), 0);
    pass(1);
    assert.equal(recovered(), 1);
  });

  it('says so until a write succeeds, which it tries by itself', () => {
    const problem = (): unknown => {
      const [result] = run([{ kind: 'stats' }]).results;
      return result?.ok === true && (result.value as { readonly problem?: string }).problem;
    };
    assert.equal(problem(), undefined);

    whileRefused(() => assert.equal(append(), false));
    assert.match(String(problem()), /cannot be written/);
    whileRefused(() => run([{ kind: 'maintain' }]));
    assert.match(String(problem()), /cannot be written/);
    run([{ kind: 'maintain' }]);

    assert.equal(problem(), undefined);
  });
});

describe('outbox on SQLite, with something in it that cannot be read or sent', () => {
  it('leases and decides the others, and tries again on its schedule', async () => {
    const world = await World.open(() => makeSqlitePlace({ project: projectEven }));
    const pending = { kind: 'pending', reason: 'no-snapshot', route: aDelivery().route, targetKey: '' } as const;
    for (const id of ['odd', 'e1']) {
      await world.append(id, { lane: id });
      await world.outbox.append([{ event: anEvent(`pending ${id}`), verdicts: [pending], deliveries: [], revision: 'r' }]);
    }
    await world.reopen();

    const leases = await world.lease();

    assert.deepEqual(
      leases.map(({ event }) => event.id),
      ['e1'],
    );
    assert.deepEqual(
      (await world.outbox.pending({ limit: 10 })).map(({ event }) => event.id),
      ['pending e1'],
    );
    const { state, reason, message, attempts } = await world.deliveryOf('odd');
    assert.deepEqual([state, reason, attempts], ['waiting', 'bug', 1]);
    assert.match(message ?? '', /cannot be read: not an event/);
    await world.dispose();
  });

  it('refuses alone what cannot travel to its writer', async () => {
    const world = await World.open(makeSqlitePlace);
    await world.append('e1');
    const lease = await world.leaseOne();
    const outcome = { kind: 'retry', reason: 'server', message: '500', response: () => undefined } as const;

    const [refused, stored] = await Promise.allSettled([
      world.outbox.settle([{ ...aSettlement(lease), outcome }]),
      world.outbox.append([anAppend(anEvent('e2'), [aDelivery({ lane: 'b' })])]),
    ]);

    assert.deepEqual([refused.status, stored.status], ['rejected', 'fulfilled']);
    assert.deepEqual(
      (await leaseNow(world.outbox)).map(({ event }) => event.id),
      ['e2'],
    );
    assert.equal((await world.settle(lease)).state, 'delivered');
    await world.dispose();
  });
});

function projectEven(dialect: string, body: string): ReturnType<typeof projectBody> {
  if (body.includes('odd')) throw new TypeError('not an event');
  return projectBody(dialect, body);
}

function isError(code: StoreError['code'], message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code && message.test(error.message);
}
