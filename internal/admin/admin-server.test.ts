import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type DeliveryFilter, type EventFilter, type Outbox, StoreError } from '../outbox/store.ts';
import type { Logger } from '../sdk/ports.ts';
import { createAdminApp } from './admin-server.ts';

const TOKEN = 'a-token-for-tests';
const filters: (DeliveryFilter | EventFilter)[] = [];
const logged: string[] = [];
const log: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (_fields, message) => logged.push(message),
  child: () => log,
};

const outbox = {
  deliveries: async (filter: DeliveryFilter) => {
    filters.push(filter);
    return [];
  },
  events: async (filter: EventFilter) => {
    filters.push(filter);
    return [];
  },
  delivery: async () => undefined,
  event: async () => undefined,
  targets: async () => {
    throw new StoreError('full', 'the disk is full');
  },
  stats: async () => {
    throw new TypeError('a mistake');
  },
} as unknown as Outbox;

const app = createAdminApp({
  outbox,
  token: TOKEN,
  explain: () => ({ verdicts: [], revision: 'r' }),
  faults: () => [{ file: 'a.yaml' }],
  log,
});
let server: Server;

before(async () => {
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

async function call(path: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }, method = 'GET'): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers }).end();
  const [incoming] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { status: incoming.statusCode, headers: incoming.headers, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

const authorized = { authorization: `Bearer ${TOKEN}` };
const refusals: readonly { name: string; path: string; headers?: Record<string, string>; method?: string; status: number; code: string }[] =
  [
    { name: 'no token', path: '/api/v1/events', headers: {}, status: 401, code: 'unauthorized' },
    { name: 'a wrong token', path: '/api/v1/events', headers: { authorization: `Bearer ${TOKEN}x` }, status: 401, code: 'unauthorized' },
    { name: 'a foreign Host', path: '/api/v1/events', headers: { ...authorized, host: 'evil.example' }, status: 403, code: 'foreign-host' },
    {
      name: 'a Host that only starts like loopback',
      path: '/api/v1/events',
      headers: { ...authorized, host: '127.0.0.1.evil.example' },
      status: 403,
      code: 'foreign-host',
    },
    {
      name: 'a browser page',
      path: '/api/v1/events',
      headers: { ...authorized, origin: 'http://127.0.0.1' },
      status: 403,
      code: 'foreign-host',
    },
    { name: 'an unknown path', path: '/api/v1/nothing', status: 404, code: 'not-found' },
    { name: 'a path that climbs', path: '/api/v1/../../etc/passwd', status: 404, code: 'not-found' },
    { name: 'a path that is no percent-encoding', path: '/api/v1/events/%E0%A4%A', status: 400, code: 'bad-request' },
    { name: 'a method that changes', path: '/api/v1/events', method: 'POST', status: 404, code: 'not-found' },
    { name: 'an unknown delivery', path: '/api/v1/deliveries/none', status: 404, code: 'not-found' },
    { name: 'an unknown event', path: '/api/v1/events/none/explanation', status: 404, code: 'not-found' },
    { name: 'an unknown state', path: '/api/v1/deliveries?state=lost', status: 400, code: 'bad-request' },
    { name: 'an unknown parameter', path: '/api/v1/deliveries?colour=red', status: 400, code: 'bad-request' },
    { name: 'a page too long', path: '/api/v1/events?limit=1000000', status: 400, code: 'bad-request' },
    { name: 'a store that fails', path: '/api/v1/targets', status: 503, code: 'store' },
    { name: 'a bug', path: '/api/v1/stats', status: 500, code: 'bug' },
  ];

for (const { name, path, headers, method, status, code } of refusals) {
  test(`admin refuses ${name}`, async () => {
    const answer = await call(path, headers, method);

    assert.deepEqual({ status: answer.status, code: answer.body['code'] }, { status, code });
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.doesNotMatch(JSON.stringify(answer.body), new RegExp(TOKEN));
  });
}

test('admin logs its own mistakes', () => assert.deepEqual(logged, ['admin request failed']));

test('filters reach the store', async () => {
  filters.length = 0;

  await call('/api/v1/deliveries?state=dead,waiting&target=flux//apps/slack&kind=Kustomization&reason=auth&olderThanMs=60000&limit=5');
  await call('/api/v1/events?namespace=apps&pending=true');

  assert.deepEqual(filters, [
    {
      limit: 5,
      states: ['dead', 'waiting'],
      targetKey: 'flux//apps/slack',
      subject: { kind: 'Kustomization' },
      reason: 'auth',
      olderThanMs: 60_000,
    },
    { limit: 50, subject: { namespace: 'apps' }, pending: true },
  ]);
});

test('faults of the configuration are listed', async () => {
  assert.deepEqual((await call('/api/v1/faults')).body, { items: [{ file: 'a.yaml' }] });
});
