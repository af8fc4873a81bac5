import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { KubeApi, type KubeReply, refusal } from '../../test/support/kube-api.ts';
import { createTestClient, plainAccess, THINGS, THINGS_PATH } from '../../test/support/kube-client.ts';
import { settleDown, until } from '../../test/support/until.ts';
import { isConflict, KubeError } from './kube-error.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

let api: KubeApi;
let world: ReturnType<typeof createTestClient>;

beforeEach(async () => {
  api = await KubeApi.start();
  world = createTestClient(api.port);
});

afterEach(async () => {
  await world.client.close();
  await api.close();
});

const NODES = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
const KEY = { namespace: 'apps', name: 'a' };
const draft = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: KEY };

test('reads, writes and deletes one object', async () => {
  const { client } = world;

  assert.equal(await client.get(THINGS, KEY), undefined);
  const created = await client.create(THINGS, { ...draft, spec: { size: 1, color: 'red' } });
  const patched = await client.patch(THINGS, KEY, { spec: { color: null, shape: 'round' } });
  const withStatus = await client.patchStatus(THINGS, KEY, { status: { ready: true } });
  const replaced = await client.replace(THINGS, { ...withStatus, spec: {} });

  assert.deepEqual(patched['spec'], { size: 1, shape: 'round' });
  assert.deepEqual(withStatus['status'], { ready: true });
  assert.deepEqual(replaced['spec'], {});
  await assert.rejects(client.replace(THINGS, created), isConflict);
  await assert.rejects(client.create(THINGS, draft), isConflict);
  assert.deepEqual((await client.get(THINGS, KEY))?.['spec'], {});
  assert.deepEqual([await client.delete(THINGS, KEY), await client.delete(THINGS, KEY)], [true, false]);
});

test('each request is made as the API asks for it', async () => {
  const { client } = world;
  api.intercept = () => ({ status: 200, body: { metadata: { name: 'a' }, items: [] } });
  const rows: readonly (readonly [string, () => Promise<unknown>, string, string | undefined])[] = [
    ['get', () => client.get(THINGS, KEY), `GET ${THINGS_PATH.replace('things', 'namespaces/apps/things')}/a`, undefined],
    [
      'odd names',
      () => client.get(THINGS, { namespace: 'a/b', name: 'c?d' }),
      'GET /apis/example.com/v1/namespaces/a%2Fb/things/c%3Fd',
      undefined,
    ],
    ['core, cluster-wide', () => client.get(NODES, { name: 'n' }), 'GET /api/v1/nodes/n', undefined],
    [
      'list',
      () => client.list(THINGS, { labelSelector: 'a in (b)' }),
      `GET ${THINGS_PATH}?labelSelector=a+in+%28b%29&limit=500`,
      undefined,
    ],
    [
      'list one namespace',
      () => client.list(THINGS, { namespace: 'apps' }),
      'GET /apis/example.com/v1/namespaces/apps/things?limit=500',
      undefined,
    ],
    ['create', () => client.create(THINGS, draft), 'POST /apis/example.com/v1/namespaces/apps/things', 'application/json'],
    ['patch', () => client.patch(THINGS, KEY, {}), 'PATCH /apis/example.com/v1/namespaces/apps/things/a', 'application/merge-patch+json'],
    [
      'status',
      () => client.patchStatus(THINGS, KEY, {}),
      'PATCH /apis/example.com/v1/namespaces/apps/things/a/status',
      'application/merge-patch+json',
    ],
    [
      'apply',
      () => client.apply(THINGS, draft, { fieldManager: 'tocsin', force: true, subresource: 'status' }),
      'PATCH /apis/example.com/v1/namespaces/apps/things/a/status?fieldManager=tocsin&force=true',
      'application/apply-patch+yaml',
    ],
    [
      'submit',
      () => client.submit(THINGS, {}, { of: { ...KEY, subresource: 'token' } }),
      'POST /apis/example.com/v1/namespaces/apps/things/a/token',
      'application/json',
    ],
  ];
  for (const [name, make, want, contentType] of rows) {
    await make();
    const { method, path, query, headers } = api.requests.at(-1) ?? assert.fail(name);
    assert.equal(`${method} ${path}${query.size === 0 ? '' : `?${query.toString()}`}`, want, name);
    assert.equal(headers['content-type'], contentType, name);
    assert.equal(headers['user-agent'], 'tocsin/test', name);
  }
});

test('objects have their kind, also in lists and in metadata', async () => {
  api.put(THINGS_PATH, { metadata: { name: 'bare', namespace: 'apps' } });

  const { items } = await world.client.list(THINGS);
  const got = await world.client.get(THINGS, { namespace: 'apps', name: 'bare' }, { metadataOnly: true });

  assert.deepEqual([items[0]?.apiVersion, items[0]?.kind, got?.kind], ['example.com/v1', 'Thing', 'Thing']);
  assert.equal(api.requests.at(-1)?.headers.accept, 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json');
});

test('every failure is a KubeError that says what, where and what to do', async () => {
  const rows: readonly (readonly [string, KubeReply | 'reset', Partial<KubeError>])[] = [
    [
      'refused',
      refusal(422, 'Invalid', 'spec is wrong'),
      { status: 422, reason: 'Invalid', message: 'cannot patch things.example.com apps/a: spec is wrong' },
    ],
    [
      'forbidden',
      refusal(403, 'Forbidden', 'no'),
      {
        status: 403,
        message:
          'cannot patch things.example.com apps/a: no; the missing rule is {apiGroups: ["example.com"], resources: ["things"], verbs: ["patch"]} in a Role of namespace \'apps\'',
      },
    ],
    [
      'a proxy',
      { status: 502, body: '<html>Bad Gateway</html>' },
      { status: 502, reason: 'Unknown', message: 'cannot patch things.example.com apps/a: <html>Bad Gateway</html>' },
    ],
    [
      'nothing said',
      { status: 503, body: '' },
      { status: 503, message: 'cannot patch things.example.com apps/a: the API server answered 503' },
    ],
    [
      'no object',
      { status: 200, body: {} },
      { status: 0, message: 'cannot patch things.example.com apps/a: the answer is no object with a name' },
    ],
    ['reset', 'reset', { status: 0, reason: 'Unreachable' }],
  ];
  for (const [name, reply, want] of rows) {
    api.intercept = () => reply;
    const before = api.requests.length;
    const error = await world.client.patch(THINGS, KEY, {}).catch((caught: unknown) => caught);
    assert.ok(error instanceof KubeError, name);
    assert.deepEqual(Object.fromEntries(Object.keys(want).map((key) => [key, error[key as keyof KubeError]])), want, name);
    assert.equal(api.requests.length, before + 1, `${name}: asked once`);
  }
});

test('what is not answered ends after 30 s, and when the caller gives up', async () => {
  api.intercept = () => 'silence';
  const slow = world.client.get(THINGS, KEY);
  await until(() => api.requests.length === 1, 'the request');
  world.clock.advance(30_000);
  await assert.rejects(slow, {
    name: 'KubeError',
    reason: 'Timeout',
    message: 'cannot get things.example.com apps/a: no answer from the API server within 30 s',
  });

  const caller = new AbortController();
  const given = world.client.get(THINGS, KEY, { signal: caller.signal });
  await until(() => api.requests.length === 2, 'the request');
  caller.abort(new Error('enough'));
  await assert.rejects(given, /enough/);
  assert.equal(world.clock.pending, 0);
});

test('a name that nothing can have is not there, and nothing is asked', async () => {
  const { client } = world;
  for (const name of ['', '.', '..']) {
    assert.equal(await client.get(THINGS, { namespace: 'apps', name }), undefined);
    assert.equal(await client.get(THINGS, { namespace: name, name: 'a' }), undefined);
  }
  assert.equal(await client.resourceFor('../..', 'Thing'), undefined);
  assert.equal(await client.resourceFor('', 'Thing'), undefined);

  assert.equal(api.requests.length, 0);
});

test('credentials that never come hold nobody up longer', async () => {
  const { client, clock } = createTestClient(api.port, {
    access: { ...plainAccess(api.port), credentials: () => new Promise(() => undefined) },
  });
  const slow = client.get(THINGS, KEY);
  await settleDown();
  clock.advance(30_000);

  await assert.rejects(slow, { name: 'KubeError', reason: 'Timeout' });
});

test('a connection that does not come about holds nobody up longer', async () => {
  const mute = createServer((socket) => socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const server = `https://127.0.0.1:${port}`;
  const { client, clock } = createTestClient(port, { access: { ...plainAccess(port), server } });
  try {
    const slow = client.get(THINGS, KEY);
    const caller = new AbortController();
    const given = client.get(THINGS, KEY, { signal: caller.signal });
    await once(mute, 'connection');

    const startedMs = performance.now();
    caller.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    clock.advance(30_000);
    await assert.rejects(slow, { name: 'KubeError', reason: 'Timeout' });

    assert.ok(performance.now() - startedMs < 5_000, 'sooner than the connection is given up');
  } finally {
    await client.close();
    mute.close();
  }
});

test('a connection that was closed in the moment of its use costs a read nothing', async () => {
  api.put(THINGS_PATH, draft);
  const replies: ('reset' | undefined)[] = [undefined, 'reset'];
  api.intercept = () => replies.shift();

  assert.equal((await world.client.get(THINGS, KEY))?.metadata.name, 'a');
  assert.equal((await world.client.get(THINGS, KEY))?.metadata.name, 'a');
  assert.equal(api.requests.length, 3);
});

test('waits when the API server says that it is busy, but not for ever', async () => {
  api.put(THINGS_PATH, draft);
  const busy = refusal(429, 'TooManyRequests', 'later', { 'retry-after': '2' });
  const replies = [busy, busy];
  api.intercept = () => replies.shift();
  const got = world.client.get(THINGS, KEY);
  for (let tries = 1; tries <= 2; tries++) {
    await until(() => api.requests.length === tries && world.clock.pending === 2, `try ${tries}`);
    world.clock.advance(2000);
  }
  assert.equal((await got)?.metadata.name, 'a');

  api.requests.length = 0;
  api.intercept = () => busy;
  const refused = world.client.get(THINGS, KEY);
  for (let tries = 1; tries <= 3; tries++) {
    await until(() => api.requests.length === tries && world.clock.pending === 2, `try ${tries}`);
    world.clock.advance(2000);
  }
  await assert.rejects(refused, { status: 429, retryAfterMs: 2000 });
});

test('a thousand requests one after the other share their connections, and many at once have eight', async () => {
  api.put(THINGS_PATH, draft);
  for (let number = 0; number < 1000; number++) await world.client.get(THINGS, KEY);
  assert.ok(api.connections <= 2, `${api.connections} connections`);

  await Promise.all(Array.from({ length: 200 }, async () => world.client.get(THINGS, KEY)));
  assert.equal(api.connections, 8);
});

test('kinds are found by what the API server serves, and those that come later as well', async () => {
  const root = '/apis/example.com/v1';
  const thing = { name: 'things', kind: 'Thing', namespaced: true };
  api.discoverable.set(root, [{ name: 'things/status', kind: 'Thing', namespaced: true }, thing]);
  api.discoverable.set('/api/v1', [{ name: 'nodes', kind: 'Node', namespaced: false }]);
  const { client, clock } = world;

  const [found, again] = await Promise.all([client.resourceFor('example.com/v1', 'Thing'), client.resourceFor('example.com/v1', 'Thing')]);
  assert.deepEqual(found, THINGS);
  assert.deepEqual(again, THINGS);
  assert.deepEqual(await client.resourceFor('v1', 'Node'), NODES);
  assert.equal(await client.resourceFor('example.com/v1', 'Other'), undefined);
  assert.equal(await client.resourceFor('nothing.example.com/v1', 'Thing'), undefined);
  assert.equal(await client.resourceFor('nothing.example.com/v1', 'Thing'), undefined);
  assert.equal(api.requests.length, 3);
  api.intercept = () => ({ status: 200, body: { kind: 'APIResourceList', resources: null } });
  assert.equal(await client.resourceFor('empty.example.com/v1', 'Thing'), undefined);
  api.intercept = () => undefined;

  api.discoverable.set(root, [thing, { name: 'others', kind: 'Other', namespaced: false }]);
  clock.advance(10_000);
  assert.equal((await client.resourceFor('example.com/v1', 'Other'))?.plural, 'others');
  api.intercept = () => refusal(500, 'InternalError', 'etcd is down');
  clock.advance(600_000);
  await assert.rejects(client.resourceFor('example.com/v1', 'Other'), { message: 'cannot discover example.com/v1: etcd is down' });
});

test('a kind whose version is no longer served is looked for again', async () => {
  const { client } = world;
  const root = '/apis/example.com/v1';
  api.discoverable.set(root, [{ name: 'things', kind: 'Thing', namespaced: true }]);
  assert.deepEqual(await client.resourceFor('example.com/v1', 'Thing'), THINGS);

  api.discoverable.delete(root);
  api.intercept = ({ path }) => (path.endsWith('/things') ? refusal(404, 'NotFound', 'not served') : undefined);
  const states: string[] = [];
  const ignored = { replaced: () => undefined, upserted: () => undefined, deleted: () => undefined };
  client.follow({ resource: THINGS, listener: { ...ignored, state: ({ kind }) => states.push(kind) } });
  await until(() => states.length === 1, 'the answer');

  assert.deepEqual(states, ['absent']);
  assert.equal(await client.resourceFor('example.com/v1', 'Thing'), undefined);
});

test('requests and the ends of watches are counted', async () => {
  const counted: string[] = [];
  const counting = createTestClient(api.port, {
    observer: {
      answered: ({ method, code, host }) => counted.push(`${method} ${host} ${code}`),
      watchEnded: ({ plural, cause }) => counted.push(`${plural} ${cause}`),
    },
  });
  api.intercept = ({ query }) => (query.get('watch') === null ? undefined : refusal(410, 'Expired', 'too old'));
  await counting.client.get(THINGS, KEY);
  const listener = { replaced: () => undefined, upserted: () => undefined, deleted: () => undefined, state: () => undefined };
  counting.client.follow({ resource: THINGS, listener });
  await until(() => counted.length === 4, 'the watch');
  await settleDown();
  await counting.client.close();

  const host = `127.0.0.1:${api.port}`;
  assert.deepEqual(counted, [`GET ${host} 404`, `GET ${host} 200`, `GET ${host} 410`, 'things gone']);
  await assert.rejects(counting.client.get(THINGS, KEY), { message: 'the connections to the API server are closed' });
});
