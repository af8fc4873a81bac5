// Two replicas on one database: one outbox behind two ports.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDatabaseProduct } from '../support/database-product.ts';
import { writeWebhooks } from '../support/flux-manifests.ts';
import { type Sent, sendLikeFlux, type TestEvent } from '../support/flux-sender.ts';
import { askStats, byObject, countDuplicates, drained, isDelivered, until } from '../support/outcome.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import type { Product } from '../support/product.ts';
import { type Behaviour, WebhookSink } from '../support/webhook-sink.ts';

const WITHIN_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'tocsin-replicas-'));
let behave: () => Behaviour = () => ({ kind: 'answer', status: 200 });
const sink = new WebhookSink(() => behave());
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

const start = (name: string, url: string): Promise<Product> => startDatabaseProduct({ directory: folder, name, url });

function anEvent(number: number): TestEvent {
  return { namespace: 'apps', name: `app-${number}`, message: `message ${number}` };
}

test('the same event to both is one delivery, sent by either', async () => {
  const url = await database.createDatabase('dedup');
  const [one, two] = await Promise.all([start('dedup-1', url), start('dedup-2', url)]);
  try {
    const sent = await Promise.all(
      Array.from({ length: 50 }, (_, number) =>
        Promise.all([one, two].map(({ addresses }) => sendLikeFlux(addresses.events, anEvent(number)))),
      ),
    );
    assert.ok(await drained(two, WITHIN_MS));

    assert.deepEqual(
      sent.map((pair) => pair.map(({ outcome }) => outcome).toSorted()),
      sent.map(() => ['accepted', 'duplicate']),
    );
    assert.deepEqual(
      [...byObject(sink.requests)].filter(([, own]) => own.length !== 1),
      [],
    );
    assert.equal(sink.requests.length, 50);
    // The size is asked for every 10 s, by each in its own time.
    const [first, second] = (await Promise.all([one, two].map(askStats))).map(({ states, events }) => ({ states, events }));
    assert.deepEqual(first, second, 'both tell of one store');
    assert.equal(first?.states.delivered, 50);
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
});

test('a replica is killed under load: all that was acknowledged arrives, under the id that it had', async (context) => {
  const url = await database.createDatabase('killed');
  sink.requests.length = 0;
  behave = () => ({ kind: 'hang' });
  const doomed = await start('killed-1', url);
  const early = await sendLikeFlux(doomed.addresses.events, { namespace: 'apps', name: 'early', message: 'leased by the one that dies' });
  assert.ok(await until(() => sink.requests.length === 1, WITHIN_MS));
  behave = () => ({ kind: 'answer', status: 200, delayMs: 30 });
  const survivor = await start('killed-2', url);
  try {
    const sending: Promise<Sent>[] = [];
    for (let number = 0; number < 300; number += 1) {
      // A Service sends to a pod that is gone until it notices; a sender tries again, elsewhere.
      const [first, second] = number % 2 === 0 ? [doomed, survivor] : [survivor, doomed];
      const product = first.hasExited() ? second : first;
      sending.push(sendLikeFlux(product.addresses.events, anEvent(number)));
      if (number === 150) doomed.kill('SIGKILL');
      await sleep(5);
    }
    const fromDead = await until(() => doomed.hasExited(), WITHIN_MS);
    const sent = await Promise.all(sending);
    const acknowledged = sent.flatMap(({ outcome }, number) => (outcome === 'given-up' ? [] : [`apps/app-${number}`]));
    assert.ok(await drained(survivor, WITHIN_MS));

    const delivered = new Set([...byObject(sink.requests)].filter(([, own]) => own.some(isDelivered)).map(([object]) => object));
    const { changedIds, duplicates } = countDuplicates(sink.requests);
    context.diagnostic(`${acknowledged.length} of 300 acknowledged, ${duplicates} duplicates, ${sink.requests.length} requests`);
    assert.ok(fromDead);
    assert.equal(early.outcome, 'accepted');
    assert.ok(acknowledged.length >= 150, `${acknowledged.length} acknowledged`);
    assert.deepEqual(
      [...acknowledged, 'apps/early'].filter((object) => !delivered.has(object)),
      [],
    );
    assert.deepEqual(changedIds, []);
  } finally {
    doomed.kill('SIGKILL');
    await survivor.stop();
  }
});

test('a replica that is stopped hands over what it did not send', async () => {
  const url = await database.createDatabase('stopped');
  sink.requests.length = 0;
  behave = () => ({ kind: 'answer', status: 200, delayMs: 50 });
  const leaving = await start('stopped-1', url);
  const staying = await start('stopped-2', url);
  try {
    const sent = await Promise.all(Array.from({ length: 200 }, (_, number) => sendLikeFlux(leaving.addresses.events, anEvent(number))));
    await leaving.stop();
    assert.ok(await drained(staying, WITHIN_MS));

    assert.deepEqual(new Set(sent.map(({ outcome }) => outcome)), new Set(['accepted']));
    assert.equal(byObject(sink.requests.filter(isDelivered)).size, 200);
    assert.equal(countDuplicates(sink.requests).duplicates, 0);
  } finally {
    await staying.stop();
  }
});
