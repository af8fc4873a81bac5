import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type CancelRequest, type DeliveryFilter, type EventFilter, type Outbox, type ReplayRequest, StoreError } from '../outbox/store.ts';
import type { Logger } from '../sdk/ports.ts';
import { createAdminApp } from './admin-server.ts';

const TOKEN = 'a-token-for-tests';
const filters: (DeliveryFilter | EventFilter)[] = [];
const decisions: (ReplayRequest | CancelRequest)[] = [];
const logged: string[] = [];
const log: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (_fields, message) => logged.push(message),
  child: () => log,
};

const FAULT = {
  file: 'a.yaml',
  line: 1,
  column: 1,
  object: 'Alert/apps/all',
  field: 'spec',
  message: 'm',
  hint: 'h',
  severity: 'error',
} as const;

const outbox = {
  deliveries: async (filter: DeliveryFilter) => {
    filters.push(filter);
    return [];
  },
  replay: async (decision: ReplayRequest) => {
    decisions.push(decision);
    return decision.ids.map(() => 'unknown');
  },
  cancel: async (decision: CancelRequest) => {
    decisions.push(decision);
    return decision.ids.map(() => 'unknown');
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
  faults: () => [FAULT],
  log,
});
let server: Server;

before(async () => {
  // Hooks of a file run when all files have; until then the server must not keep the process alive.
  server = createServer(app).listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

interface Call {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: string;
}

async function call({ path, headers = authorized, method = 'GET', body }: Call): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers }).end(body);
  const [incoming] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { status: incoming.statusCode, headers: incoming.headers, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

const authorized = { authorization: `Bearer ${TOKEN}` };
const posting = { ...authorized, 'content-type': 'application/json' };
const REPLAY = '/api/v1/deliveries/replay';
const CANCEL = '/api/v1/deliveries/cancel';

/** A write that is fine but for what a case changes. */
function write(changes: Readonly<Record<string, unknown>>, path = REPLAY): Call {
  return { path, method: 'POST', headers: posting, body: JSON.stringify({ ids: ['a'], by: 'ada', ...changes }) };
}

const refusals: readonly (Call & { readonly name: string; readonly status: number; readonly code: string })[] = [
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
  { name: 'a path with a slash more', path: '/api/v1/deliveries/', status: 404, code: 'not-found' },
  { name: 'a path that climbs in disguise', path: '/api/v1/deliveries/..%2f..%2fetc%2fpasswd', status: 404, code: 'not-found' },
  { name: 'a method that changes', path: '/api/v1/targets', method: 'POST', status: 405, code: 'method-not-allowed' },
  { name: 'a method that removes', path: '/api/v1/deliveries/a', method: 'DELETE', status: 405, code: 'method-not-allowed' },
  {
    name: 'a preflight',
    path: REPLAY,
    method: 'OPTIONS',
    headers: { ...authorized, origin: 'https://a.example' },
    status: 403,
    code: 'foreign-host',
  },
  { name: 'a write without a token', ...write({}), headers: { 'content-type': 'application/json' }, status: 401, code: 'unauthorized' },
  { name: 'a write of a browser page', ...write({}), headers: { ...posting, origin: 'null' }, status: 403, code: 'foreign-host' },
  { name: 'a write to a foreign Host', ...write({}), headers: { ...posting, host: 'a.example' }, status: 403, code: 'foreign-host' },
  ...['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=a', 'application/jsonp'].map((type) => ({
    name: `a body of ${type}`,
    ...write({}),
    headers: { ...posting, 'content-type': type },
    status: 415,
    code: 'unsupported-media-type',
  })),
  { name: 'a body without a type', ...write({}), headers: authorized, status: 415, code: 'unsupported-media-type' },
  {
    name: 'a compressed body',
    ...write({}),
    headers: { ...posting, 'content-encoding': 'gzip' },
    status: 415,
    code: 'unsupported-media-type',
  },
  { name: 'no body', ...write({}), body: '', status: 400, code: 'bad-request' },
  { name: 'a body that is no JSON', ...write({}), body: '{"ids":', status: 400, code: 'bad-request' },
  { name: 'a body that is no object', ...write({}), body: '["a"]', status: 400, code: 'bad-request' },
  { name: 'a body that is too large', ...write({ by: 'a'.repeat(200_000) }), status: 413, code: 'too-large' },
  { name: 'an unknown field', ...write({ colour: 'red' }), status: 400, code: 'bad-request' },
  {
    name: 'a field of the prototype',
    ...write({}),
    body: '{"ids":["a"],"by":"ada","__proto__":{"force":true}}',
    status: 400,
    code: 'bad-request',
  },
  { name: 'a replay of nobody', ...write({ ids: [] }), status: 400, code: 'bad-request' },
  { name: 'too many at once', ...write({ ids: Array.from({ length: 501 }, String) }), status: 400, code: 'bad-request' },
  { name: 'a decision of nobody', ...write({ by: ' ' }), status: 400, code: 'bad-request' },
  { name: 'a decision of somebody with control characters', ...write({ by: 'a\u001b[2J' }), status: 400, code: 'bad-request' },
  { name: 'ids and a selection', ...write({ select: { target: 't' } }), status: 400, code: 'bad-request' },
  { name: 'neither ids nor a selection', ...write({ ids: undefined }), status: 400, code: 'bad-request' },
  { name: 'a selection of everything', ...write({ ids: undefined, select: { olderThanMs: 1 } }), status: 400, code: 'bad-request' },
  {
    name: 'a replay of what waits',
    ...write({ ids: undefined, select: { target: 't', states: ['waiting'] } }),
    status: 400,
    code: 'bad-request',
  },
  {
    name: 'a cancel of what ended',
    ...write({ ids: undefined, select: { target: 't', states: ['dead'] } }, CANCEL),
    status: 400,
    code: 'bad-request',
  },
  { name: 'a forced cancel', ...write({ force: true }, CANCEL), status: 400, code: 'bad-request' },
  { name: 'parameters of a write in the path', ...write({}), path: `${REPLAY}?dryRun=true`, status: 400, code: 'bad-request' },
  { name: 'a page after nothing', path: '/api/v1/deliveries?after=none', status: 404, code: 'not-found' },
  { name: 'a page of events after nothing', path: '/api/v1/events?after=none', status: 404, code: 'not-found' },
  { name: 'a replay after nothing', ...write({ after: 'none' }), status: 404, code: 'not-found' },
  { name: 'a parameter given twice', path: '/api/v1/deliveries?target=a&target=b', status: 400, code: 'bad-request' },
  { name: 'an unknown delivery', path: '/api/v1/deliveries/none', status: 404, code: 'not-found' },
  { name: 'an unknown event', path: '/api/v1/events/none/explanation', status: 404, code: 'not-found' },
  { name: 'an unknown state', path: '/api/v1/deliveries?state=lost', status: 400, code: 'bad-request' },
  { name: 'an unknown verdict', path: '/api/v1/events?verdict=lost', status: 400, code: 'bad-request' },
  { name: 'an unknown parameter', path: '/api/v1/deliveries?colour=red', status: 400, code: 'bad-request' },
  { name: 'a page too long', path: '/api/v1/events?limit=1000000', status: 400, code: 'bad-request' },
  { name: 'a store that fails', path: '/api/v1/targets', status: 503, code: 'store' },
  { name: 'a bug', path: '/api/v1/stats', status: 500, code: 'bug' },
];

for (const { name, status, code, ...asked } of refusals) {
  test(`admin refuses ${name}`, async () => {
    const answer = await call(asked);

    assert.deepEqual({ status: answer.status, code: answer.body['code'] }, { status, code });
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.doesNotMatch(JSON.stringify(answer.body), new RegExp(TOKEN));
    assert.deepEqual(decisions, [], 'nothing was decided');
  });
}

test('admin logs its own mistakes', () => assert.deepEqual(logged, ['admin request failed']));

test('filters reach the store', async () => {
  filters.length = 0;

  await call({
    path: '/api/v1/deliveries?state=dead,waiting&target=flux//apps/slack&kind=Kustomization&reason=auth&olderThanMs=60000&limit=5',
  });
  await call({ path: '/api/v1/deliveries?id=a,b&order=oldest&history=false' });
  await call({ path: '/api/v1/deliveries?changedWithinMs=7' });
  await call({ path: '/api/v1/events?namespace=apps&pending=true&reason=Failed&olderThanMs=5' });
  await call({ path: '/api/v1/events?severity=error&verdict=unmatched&order=oldest' });

  assert.deepEqual(filters, [
    {
      limit: 5,
      states: ['dead', 'waiting'],
      targetKey: 'flux//apps/slack',
      subject: { kind: 'Kustomization' },
      reason: 'auth',
      olderThanMs: 60_000,
      order: 'newest',
      withHistory: true,
    },
    { limit: 50, ids: ['a', 'b'], order: 'oldest', withHistory: false },
    { limit: 50, changedWithinMs: 7, order: 'newest', withHistory: true },
    { limit: 50, subject: { namespace: 'apps' }, pending: true, reason: 'Failed', olderThanMs: 5, order: 'newest' },
    { limit: 50, severity: 'error', verdict: 'unmatched', order: 'oldest' },
  ]);
});

test('decisions reach the store with who made them', async () => {
  filters.length = 0;

  const replay = await call(write({ ids: ['a', 'b'], force: true }));
  await call(write({ ids: undefined, select: { target: 'flux//apps/slack', youngerThanMs: 5 }, dryRun: true, by: ' bob ' }, CANCEL));

  assert.deepEqual(decisions.splice(0), [
    { ids: ['a', 'b'], force: true, by: 'ada', dryRun: false },
    { ids: [], by: 'bob', dryRun: true },
  ]);
  assert.deepEqual(replay.body, {
    items: [
      { id: 'a', result: 'unknown' },
      { id: 'b', result: 'unknown' },
    ],
    next: null,
  });
  assert.deepEqual(filters[1], {
    targetKey: 'flux//apps/slack',
    youngerThanMs: 5,
    states: ['waiting', 'leased'],
    limit: 500,
    order: 'oldest',
    withHistory: false,
  });
});

test('a method that is refused is told which ones are taken', async () => {
  assert.equal((await call({ path: CANCEL, method: 'PUT' })).headers['allow'], 'POST');
});

test('faults of the configuration are listed', async () => {
  assert.deepEqual((await call({ path: '/api/v1/faults' })).body, { items: [FAULT] });
});
