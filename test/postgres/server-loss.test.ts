// The database is killed and comes back while events arrive.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDatabaseProduct } from '../support/database-product.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { type Sent, sendLikeFlux, toEventBody } from '../support/flux-sender.ts';
import { sendHttp } from '../support/http-sender.ts';
import { byObject, countDuplicates, drained, isDelivered, until } from '../support/outcome.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import type { Product } from '../support/product.ts';
import { WebhookSink } from '../support/webhook-sink.ts';

const WITHIN_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'tocsin-server-loss-'));
const sink = new WebhookSink(() => ({ kind: 'answer', status: 200, delayMs: 10 }));
let database: PostgresServer;

before(async () => {
  database = await startPostgres();
  await sink.listen();
  writeWebhooks(join(folder, 'manifests'), [{ namespace: 'apps', address: `http://127.0.0.1:${sink.port}/hook` }]);
});
after(async () => {
  sink.close();
  await database?.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('senders are told to try again while it is away, and all that was acknowledged is delivered', async (context) => {
  const products = await Promise.all(['one', 'two'].map((name) => startDatabaseProduct({ directory: folder, name, url: database.url() })));
  const [product] = products;
  assert.ok(product);
  try {
    const sending: Promise<Sent>[] = [];
    let number = 0;
    const load = async (count: number): Promise<void> => {
      for (const end = number + count; number < end; number += 1) {
        const { addresses } = products[number % products.length] ?? product;
        sending.push(sendLikeFlux(addresses.events, { namespace: 'apps', name: `app-${number}`, message: 'm' }));
        await sleep(5);
      }
    };
    await load(100);
    await database.kill();
    await load(50);
    const refused = await askAway(product);
    const unready = await until(async () => (await product.ready()) === 503, WITHIN_MS);
    await database.start();
    await load(50);
    const ready = await until(async () => (await product.ready()) === 200, WITHIN_MS);
    const sent = await Promise.all(sending);
    assert.ok(await drained(product, WITHIN_MS));

    assert.deepEqual([refused.status, unready, ready], [503, true, true]);
    assert.match(refused.retryAfter, /^[12]$/);
    const delivered = new Set(byObject(sink.requests.filter(isDelivered)).keys());
    const acknowledged = sent.flatMap(({ outcome }, index) => (outcome === 'given-up' ? [] : [`apps/app-${index}`]));
    const statuses = new Set(sent.flatMap((one) => one.statuses));
    const { changedIds, duplicates } = countDuplicates(sink.requests);
    context.diagnostic(
      `${acknowledged.length} of ${sent.length} acknowledged, ${duplicates} duplicates, answers ${[...statuses].join(' ')}`,
    );
    assert.equal(acknowledged.length, sent.length, 'the pauses of a sender are longer than this outage');
    assert.deepEqual(
      acknowledged.filter((object) => !delivered.has(object)),
      [],
    );
    assert.deepEqual(changedIds, []);
    assert.deepEqual(
      [...statuses].filter((status) => ![202, 429, 503].includes(status)),
      [],
    );
    for (const one of products) assert.doesNotMatch(one.log(), /storing an event failed unexpectedly/);
  } finally {
    await Promise.all(products.map((one) => one.stop()));
  }
});

test('a database that stands still holds nobody up for longer than a sender waits', async () => {
  const url = await database.createDatabase('frozen');
  const product = await startDatabaseProduct({ directory: folder, name: 'frozen', url });
  try {
    const readyBefore = await product.ready();
    database.freeze(true);
    const startedMs = performance.now();
    const refused = await Promise.all([askAway(product), askAway(product)]);
    const answeredMs = performance.now() - startedMs;
    const unready = await product.ready();
    database.freeze(false);
    const ready = await until(async () => (await product.ready()) === 200, WITHIN_MS);
    const sent = await sendLikeFlux(product.addresses.events, { namespace: 'apps', name: 'thawed', message: 'm' });
    assert.ok(await drained(product, WITHIN_MS));

    assert.deepEqual([readyBefore, unready, ready], [200, 503, true]);
    assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set([503]));
    assert.ok(answeredMs < 4_500, `answered after ${Math.round(answeredMs)} ms`);
    assert.equal(sent.outcome, 'accepted');
    assert.ok(sink.requests.some(({ body }) => body.includes('thawed')));
  } finally {
    database.freeze(false);
    await product.stop();
  }
});

test('a database that stands still does not hold up the end of a replica', async () => {
  const url = await database.createDatabase('ending');
  const product = await startDatabaseProduct({ directory: folder, name: 'ending', url });
  try {
    database.freeze(true);
    await askAway(product);
    const startedMs = performance.now();
    const exit = await product.stop(30_000);

    assert.deepEqual(exit, { code: 0, signal: null });
    // The grace period of 8 s and what is allowed for the rest; a kubelet waits for 30.
    assert.ok(performance.now() - startedMs < 15_000);
    assert.match(product.log(), /"stopped"/);
  } finally {
    database.freeze(false);
    product.kill('SIGKILL');
  }
});

async function askAway({ addresses }: Product): Promise<{ readonly status: number; readonly retryAfter: string }> {
  const body = toEventBody({ namespace: 'apps', name: 'refused', message: 'm' });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await sendHttp({ to: addresses.events, method: 'POST', path: '/', headers, body, timeoutMs: 5_000 });
  const retryAfter = answer.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? '';
  return { status: answer.status, retryAfter };
}
