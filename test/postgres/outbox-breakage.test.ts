// The database breaks, restarts, or is not what the store needs: nothing confirmed is lost, nothing refused is stored, and it is
// said what is wrong without a secret.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../../cmd/system-clock.ts';
import { openPostgresOutbox, type PostgresOutboxOptions } from '../../internal/outbox/postgres/outbox.ts';
import { type Outbox, StoreError } from '../../internal/outbox/store.ts';
import { CutLine } from '../support/cut-line.ts';
import { aDelivery, anAppend, anEvent, aSettlement, leaseNow, projectBody } from '../support/outbox.ts';
import { PostgresSchema } from '../support/postgres-place.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { untilTrue } from '../support/until.ts';

const PASSWORD = 'hunter2-secret';
const server = await startPostgres({ password: PASSWORD });
after(() => server.remove());

const url = server.url().replace('tocsin@', `tocsin:${PASSWORD}@`);
const append = (outbox: Outbox, id: string): Promise<unknown> => outbox.append([anAppend(anEvent(id), [aDelivery({ lane: id })])]);

describe('outbox on PostgreSQL, when things break', () => {
  let schema: PostgresSchema;
  beforeEach(async () => {
    schema = await PostgresSchema.connect(url);
  });
  afterEach(() => schema.drop());

  const open = (options: Partial<PostgresOutboxOptions> = {}): Promise<Outbox> =>
    schema.openOnDatabaseTime({ clock: systemClock, random: () => 0.5, ...options });

  it('loses nothing that was confirmed, and stores nothing that was refused, when the server is killed and comes back', async () => {
    const told: boolean[] = [];
    const outbox = await open({ onConnection: ({ isConnected }) => void told.push(isConnected) });
    await append(outbox, 'before');
    const [held] = await leaseNow(outbox);
    assert.ok(held);
    const confirmed: string[] = [];
    const refused: { readonly id: string; readonly error: unknown }[] = [];
    const end = new AbortController();
    const sender = async (name: string): Promise<void> => {
      for (let count = 0; !end.signal.aborted; count += 1) {
        const id = `${name}-${count}`;
        await append(outbox, id).then(
          () => confirmed.push(id),
          (error: unknown) => refused.push({ id, error }),
        );
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const senders = ['a', 'b', 'c', 'd'].map(sender);

    await untilTrue(() => confirmed.length > 50, 'events before the kill');
    await server.kill();
    await untilTrue(() => refused.length > 50, 'refusals while the server is away');
    const confirmedBefore = confirmed.length;
    await server.start();
    await untilTrue(() => confirmed.length > confirmedBefore + 50, 'events after the restart');
    end.abort();
    await Promise.all(senders);

    const codes = new Set(refused.map(({ error }) => (error instanceof StoreError ? error.code : String(error))));
    assert.deepEqual([...codes], ['busy']);
    await schema.reconnect();
    const stored = await schema.query<{ id: string }>(`SELECT id FROM ${schema.name}.events`);
    assert.deepEqual(stored.map(({ id }) => id).toSorted(), ['before', ...confirmed].toSorted());
    assert.equal((await outbox.settle([aSettlement(held)]))[0]?.result, 'settled', 'a lease outlives the server');
    assert.deepEqual(told, [false, true]);
    await outbox.close();
  });

  it('finds out what became of a commit whose answer was lost', async () => {
    const line = await CutLine.open(server.port);
    const outbox = await open({ url: `${url.replace(String(server.port), String(line.port))}?sslmode=disable` });
    await append(outbox, 'first');

    line.cutAfter('COMMIT');
    await append(outbox, 'second');

    assert.equal(line.cuts, 1);
    assert.equal((await outbox.event('second'))?.event.id, 'second');
    assert.equal((await outbox.stats()).events, 2);
    await outbox.close();
    await line.close();
  });

  it('stores nothing of a transaction that was cut off before its commit', async () => {
    const line = await CutLine.open(server.port);
    const outbox = await open({ url: `${url.replace(String(server.port), String(line.port))}?sslmode=disable` });
    await append(outbox, 'first');

    line.cutAfter('INSERT INTO events');
    await assert.rejects(append(outbox, 'second'), { code: 'busy' });

    await untilTrue(async () => (await append(outbox, 'third').catch(() => undefined)) !== undefined, 'the next event');
    assert.equal(await outbox.event('second'), undefined);
    await outbox.close();
    await line.close();
  });

  it('refuses a database that confirms what it may lose, and one that only reads', async () => {
    const cases = [
      {
        name: 'asynchronous',
        alter: 'SET synchronous_commit = off',
        reset: 'RESET synchronous_commit',
        code: 'io',
        says: /synchronous_commit off/,
      },
      {
        name: 'read-only',
        alter: 'SET default_transaction_read_only = on',
        reset: 'RESET default_transaction_read_only',
        code: 'read-only',
        says: /takes no writes/,
      },
    ];
    for (const { name, alter, reset, code, says } of cases) {
      await server.query(`ALTER ROLE tocsin ${alter}`);
      try {
        await assert.rejects(open(), (error: StoreError) => error.code === code && says.test(error.message), name);
      } finally {
        await server.query(`ALTER ROLE tocsin ${reset}`);
      }
    }
  });

  it('looks for one that takes writes when the one it has takes none any more', async () => {
    const outbox = await open();
    await append(outbox, 'e1');
    await server.query('ALTER ROLE tocsin SET default_transaction_read_only = on');
    try {
      await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tocsin'");
      await untilTrue(() => refusalOf(append(outbox, 'e2'), 'read-only'), 'a refusal');
    } finally {
      await server.query('ALTER ROLE tocsin RESET default_transaction_read_only');
    }

    await untilTrue(async () => (await append(outbox, 'e2').catch(() => undefined)) !== undefined, 'the next event');

    assert.equal((await outbox.stats()).events, 2);
    await outbox.close();
  });

  it('refuses tables of a newer program and tables of something else, and leaves them alone', async () => {
    await (await open()).close();
    await schema.query(`UPDATE ${schema.name}.meta SET schema = 99, min_reader = 98`);
    await assert.rejects(open(), (error: StoreError) => error.code === 'newer' && error.message.includes('readable from schema 98 on'));
    await schema.query(`UPDATE ${schema.name}.meta SET min_reader = 1`);
    await (await open()).close();

    await schema.query(`DROP TABLE ${schema.name}.meta`);
    await assert.rejects(open(), (error: StoreError) => error.code === 'corrupt');
    assert.equal((await schema.query(`SELECT count(*)::integer AS count FROM ${schema.name}.turns`))[0]?.['count'], 1);
  });

  it('says what is wrong with an address, and never a password', async () => {
    const port = String(server.port);
    const cases = [
      { name: 'wrong password', url: url.replace(PASSWORD, 'wrong-secret'), code: 'io', says: /refuses the login/ },
      { name: 'no password', url: server.url(), code: 'io', says: /asks for a password and none is given/ },
      { name: 'no database', url: url.replace(/tocsin$/, 'nowhere'), code: 'io', says: /no such database/ },
      { name: 'no server', url: url.replace(port, '1'), code: 'busy', says: /cannot be reached/ },
      { name: 'no host', url: url.replace('127.0.0.1', 'nowhere.invalid'), code: 'busy', says: /cannot be reached/ },
      { name: 'TLS that is not there', url: `${url}?sslmode=verify-full`, code: 'io', says: /offers no TLS/ },
      { name: 'no such file', url: `${url}?sslmode=verify-full&sslrootcert=/nowhere.pem`, code: 'io', says: /sslrootcert, cannot be read/ },
      { name: 'no such mode', url: `${url}?sslmode=maybe`, code: 'io', says: /sslmode is none of/ },
      { name: 'no such setting', url: `${url}?pool=5`, code: 'io', says: /the setting pool/ },
      { name: 'no address', url: `mysql://u:${PASSWORD}@h/d`, code: 'io', says: /has not the form/ },
    ];
    for (const { name, url: address, code, says } of cases) {
      const opening = openPostgresOutbox({
        url: address,
        schema: schema.name,
        project: projectBody,
        clock: systemClock,
        random: () => 0.5,
      });
      await assert.rejects(opening, (error: StoreError) => {
        assert.equal(error.code, code, name);
        assert.match(error.message, says, name);
        assert.doesNotMatch(error.message, /secret/, name);
        return true;
      });
    }
  });

  it('takes the password from a file, and the first of several hosts that takes writes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-password-'));
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, `${PASSWORD}\n`);

    const outbox = await open({ url: server.url().replace('127.0.0.1', '127.0.0.1:1,127.0.0.1'), passwordFile });
    await append(outbox, 'e1');

    await outbox.close();
    rmSync(folder, { recursive: true });
  });

  it('stores text that PostgreSQL has no room for', async () => {
    const outbox = await open();
    const event = anEvent('e1', { name: 'app\0\uD83D', said: { message: 'nul \0, half a pair \uD83D' } });

    await outbox.append([anAppend(event, [aDelivery({ lane: 'lane\0' })])]);

    const [lease] = await leaseNow(outbox);
    assert.equal(lease?.event.body, event.body);
    await outbox.settle(lease === undefined ? [] : [aSettlement(lease)]);
    assert.equal((await outbox.events({ subject: { name: 'app\0\uD83D' }, limit: 1 }))[0]?.event.subject.name, 'app\u2400\uFFFD');
    await outbox.close();
  });

  it('refuses more than it may hold, and goes on with what it owes', async () => {
    const outbox = await open({ maxBytes: 1 });

    await assert.rejects(append(outbox, 'e1'), { code: 'full' });

    const { writable, problem } = await outbox.stats();
    assert.equal(writable, false);
    assert.match(problem ?? '', /maximum of 1 bytes/);
    await outbox.close();
  });

  it('answers nothing any more once it is closed', async () => {
    const outbox = await open();
    await outbox.close();
    await outbox.close();

    await assert.rejects(append(outbox, 'e1'), { code: 'closed' });
    await assert.rejects(outbox.event('e1'), { code: 'closed' });
  });
});

async function refusalOf(asked: Promise<unknown>, code: StoreError['code']): Promise<boolean> {
  return asked.then(
    () => false,
    (error: unknown) => error instanceof StoreError && error.code === code,
  );
}
