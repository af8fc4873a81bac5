import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ManualClock } from '../../../test/support/clock.ts';
import { aDelivery, anAppend, anEvent, aSettlement, leaseNow, projectBody } from '../../../test/support/outbox.ts';
import { type Outbox, StoreError } from '../store.ts';
import { openDatabase } from './database.ts';
import { startInline } from '../../../test/support/inline-writer.ts';
import { openSqliteOutbox, type SqliteOutboxOptions } from './outbox.ts';
import { startThread, type WriterPort } from './thread.ts';

const WAL_HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4096;
const PERMISSIONS = 0o777;

describe('outbox on SQLite, when things break', () => {
  let folder: string;
  let path: string;
  let clock: ManualClock;
  before(() => {
    folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tocsin-outbox-'));
  });
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    path = join(folder, 'data', 'outbox.db');
    clock = new ManualClock();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const open = (options: Partial<SqliteOutboxOptions> = {}): Promise<Outbox> =>
    openSqliteOutbox({
      path,
      project: projectBody,
      clock,
      random: () => 0.5,
      reserveBytes: 64 * 1024,
      startWriter: startInline,
      ...options,
    });
  it('tells that the writer died by itself, before those who wait for it, and not when the store is closed', async () => {
    const told: string[] = [];
    let port: WriterPort | undefined;
    const options = {
      startWriter: (url: URL) => {
        port = startThread(url);
        return port;
      },
      onWriterDeath: ({ code, message }: StoreError) => void told.push(`${code}: ${message}`),
    };
    await (await open(options)).close();
    assert.deepEqual(told, []);

    const outbox = await open(options);
    port?.terminate();
    await assert.rejects(outbox.stats(), () => told.length === 1);

    assert.deepEqual(told, ['io: the writer of the store ended by itself']);
    await outbox.close();
  });

  it('finds a lease unsettled when its writer died between send and record', async () => {
    let port: WriterPort | undefined;
    const first = await open({
      startWriter: (url) => {
        port = startThread(url);
        return port;
      },
    });
    await append(first, 'e1');
    const [sent] = await leaseNow(first);
    port?.terminate();
    const settled = first.settle(sent === undefined ? [] : [aSettlement(sent)]);
    const standing = first.lease({ owner: 'a', limit: 1, leaseMs: 1, waitMs: 60_000 });
    await assert.rejects(settled, StoreError);
    assert.deepEqual(await standing.catch(() => []), []);
    await assert.rejects(append(first, 'e2'), StoreError, 'a dead writer is not waited for');
    await assert.rejects(first.lease({ owner: 'a', limit: 1, leaseMs: 1, waitMs: 60_000 }), StoreError);
    await first.close();

    const second = await open({ startWriter: startThread });
    const [again] = await leaseNow(second);
    assert.equal(again?.delivery.id, sent?.delivery.id, 'the same delivery id, for the other side to know it by');
    assert.ok((again?.token ?? 0) > (sent?.token ?? 0));
    assert.deepEqual(await second.recall('e1', 'anything'), { known: false });
    await second.close();
    await assert.rejects(append(second, 'e3'), codeOf('closed', /closed/));
  });

  it('commits the appends of one tick together, and serves a standing lease in the same commit', async () => {
    const outbox = await open();
    const walBytes = (): number => statSync(`${path}-wal`).size;
    const standing = outbox.lease({ owner: 'a', limit: 100, leaseMs: 60_000, waitMs: 60_000 });
    await outbox.stats();
    const beforeBytes = walBytes();
    await Promise.all([...Array.from({ length: 50 }, (_, index) => append(outbox, `e${index}`)), standing]);
    const frames = (walBytes() - beforeBytes) / FRAME_BYTES;

    assert.equal((await standing).length, 8);
    assert.equal(countCommits(readFileSync(`${path}-wal`), beforeBytes), 1, `${frames} frames`);
    await outbox.close();
  });

  it('loses nothing acknowledged, wherever the log is cut', async () => {
    const outbox = await open();
    const acknowledged: { readonly walBytes: number; readonly events: number; readonly delivered: number }[] = [];
    const note = (events: number, delivered: number): void => {
      acknowledged.push({ walBytes: statSync(`${path}-wal`).size, events, delivered });
    };
    note(0, 0);
    for (let count = 1; count <= 6; count += 1) {
      await append(outbox, `e${count}`);
      note(count, count - 1);
      const [lease] = await leaseNow(outbox);
      if (lease !== undefined) await outbox.settle([aSettlement(lease)]);
      note(count, count);
    }
    const [database, wal] = [readFileSync(path), readFileSync(`${path}-wal`)];
    await outbox.close();

    const frames = (wal.length - WAL_HEADER_BYTES) / FRAME_BYTES;
    assert.ok(Number.isInteger(frames) && frames > 50, `${frames} frames`);
    const copy = join(folder, 'cut.db');
    for (let frame = 0; frame <= frames; frame += 1) {
      const bytes = WAL_HEADER_BYTES + frame * FRAME_BYTES;
      // Half a frame more: what is torn counts for nothing.
      writeFileSync(copy, database);
      writeFileSync(`${copy}-wal`, wal.subarray(0, bytes + FRAME_BYTES / 2));
      const want = acknowledged.filter(({ walBytes }) => walBytes <= bytes).at(-1) ?? { events: 0, delivered: 0 };
      const db = openDatabase(copy);
      assert.equal(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok', `cut at frame ${frame}`);
      const got = db.prepare('SELECT events, delivered, (SELECT count(*) FROM events) AS rows FROM counters').get();
      assert.ok(Number(got?.['events']) >= want.events && Number(got?.['delivered']) >= want.delivered, `cut at frame ${frame}`);
      assert.equal(got?.['rows'], got?.['events'], `cut at frame ${frame}`);
      db.close();
    }
  });

  it('makes a second process wait for the lock, and says who holds it', async () => {
    const holder = spawn(process.execPath, [fileURLToPath(new URL('../../../test/support/hold-store.ts', import.meta.url)), path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));

    const refused = open({ lockWaitMs: 60_000 });
    const isOver = refused.then(
      () => true,
      () => true,
    );
    const startMs = clock.monotonicMs();
    while (!(await Promise.race([isOver, new Promise((resolve) => setImmediate(resolve, false))]))) {
      if (clock.pending > 0) clock.advance(250);
    }
    await assert.rejects(refused, codeOf('locked', new RegExp(`in use by process ${holder.pid}$`)));
    assert.ok(clock.monotonicMs() - startMs >= 60_000);

    holder.kill('SIGKILL');
    await new Promise((resolve) => holder.once('exit', resolve));
    const outbox = await open({ lockWaitMs: 0 });
    assert.equal((await outbox.stats()).states.waiting, 1, 'the killed process had appended one');
    await outbox.close();
  });

  it('lets a waiting one in as soon as the lock is free', async () => {
    const first = await open();
    const second = open();
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await first.close();
    clock.advance(250);

    await (await second).close();
  });

  it('keeps its files to their owner, whatever the umask and whatever was there', async () => {
    const umask = process.umask(0);
    try {
      const outbox = await open({ pid: 7 });
      await append(outbox, 'e1');
      const modes = ['', '-wal', '.pid', '.reserve'].map((suffix) => [suffix, (statSync(path + suffix).mode & PERMISSIONS).toString(8)]);
      assert.deepEqual(
        modes,
        ['', '-wal', '.pid', '.reserve'].map((suffix) => [suffix, '600']),
      );
      assert.equal(existsSync(`${path}-shm`), false, 'the index of the log lives in memory');
      await outbox.close();
    } finally {
      process.umask(umask);
    }
  });

  describe('on a full disk', () => {
    const limits = { pageLimit: 400, reserveBytes: 200 * 1024 };
    const body = 'x'.repeat(20_000);
    const appendBig = (outbox: Outbox, id: string): Promise<unknown> =>
      outbox.append([anAppend({ ...anEvent(id), body }, [aDelivery({ lane: id, limits: { concurrency: 1_000 } })])]);

    async function fill(outbox: Outbox): Promise<number> {
      for (let count = 0; count < 1_000; count += 1) {
        try {
          await appendBig(outbox, `e${count}`);
        } catch (error) {
          assert.ok(codeOf('full', /full/)(error), String(error));
          return count;
        }
      }
      throw new Error('never full');
    }

    it('takes nothing new, but sends, settles and prunes on, and recovers by itself', async () => {
      const outbox = await open(limits);
      const stored = await fill(outbox);
      assert.equal(existsSync(`${path}.reserve`), false, 'the reserve was given up');
      const stats = await outbox.stats();
      assert.deepEqual([stats.writable, stats.states.waiting, stats.events], [false, stored, stored]);
      assert.match(stats.problem ?? '', /full/);
      await assert.rejects(append(outbox, 'small'), codeOf('full', /full/));

      const leases = await leaseNow(outbox, 1_000);
      assert.equal(leases.length, stored);
      await outbox.settle(leases.map((lease) => aSettlement(lease)));
      await outbox.maintain();
      await assert.rejects(append(outbox, 'still full'), codeOf('full', /full/));
      clock.advance(7 * 24 * 3_600_000 + 1);
      assert.equal((await outbox.maintain()).pruned, 2 * stored);
      await outbox.maintain();

      await append(outbox, 'again');
      assert.equal((await outbox.stats()).writable, true);
      assert.equal(existsSync(`${path}.reserve`), true);
      await outbox.close();
    });

    it('sends nothing while not even a settle can be written', async () => {
      const outbox = await open(limits);
      await fill(outbox);
      const [first, ...rest] = await leaseNow(outbox, 1_000);
      assert.ok(first !== undefined && rest.length > 0);
      const bulky = (lease: typeof first) => ({
        ...aSettlement(lease, { kind: 'rejected', reason: 'bad-request', message: 'x'.repeat(4_000_000) }),
      });
      await assert.rejects(outbox.settle([bulky(first)]), codeOf('full', /full/));
      await assert.rejects(outbox.settle([bulky(first)]), codeOf('full', /full/));
      await outbox.release(rest.map(({ delivery, token }) => ({ deliveryId: delivery.id, token })));

      assert.deepEqual(await leaseNow(outbox), []);
      assert.equal((await outbox.settle([aSettlement(first)]))[0]?.state, 'delivered', 'a settle is always tried');
      await outbox.close();
    });

    it('does not let one append that is too big take its neighbours down', async () => {
      const outbox = await open(limits);
      const huge = outbox.append([anAppend({ ...anEvent('huge'), body: 'x'.repeat(4_000_000) })]);
      const results = await Promise.allSettled([outbox.stats(), huge]);

      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      );
      await outbox.maintain();
      await append(outbox, 'small');
      await outbox.close();
    });
  });

  it('refuses what would go beyond its maximum size, and prunes what ended before its time', async () => {
    const outbox = await open({ maxBytes: 1_500_000 });
    let stored = 0;
    await assert.rejects(
      async () => {
        for (; stored < 1_000; stored += 1)
          await outbox.append([anAppend({ ...anEvent(`e${stored}`), body: 'x'.repeat(20_000) }, [aDelivery()])]);
      },
      codeOf('full', /maximum/),
    );
    for (let lease = (await leaseNow(outbox))[0]; lease !== undefined; lease = (await leaseNow(outbox))[0])
      await outbox.settle([aSettlement(lease)]);

    clock.advance(1);
    assert.equal((await outbox.maintain()).pruned, 2 * stored);
    await append(outbox, 'again');
    await outbox.close();
  });

  describe('refuses with a clear reason', () => {
    const cases: readonly {
      readonly name: string;
      readonly spoil: () => void;
      readonly code: StoreError['code'];
      readonly message: RegExp;
    }[] = [
      {
        name: 'a store of a newer version',
        spoil: () => {
          const db = openDatabase(path);
          db.exec("PRAGMA user_version = 9; UPDATE meta SET value = 8 WHERE key = 'min_reader'");
          db.close();
        },
        code: 'newer',
        message: /newer version/,
      },
      {
        name: 'a database of something else',
        spoil: () => {
          openDatabase(path).close();
          rmSync(path);
          const db = new DatabaseSync(path);
          db.exec('CREATE TABLE recipes (name TEXT)');
          db.close();
        },
        code: 'corrupt',
        message: /database of something else/,
      },
      {
        name: 'a file that is no database',
        spoil: () => {
          openDatabase(path).close();
          writeFileSync(path, 'not a database, but long enough to be taken for one '.repeat(100));
        },
        code: 'corrupt',
        message: /not a usable database/,
      },
      {
        name: 'a folder that is not there',
        spoil: () => {
          path = join(folder, 'no', 'such', 'outbox.db');
        },
        code: 'io',
        message: /does not exist/,
      },
      {
        name: 'a folder that cannot be written',
        spoil: () => {
          // The kernel refuses it to everybody, also to root.
          path = '/sys/outbox.db';
        },
        code: 'read-only',
        message: /read-only/,
      },
    ];
    for (const { name, spoil, code, message } of cases) {
      it(name, async () => {
        spoil();

        await assert.rejects(open(), codeOf(code, message));
      });
    }
  });

  it('opens a store of a newer version that this one can still read', async () => {
    const db = openDatabase(path);
    db.exec('PRAGMA user_version = 9; CREATE TABLE later (x) STRICT'.replace('(x)', '(x TEXT)'));
    db.close();
    const outbox = await open();
    await append(outbox, 'e1');
    await outbox.close();
    copyFileSync(path, join(folder, 'copy.db'));

    const version = new DatabaseSync(join(folder, 'copy.db')).prepare('PRAGMA user_version').get()?.['user_version'];
    assert.equal(version, 9, 'and leaves it so');
  });
});

/** Commit frames behind an offset: their header names the size of the database. */
function countCommits(wal: Buffer, fromBytes: number): number {
  let commits = 0;
  for (let offset = Math.max(WAL_HEADER_BYTES, fromBytes); offset + FRAME_BYTES <= wal.length; offset += FRAME_BYTES) {
    if (wal.readUInt32BE(offset + 4) !== 0) commits += 1;
  }
  return commits;
}

function append(outbox: Outbox, id: string, lane = id): Promise<unknown> {
  return outbox.append([anAppend(anEvent(id), [aDelivery({ lane })])]);
}

function codeOf(code: StoreError['code'], message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code && message.test(error.message);
}
