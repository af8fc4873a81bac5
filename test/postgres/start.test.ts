// Starting on a database: what is wrong is told in one line, without a secret; what is only late is waited for.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startDatabaseProduct } from '../support/database-product.ts';
import { sendLikeFlux, toEventBody } from '../support/flux-sender.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { sendHttp } from '../support/http-sender.ts';
import { drained, until } from '../support/outcome.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { type HostPort, PROGRAM, type Product } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';

const WITHIN_MS = 60_000;
/** With characters that an address has to encode. */
const PASSWORD = 'g@he/im 100%';
const ENCODED = encodeURIComponent(PASSWORD);
const LEAKS = new RegExp(`${PASSWORD}|${ENCODED}|falsch`);
const folder = mkdtempSync(join(tmpdir(), 'tocsin-database-start-'));
const sink = new WebhookSink(() => ({ kind: 'answer', status: 200 }));
let server: PostgresServer;

before(async () => {
  server = await startPostgres({ password: PASSWORD });
  await sink.listen();
  writeWebhooks(join(folder, 'manifests'), [{ namespace: 'apps', address: `http://127.0.0.1:${sink.port}/hook` }]);
  await server.query(`
    CREATE ROLE guest LOGIN PASSWORD '${PASSWORD}';
    CREATE ROLE careless LOGIN PASSWORD '${PASSWORD}';
    ALTER ROLE careless SET synchronous_commit = off`);
  await server.createDatabase('closed');
});
after(async () => {
  sink.close();
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** The address of the database with another part. */
function urlWith({ user = 'tocsin', password = ENCODED, name = 'tocsin', port = server.port, query = '' } = {}): string {
  return `postgres://${user}${password === '' ? '' : `:${password}`}@127.0.0.1:${port}/${name}${query}`;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '', HOME: home, ...env } });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output: Buffer.concat(chunks).toString() };
}

const anyPorts = ['--events-addr', '--receiverAddr', '--metrics-addr', '--health-addr', '--admin-addr'].flatMap((flag) => [
  flag,
  '127.0.0.1:0',
]);
const serve = (...args: readonly string[]): string[] => ['serve', '--manifests', join(folder, 'manifests'), ...anyPorts, ...args];

const faults: readonly {
  name: string;
  url: () => string;
  env?: Record<string, string>;
  flags?: string[];
  code?: number;
  output: RegExp;
}[] = [
  { name: 'a wrong password', url: () => urlWith({ password: 'falsch' }), output: /refuses the login.*password authentication failed/ },
  { name: 'no password', url: () => urlWith({ password: '' }), output: /asks for a password and none is given/ },
  { name: 'no such database', url: () => urlWith({ name: 'nowhere' }), output: /no such database.*nowhere/ },
  {
    name: 'no right to create tables',
    url: () => urlWith({ user: 'guest', name: 'closed' }),
    output: /may not make its tables; let it CREATE in the database/,
  },
  { name: 'commits that may be lost', url: () => urlWith({ user: 'careless' }), output: /synchronous_commit/ },
  { name: 'no TLS where it is asked for', url: () => urlWith({ query: '?sslmode=verify-full' }), output: /offers no TLS/ },
  { name: 'a mode of TLS that there is not', url: () => urlWith({ query: '?sslmode=maybe' }), output: /sslmode is none of/ },
  {
    name: 'a password file that is not there',
    url: () => urlWith({ password: '' }),
    flags: ['--store-password-file', '/nowhere/password'],
    output: /password file \/nowhere\/password/,
  },
  {
    name: 'an address that is none',
    url: () => 'postgres://tocsin:falsch@@/x',
    code: 2,
    output: /--store names no store: write sqlite:PATH/,
  },
];

for (const { name, url, env, flags = [], code = 1, output } of faults) {
  test(`start refused: ${name}`, async () => {
    const ended = await run(serve('--store', url(), ...flags), env);

    assert.match(ended.output, output);
    assert.equal(ended.code, code, ended.output);
    assert.doesNotMatch(ended.output, /\n\s+at /, 'no stack for what a person can mend');
    assert.doesNotMatch(ended.output, LEAKS);
  });
}

test('start refused: tables of a newer version', async () => {
  const url = urlWith({ name: 'newer' });
  await server.createDatabase('newer');
  const product = await startDatabaseProduct({ directory: folder, name: 'newer', url });
  await product.stop();
  await server.query('UPDATE tocsin.meta SET schema = 999, min_reader = 999', 'newer');

  const ended = await run(serve('--store', url));

  assert.equal(ended.code, 1);
  assert.match(ended.output, /newer/);
});

const passwords: readonly { name: string; url: () => string; env?: () => Record<string, string>; flags?: () => string[] }[] = [
  { name: 'in the address', url: () => urlWith() },
  { name: 'in PGPASSWORD', url: () => urlWith({ password: '' }), env: () => ({ PGPASSWORD: PASSWORD }) },
  {
    name: 'in a passfile',
    url: () => urlWith({ password: '' }),
    env: () => ({ PGPASSFILE: file('passfile', `127.0.0.1:*:*:tocsin:${PASSWORD}\n`) }),
  },
  {
    name: 'in a file of its own',
    url: () => urlWith({ password: '' }),
    flags: () => ['--store-password-file', file('password', `${PASSWORD}\n`)],
  },
];

for (const { name, url, env = () => ({}), flags = () => [] } of passwords) {
  test(`a password ${name} is taken and shown nowhere`, async () => {
    const product = await startDatabaseProduct({ directory: folder, name: 'password', url: url(), env: env(), flags: flags() });
    try {
      const title = readFileSync(`/proc/${product.pid}/cmdline`, 'utf8');
      const stats = await product.admin('/api/v1/stats');
      const ready = await get(product.addresses.health, '/readyz?verbose');

      assert.equal(stats.status, 200);
      assert.match(ready, /\[\+\]store ok\n\[\+\]persistence ok/);
      for (const text of [title, product.log(), ready, JSON.stringify(stats.body)]) assert.doesNotMatch(text, LEAKS);
    } finally {
      await product.stop();
    }
  });
}

test('a database that is not there at the start is waited for, and senders are told to try again', async () => {
  const url = urlWith({ name: 'late' });
  await server.createDatabase('late');
  await server.stop();
  const product = await startDatabaseProduct({ directory: folder, name: 'late', url });
  try {
    const [unready, refused] = [await get(product.addresses.health, '/readyz?verbose'), await post(product)];
    const metrics = await get(product.addresses.metrics, '/metrics');
    await server.start();
    const ready = await until(async () => (await product.ready()) === 200, WITHIN_MS);
    const sent = await sendLikeFlux(product.addresses.events, { namespace: 'apps', name: 'late', message: 'm' });
    assert.ok(await drained(product, WITHIN_MS));

    assert.match(unready, /\[-\]store failed: .*127\.0\.0\.1:\d+\/late.*ECONNREFUSED/);
    assert.match(unready, /readyz check failed/);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? '', /^[12]$/);
    assert.match(metrics, /^tocsin_outbox_writable 0$/m);
    assert.ok(ready);
    assert.equal(sent.outcome, 'accepted');
    assert.match(product.log(), /"the store cannot be opened yet[^\n]*\n[^]*"the store is open"/);
    assert.doesNotMatch(product.log(), LEAKS);
  } finally {
    await server.start().catch(() => undefined);
    await product.stop();
  }
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function get(to: HostPort, path: string): Promise<string> {
  return (await sendHttp({ to, method: 'GET', path, headers: {}, body: '' })).body;
}

function post({ addresses }: Product) {
  const body = toEventBody({ namespace: 'apps', name: 'early', message: 'm' });
  return sendHttp({ to: addresses.events, method: 'POST', path: '/', headers: { 'Content-Type': 'application/json' }, body });
}
