// What a tenant of a cluster is answered: the deliveries of Alerts in their namespaces, and nothing about anybody else's.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../test/support/clock.ts';
import { startInline } from '../../test/support/inline-writer.ts';
import { aDelivery, anEvent, projectBody } from '../../test/support/outbox.ts';
import { toTestTarget } from '../../test/support/routing.ts';
import type { Event } from '../event/event.ts';
import { openSqliteOutbox } from '../outbox/sqlite/outbox.ts';
import type { Append, Outbox } from '../outbox/store.ts';
import type { Explained } from '../routing/explain.ts';
import type { Verdict } from '../routing/route.ts';
import type { Logger } from '../sdk/ports.ts';
import { createAdminApp } from './admin-server.ts';
import type { Authority } from './visitor.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

/** `verb namespace`, or `verb *`; by token. */
const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  reader: ['get ours'],
  operator: ['get ours', 'replay ours', 'send ours'],
  auditor: ['get ours', 'get theirs'],
  everywhere: ['get *', 'get ours', 'get theirs'],
  nobody: [],
};

let isAway = false;
const authority: Authority = {
  visitorOf: async (token) => {
    if (isAway) throw new Error('no answer');
    const rights = RIGHTS[token];
    return rights && { name: `user-${token}`, may: async (verb, namespace = '*') => rights.includes(`${verb} ${namespace}`) };
  },
};

function routeOf(namespace: string): Verdict['route'] {
  return { dialect: 'flux', tenant: '', namespace, name: 'alert', uid: `uid-${namespace}` };
}

function verdict(namespace: string, dropped?: 'cross-namespace' | 'severity'): Explained {
  const names = { route: routeOf(namespace), targetKey: `flux//${namespace}/target`, closeness: 1 };
  return dropped === undefined ? { ...names, kind: 'matched' } : { ...names, kind: 'dropped', reason: dropped };
}

function stored(id: string, subjectNamespace: string, verdicts: readonly Verdict[]): Append {
  const event = anEvent(id);
  const takers = verdicts.filter(({ kind }) => kind === 'matched').map(({ route }) => route.namespace);
  const deliveries = takers.map((namespace) => ({
    ...aDelivery({ lane: `${id}-${namespace}` }),
    route: routeOf(namespace),
    target: { ...routeOf(namespace), name: 'target' },
  }));
  return { event: { ...event, subject: { ...event.subject, namespace: subjectNamespace } }, verdicts, deliveries, revision: 'r' };
}

let folder: string;
let outbox: Outbox;
let server: Server;
const sent: Event[] = [];

beforeEach(async () => {
  isAway = false;
  sent.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'tocsin-tenants-'));
  outbox = await openSqliteOutbox({
    path: join(folder, 'outbox.db'),
    project: projectBody,
    clock: new ManualClock(),
    random: () => 0.5,
    reserveBytes: 64 * 1024,
    startWriter: startInline,
  });
  await outbox.append([
    stored('of-ours', 'ours', [verdict('ours')]),
    stored('of-theirs', 'theirs', [verdict('theirs')]),
    stored('of-both', 'theirs', [verdict('theirs'), verdict('ours')]),
    stored('refused-to-ours', 'theirs', [verdict('ours', 'cross-namespace')]),
    stored('dropped-by-ours', 'ours', [verdict('ours', 'severity'), verdict('theirs', 'severity')]),
  ]);
  const fault = { file: 'cluster', line: 0, column: 0, field: '', message: 'm', hint: 'h', severity: 'error' as const };
  const app = createAdminApp({
    outbox,
    token: 'server',
    authority,
    explain: () => ({ verdicts: [verdict('ours'), verdict('theirs')], revision: 'r' }),
    faults: () => ['Alert/ours/a', 'Alert/theirs/b', 'Kustomization'].map((object) => ({ ...fault, object })),
    inspection: {
      outbox,
      toEvent: (body) => ({
        ...anEvent('test'),
        subject: { ...anEvent('test').subject, namespace: (JSON.parse(body) as { of: string }).of },
      }),
      submit: async (event) => {
        sent.push(event);
        return { outcome: 'accepted', eventId: event.id, resetAtMs: 1 };
      },
      explainEvent: ({ subject }) => ({
        verdicts: [verdict('ours'), subject.namespace === 'ours' ? verdict('theirs', 'severity') : verdict('theirs')],
        revision: 'r',
      }),
      targets: () =>
        ['ours', 'theirs'].map((namespace) =>
          toTestTarget('target', { ref: { ...routeOf(namespace), name: 'target' }, key: `flux//${namespace}/target` }),
        ),
      check: async ({ key, type }) => ({ provider: key, type, isFine: true, steps: [] }),
    },
    log: silent,
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await outbox.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(token: string, path: string, body?: object): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

interface Item {
  readonly key?: string;
  readonly object?: string;
  readonly event?: { readonly id: string };
  readonly eventId?: string;
  readonly route?: { readonly namespace: string };
  readonly verdicts?: readonly { readonly route: { readonly namespace: string } }[];
}

function items({ body }: Answer): readonly Item[] {
  return body['items'] as readonly Item[];
}

const lists: readonly {
  readonly name: string;
  readonly path: string;
  readonly show: (item: Item) => string;
  readonly want: readonly string[];
}[] = [
  {
    name: 'deliveries',
    path: '/deliveries',
    show: ({ eventId, route }) => `${eventId} ${route?.namespace}`,
    want: ['of-both ours', 'of-ours ours'],
  },
  {
    name: 'events and verdicts',
    path: '/events',
    show: ({ event, verdicts }) => `${event?.id} ${verdicts?.map(({ route }) => route.namespace).join()}`,
    want: ['dropped-by-ours ours', 'of-both ours', 'of-ours ours'],
  },
  { name: 'Targets', path: '/targets', show: ({ key }) => key ?? '', want: ['flux//ours/target'] },
  { name: 'Providers', path: '/providers', show: ({ key }) => key ?? '', want: ['flux//ours/target'] },
  { name: 'faults', path: '/faults', show: ({ object }) => object ?? '', want: ['Alert/ours/a'] },
];

for (const { name, path, show, want } of lists) {
  test(`a tenant sees their own ${name}, and whoever may nothing sees none`, async () => {
    const found = await ask('reader', path);

    assert.equal(found.status, 200, name);
    assert.deepEqual(items(found).map(show).toSorted(), [...want].toSorted(), name);
    assert.deepEqual(items(await ask('nobody', path)), [], name);
    assert.ok(items(await ask('server', path)).length > want.length, `${name}: the token of the server shows everything`);
  });
}

test('a page is full as long as there is more', async () => {
  const first = await ask('reader', '/deliveries?limit=1');
  const second = await ask('reader', `/deliveries?limit=1&after=${String(first.body['next'])}`);
  const third = await ask('reader', `/deliveries?limit=1&after=${String(second.body['next'])}`);

  assert.deepEqual(
    [first, second, third].map((page) => items(page).map(({ eventId }) => eventId)),
    [['of-both'], ['of-ours'], []],
  );
});

const single: readonly { readonly path: string; readonly status: number }[] = [
  { path: '/events/of-ours', status: 200 },
  { path: '/events/of-both', status: 200 },
  { path: '/events/of-theirs', status: 404 },
  { path: '/events/of-theirs/explanation', status: 404 },
  { path: '/events/refused-to-ours', status: 404 },
  { path: '/stats', status: 403 },
];

for (const { path, status } of single) {
  test(`a tenant who asks for ${path} is answered ${status}`, async () => {
    assert.equal((await ask('reader', path)).status, status, path);
  });
}

test('an explanation names only Alerts that the tenant may read, then and now', async () => {
  const { body } = await ask('reader', '/events/of-both/explanation');

  const { verdicts, deliveries, now } = body as Record<'verdicts' | 'deliveries', readonly Required<Item>[]> & {
    readonly now: Required<Item>;
  };
  const routes = [...verdicts, ...deliveries].map(({ route }) => route);
  assert.deepEqual(
    [...routes, ...now.verdicts.map(({ route }) => route)].map(({ namespace }) => namespace),
    ['ours', 'ours', 'ours'],
  );
});

async function idOf(eventId: string, namespace: string): Promise<string> {
  const deliveries = await outbox.deliveries({ eventId, limit: 10 });
  return deliveries.find(({ route }) => route.namespace === namespace)?.id ?? '';
}

test('deciding takes a right of its own, and is recorded under the name of the cluster', async () => {
  const id = await idOf('of-ours', 'ours');

  const refused = await ask('reader', '/deliveries/cancel', { ids: [id], by: 'root' });
  const done = await ask('operator', '/deliveries/cancel', { ids: [id], by: 'root' });

  assert.deepEqual([refused.status, refused.body['code']], [403, 'forbidden']);
  assert.match(String(refused.body['detail']), /verb "replay" on alerts of namespace ours/);
  assert.equal(done.status, 200);
  assert.equal((await outbox.delivery(id))?.decisions?.[0]?.by, 'user-operator');
});

test('what a tenant does not see they cannot decide about', async () => {
  const id = await idOf('of-both', 'theirs');

  const { body } = await ask('operator', '/deliveries/cancel', { ids: [id], by: 'me' });

  assert.deepEqual(body['items'], [{ id, result: 'unknown' }]);
  assert.equal((await outbox.delivery(id))?.state, 'waiting');
});

const sends = [
  { name: 'an event that only their Alerts take', token: 'operator', of: 'ours', status: 200 },
  { name: 'an event that an Alert of others takes as well', token: 'operator', of: 'theirs', status: 403 },
  { name: 'an event without the right to send', token: 'reader', of: 'ours', status: 403 },
  { name: 'any event with the token of the server', token: 'server', of: 'theirs', status: 200 },
];

for (const { name, token, of, status } of sends) {
  test(`a test event: ${name}`, async () => {
    const answer = await ask(token, '/test-events', { of });

    assert.equal(answer.status, status, name);
    assert.equal(sent.length, status === 200 ? 1 : 0, name);
  });
}

test('a check of a Provider uses its credentials, so it takes the right to send', async () => {
  assert.equal((await ask('reader', '/providers/ours/target/check', {})).status, 403);
  assert.equal((await ask('operator', '/providers/ours/target/check', {})).status, 200);
  assert.equal((await ask('operator', '/providers/theirs/target/check', {})).status, 404);
});

test('counts are for those who may read everything', async () => {
  assert.equal((await ask('auditor', '/stats')).status, 403);
  assert.equal((await ask('everywhere', '/stats')).status, 200);
});

test("a token that is nobody's is refused, and nobody passes while the cluster cannot be asked", async () => {
  assert.equal((await ask('stranger', '/deliveries')).status, 401);

  isAway = true;

  const { status, body } = await ask('reader', '/deliveries');
  assert.deepEqual([status, body['code']], [503, 'authority']);
  assert.equal((await ask('server', '/deliveries')).status, 200);
});
