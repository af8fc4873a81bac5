// Replays and cancels over the API against a real store: pages, order, lane rules, and answers that are what the schemas say.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { ManualClock } from '../../test/support/clock.ts';
import { startInline } from '../../test/support/inline-writer.ts';
import {
  aDelivery,
  anAppend,
  anEvent,
  aSettlement,
  type DeliveryWords,
  type EventWords,
  leaseNow,
  projectBody,
} from '../../test/support/outbox.ts';
import { openSqliteOutbox } from '../outbox/sqlite/outbox.ts';
import type { Outbox } from '../outbox/store.ts';
import type { Logger } from '../sdk/ports.ts';
import { createAdminApp } from './admin-server.ts';
import type { CancelStep, ReplayStep } from './answers.ts';
import { type Endpoint, ENDPOINTS } from './endpoints.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

const TARGET = 'flux//default/target';
const EXPLAINED = { verdicts: [], revision: 'r' };
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

let folder: string;
let outbox: Outbox;
let server: Server;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-admin-'));
  outbox = await openSqliteOutbox({
    path: join(folder, 'outbox.db'),
    project: projectBody,
    clock: new ManualClock(),
    random: () => 0.5,
    reserveBytes: 64 * 1024,
    startWriter: startInline,
  });
  server = createServer(createAdminApp({ outbox, token: 't', explain: () => EXPLAINED, faults: () => [], log: silent })).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await outbox.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The answer, which is exactly what its schema says. */
async function ask<const E extends Endpoint>(
  endpoint: E,
  question: { readonly id?: string; readonly query?: string; readonly body?: object } = {},
) {
  const { port } = server.address() as AddressInfo;
  const path = endpoint.path.replace(':id', question.id ?? '');
  const answer = await fetch(`http://127.0.0.1:${port}${path}${question.query ?? ''}`, {
    method: endpoint.method.toUpperCase(),
    headers: { authorization: 'Bearer t', ...(question.body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
  });
  assert.equal(answer.status, 200);
  return endpoint.answer.parse(await answer.json()) as z.output<E['answer']>;
}

/** Deliveries that died one after another. */
async function die(count: number, delivery: DeliveryWords = {}, event: (index: number) => EventWords = () => ({})): Promise<void> {
  await outbox.append(Array.from({ length: count }, (_, index) => anAppend(anEvent(`e${index}`, event(index)), [aDelivery(delivery)])));
  for (;;) {
    const leases = await leaseNow(outbox, 500);
    if (leases.length === 0) return;
    await outbox.settle(leases.map((lease) => aSettlement(lease, { kind: 'rejected', reason: 'bad-request', message: 'm' })));
  }
}

async function steps(endpoint: typeof ENDPOINTS.replay | typeof ENDPOINTS.cancel, body: object) {
  const pages: (z.output<typeof ReplayStep> | z.output<typeof CancelStep>)[] = [];
  let after: string | null | undefined;
  while (after !== null) {
    const page: z.output<typeof ReplayStep> | z.output<typeof CancelStep> = await ask(endpoint, {
      body: { ...body, ...(after === undefined ? {} : { after }) },
    });
    pages.push(page);
    after = page.next;
  }
  return pages;
}

test('all dead letters of a Target are replayed in pages, the oldest first', async () => {
  await die(25);

  const plan = await steps(ENDPOINTS.replay, { select: { target: TARGET }, limit: 10, by: 'ada', dryRun: true });
  const before = await outbox.stats();
  const done = await steps(ENDPOINTS.replay, { select: { target: TARGET }, limit: 10, by: 'ada' });

  assert.deepEqual(
    [plan, done].map((pages) => pages.map(({ items }) => items.length)),
    [
      [10, 10, 5],
      [10, 10, 5],
    ],
  );
  assert.equal(before.states.dead, 25, 'a dry run changes nothing');
  assert.equal((await outbox.stats()).states.waiting, 25);
  assert.deepEqual(
    done.flatMap(({ items }) => items.map(({ delivery }) => delivery?.eventId)),
    Array.from({ length: 25 }, (_, index) => `e${index}`),
  );
  const [first] = (await ask(ENDPOINTS.listDeliveries, { query: '?event=e0' })).items;
  assert.deepEqual(
    first?.decisions?.map(({ kind, by, from, reason }) => ({ kind, by, from, reason })),
    [{ kind: 'replay', by: 'ada', from: 'dead', reason: 'bad-request' }],
  );
});

test('what dies again while a long replay goes on is not replayed again by it', async () => {
  await die(20, { lane: 'one' });

  const first = await ask(ENDPOINTS.replay, { body: { select: { target: TARGET }, limit: 15, by: 'ada' } });
  for (let count = 0; count < 15; count += 1) {
    for (const lease of await leaseNow(outbox))
      await outbox.settle([aSettlement(lease, { kind: 'rejected', reason: 'auth', message: 'm' })]);
  }
  const second = await ask(ENDPOINTS.replay, { body: { select: { target: TARGET }, limit: 15, after: first.next, by: 'ada' } });

  assert.deepEqual([first.items.length, second.items.length, second.next], [15, 5, null]);
});

test('of a status lane only the newest is sent again, unless forced', async () => {
  const newest = { lane: 'status', policy: 'newest' } as const;
  await die(3, newest, (index) => ({ occurredAtMs: index * 1_000 }));
  const ids = (await outbox.deliveries({ limit: 10, order: 'oldest' })).map(({ id }) => id);

  const plain = await ask(ENDPOINTS.replay, { body: { ids, by: 'ada' } });
  const forced = await ask(ENDPOINTS.replay, { body: { ids: [ids[0], 'nobody'], force: true, by: 'bob' } });

  assert.deepEqual(
    plain.items.map(({ result }) => result),
    ['outdated', 'outdated', 'requeued'],
  );
  assert.deepEqual(
    forced.items.map(({ result }) => result),
    ['requeued', 'unknown'],
  );
});

test('what waits and what is being sent is cancelled, and who did it is shown', async () => {
  await outbox.append(['e1', 'e2'].map((id) => anAppend(anEvent(id), [aDelivery({ lane: id })])));
  const [leased] = await leaseNow(outbox, 1);

  const { items } = await ask(ENDPOINTS.cancel, { body: { select: { target: TARGET }, by: 'ada' } });
  const again = await ask(ENDPOINTS.cancel, { body: { ids: items.map(({ id }) => id), by: 'ada' } });

  assert.deepEqual(items.map(({ result, delivery }) => `${delivery?.state} ${result}`).toSorted(), [
    'leased cancelled',
    'waiting cancelled',
  ]);
  assert.deepEqual(
    again.items.map(({ result }) => result),
    ['ended', 'ended'],
  );
  const shown = await ask(ENDPOINTS.showDelivery, { id: leased?.delivery.id ?? '' });
  assert.deepEqual([shown.state, shown.message, shown.decisions?.[0]?.from], ['cancelled', 'cancelled by ada', 'leased']);
});

test('every answer is what its schema says', async () => {
  await die(2);
  const traced = { ...anEvent('traced'), traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  await outbox.append([anAppend(traced, [])]);

  const events = await ask(ENDPOINTS.listEvents, { query: '?limit=1' });
  await ask(ENDPOINTS.showEvent, { id: 'e0' });
  const shown = await ask(ENDPOINTS.showEvent, { id: 'traced' });
  await ask(ENDPOINTS.explainEvent, { id: 'e0' });
  await ask(ENDPOINTS.listTargets);
  await ask(ENDPOINTS.showStats);
  await ask(ENDPOINTS.listFaults);
  const last = await ask(ENDPOINTS.listEvents, { query: `?limit=5&after=${events.next}` });

  assert.deepEqual([events.next, last.items.map(({ event }) => event.id), last.next], ['traced', ['e1', 'e0'], null]);
  assert.equal(shown.event.traceparent, traced.traceparent);
});
