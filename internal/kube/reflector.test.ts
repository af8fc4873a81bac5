import assert from 'node:assert/strict';
import { KubeApi, refusal } from '../../test/support/kube-api.ts';
import { createRecorder, createTestClient, THINGS, THINGS_PATH } from '../../test/support/kube-client.ts';
import { settleDown, until } from '../../test/support/until.ts';
import { KubeError } from './kube-error.ts';
import type { FollowOptions } from './ports.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

let api: KubeApi;
let world: ReturnType<typeof createTestClient>;
let recorder: ReturnType<typeof createRecorder>;

beforeEach(async () => {
  api = await KubeApi.start();
  world = createTestClient(api.port);
  recorder = createRecorder();
});

afterEach(async () => {
  await world.client.close();
  await api.close();
});

function thing(name: string, spec: object = {}, namespace = 'apps') {
  return { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name, namespace }, spec };
}

function follow(options: Partial<FollowOptions> = {}) {
  return world.client.follow({ resource: THINGS, listener: recorder, ...options });
}

async function watching(watches = 1): Promise<void> {
  await until(() => api.openWatches === watches, 'the watch');
}

/** Moves time on, a second at a time, until it holds. */
async function inTime(condition: () => boolean, what: string): Promise<void> {
  await until(() => {
    if (condition()) return true;
    world.clock.advance(1000);
    return false;
  }, what);
}

const lists = () => api.requests.filter(({ query }) => query.get('watch') === null);
const watches = () => api.requests.filter(({ query }) => query.get('watch') === 'true');

test('lists in pages, then hears of every change', async () => {
  for (let number = 0; number < 1201; number++) api.put(THINGS_PATH, thing(`thing-${number}`));

  follow();
  await watching();
  api.put(THINGS_PATH, thing('thing-0', { color: 'red' }));
  api.put(THINGS_PATH, thing('new'));
  api.remove(THINGS_PATH, 'apps', 'thing-1');
  await until(() => recorder.told.length === 5, 'the changes');

  assert.deepEqual(recorder.told, ['replaced 1201', 'synced', 'upserted apps/thing-0', 'upserted apps/new', 'deleted apps/thing-1']);
  assert.deepEqual(
    lists().map(({ query }) => query.get('limit')),
    ['500', '500', '500'],
  );
  assert.deepEqual(recorder.objects.get('apps/thing-0')?.['spec'], { color: 'red' });
});

test('an empty list that Go writes as null is empty', async () => {
  api.intercept = ({ query }) =>
    query.get('watch') === null ? { status: 200, body: { metadata: { resourceVersion: '7' }, items: null } } : undefined;

  follow();
  await watching();

  assert.deepEqual(recorder.told, ['replaced', 'synced']);
});

test('asks for bookmarks and an end, and for what it was told to follow', async () => {
  follow({ namespace: 'apps', labelSelector: 'a=b', metadataOnly: true });
  await watching();

  const [list, watch] = api.requests;
  assert.equal(list?.path, '/apis/example.com/v1/namespaces/apps/things');
  assert.equal(list?.headers.accept, 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json');
  assert.equal(watch?.headers.accept, 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json');
  assert.deepEqual(Object.fromEntries(watch?.query ?? []), {
    labelSelector: 'a=b',
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: '290',
    resourceVersion: api.version,
  });
});

test('keeps of each object what it is trimmed to, and never its managed fields', async () => {
  const managed = {
    ...thing('a'),
    metadata: { name: 'a', namespace: 'apps', managedFields: [{ manager: 'kubectl' }] },
    status: { big: 1 },
  };
  api.put(THINGS_PATH, managed);

  follow({ trim: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }) });
  await watching();
  api.put(THINGS_PATH, { ...managed, metadata: { ...managed.metadata, name: 'b' } });
  await until(() => recorder.objects.size === 2, 'the second object');

  for (const object of recorder.objects.values()) {
    assert.deepEqual(Object.keys(object), ['apiVersion', 'kind', 'metadata']);
    assert.equal('managedFields' in object.metadata, false);
  }
});

test('a watch that ends as agreed is resumed at once from where it was', async () => {
  follow();
  await watching();
  world.clock.advance(2000);
  api.bookmark();
  const version = api.version;
  api.endWatches();
  await watching();

  assert.equal(watches().at(-1)?.query.get('resourceVersion'), version);
  assert.equal(lists().length, 1);
  assert.deepEqual(recorder.told, ['replaced', 'synced']);
});

test('a watch that breaks is resumed after a while, and nothing that happened meanwhile is missed', async () => {
  follow();
  await watching();
  api.resetConnections();
  await until(() => recorder.told.includes('disconnected'), 'the loss');
  api.put(THINGS_PATH, thing('meanwhile'));
  world.clock.advance(500);
  await until(() => recorder.objects.has('apps/meanwhile'), 'the change');

  assert.equal(lists().length, 1);
  assert.deepEqual(recorder.told, ['replaced', 'synced', 'disconnected', 'synced', 'upserted apps/meanwhile']);
});

test('versions that are no longer kept mean a new list: whether refused or told in the watch', async () => {
  const gone = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } });
  const ways = { refused: () => api.resetConnections(), told: () => api.writeToWatches(`${gone}\n`) };
  for (const [name, lose] of Object.entries(ways)) {
    recorder = createRecorder();
    api.put(THINGS_PATH, thing('stays'));
    api.put(THINGS_PATH, thing('goes'));
    const before = lists().length;
    const reflection = follow();
    await watching();

    api.intercept = () => 'reset';
    lose();
    await until(() => api.openWatches === 0, 'the loss');
    api.remove(THINGS_PATH, 'apps', 'goes');
    api.compact();
    api.intercept = () => undefined;
    await inTime(() => recorder.told.filter((line) => line.startsWith('replaced')).length === 2, name);

    assert.deepEqual([...recorder.objects.keys()], ['apps/stays'], name);
    assert.equal(lists().length >= before + 2, true, name);
    reflection.stop();
    await watching(0);
  }
});

for (const { name, refused } of [
  { name: 'a version that means nothing to the API server', refused: refusal(400, 'BadRequest', 'invalid resource version') },
  { name: 'a version that a restored backup has not reached', refused: refusal(504, 'Timeout', 'Too large resource version: 900') },
]) {
  test(`${name} means a new list`, async () => {
    const replies = [refused];
    api.intercept = ({ query }) => (query.get('watch') === null ? undefined : replies.shift());
    follow();
    await inTime(() => api.openWatches === 1, 'the watch');

    assert.equal(lists().length, 2, name);
  });
}

test('a list whose pages expire is asked for in one piece', async () => {
  for (let number = 0; number < 700; number++) api.put(THINGS_PATH, thing(`thing-${number}`));
  api.intercept = ({ query }) => (query.get('continue') ? refusal(410, 'Expired', 'continue token too old') : undefined);

  follow();
  await watching();

  assert.equal(recorder.objects.size, 700);
  assert.deepEqual(
    lists().map(({ query }) => query.get('limit')),
    ['500', '500', null],
  );
});

test('tries ever less often while the API server is away, says so once, and comes back', async () => {
  api.put(THINGS_PATH, thing('a'));
  api.intercept = () => refusal(500, 'InternalError', 'etcd is down');
  const times: number[] = [];
  follow();
  for (let tries = 1; tries <= 8; tries++) {
    await until(() => api.requests.length === tries && world.clock.pending > 0, `try ${tries}`);
    await settleDown();
    times.push(world.clock.monotonicMs());
    await inTimeSmall(() => api.requests.length > tries);
  }
  api.intercept = () => undefined;
  await inTime(() => recorder.told.includes('synced'), 'the list');

  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.deepEqual(gaps, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  assert.deepEqual(recorder.told, ['disconnected', 'replaced apps/a', 'synced']);
  assert.equal(recorder.errors[0]?.message, 'cannot list things.example.com: etcd is down');
});

async function inTimeSmall(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition() && turns < 400; turns++) {
    world.clock.advance(100);
    await settleDown(20);
  }
}

test('another cause of the same trouble is told as well', async () => {
  const replies = [
    refusal(500, 'InternalError', 'etcd is down'),
    refusal(500, 'InternalError', 'etcd is down'),
    refusal(403, 'Forbidden', 'no'),
  ];
  api.intercept = () => replies.shift();
  follow();
  await inTime(() => recorder.told.includes('synced'), 'the list');

  assert.deepEqual(recorder.told, ['disconnected', 'disconnected', 'replaced', 'synced']);
});

test('a resource that is not served yet is waited for', async () => {
  api.intercept = () => refusal(404, 'NotFound', 'the server could not find the requested resource');
  follow();
  await inTime(() => api.requests.length >= 3, 'some polls');
  api.intercept = () => undefined;
  await inTime(() => recorder.told.includes('synced'), 'the resource');

  assert.deepEqual(recorder.told, ['absent', 'replaced', 'synced']);
  assert.deepEqual(world.log.lines(), [
    'warn the API server does not serve a resource yet, waiting for it',
    'info following a resource of the cluster',
  ]);
});

test('says which rule is missing when it is forbidden', async () => {
  api.intercept = () => refusal(403, 'Forbidden', 'things.example.com is forbidden: User "x" cannot list resource "things"');
  follow({ namespace: 'apps' });
  await until(() => recorder.errors.length === 1, 'the refusal');

  const [error] = recorder.errors;
  assert.ok(error instanceof KubeError);
  assert.equal(
    error.message,
    'cannot list things.example.com in namespace apps: things.example.com is forbidden: User "x" cannot list resource "things"; ' +
      'the missing rule is {apiGroups: ["example.com"], resources: ["things"], verbs: ["list"]} in a Role of namespace \'apps\'',
  );
});

test('a connection that is silent for too long is given up', async () => {
  follow();
  await watching();
  api.put(THINGS_PATH, thing('a'));
  await until(() => recorder.objects.size === 1, 'the beginning');
  world.clock.advance(149_000);
  api.put(THINGS_PATH, thing('b'));
  await until(() => recorder.objects.size === 2, 'a sign of life');
  world.clock.advance(149_000);
  await settleDown();
  assert.equal(recorder.errors.length, 0);

  world.clock.advance(2000);
  await until(() => recorder.errors.length === 1, 'the time-out');
  await inTime(() => watches().length === 2, 'the next watch');

  assert.match(recorder.errors[0]?.message ?? '', /nothing came for 150 s/);
  assert.equal(lists().length, 2, 'bookmarks would have come, so the version is not one that this API server goes on from');
});

test('a watch that is never answered is given up', async () => {
  api.intercept = ({ query }) => (query.get('watch') === null ? undefined : 'silence');
  follow();
  await until(() => watches().length === 1, 'the watch');
  await settleDown(50);
  world.clock.advance(30_000);
  await until(() => recorder.errors.length === 1, 'the time-out');

  assert.equal(recorder.errors[0]?.message, 'cannot watch things.example.com: no answer from the API server within 30 s');
});

test('a watch that is ended at once is not asked for again at once', async () => {
  api.intercept = ({ query }) => (query.get('watch') === null ? undefined : { status: 200, body: '' });
  follow();
  await until(() => recorder.errors.length === 1, 'the first end');
  await settleDown(100);

  assert.equal(watches().length, 1);
  assert.deepEqual(
    recorder.errors.map(({ message }) => message),
    ['the API server ended the watch at once'],
  );
});

test('events in any pieces are read, and what is no event is survived', async () => {
  follow();
  await watching();
  const line = Buffer.from(
    `${JSON.stringify({ type: 'ADDED', object: { ...thing('käse'), metadata: { name: 'käse', resourceVersion: '500' } } })}\n`,
  );
  const half = line.indexOf(0xc3) + 1;
  api.writeToWatches(line.subarray(0, half));
  await settleDown(50);
  api.writeToWatches(line.subarray(half));
  await until(() => recorder.objects.has('käse'), 'the object in two pieces');
  api.writeToWatches('<html>bad gateway</html>\n');
  await until(() => recorder.errors.length === 1, 'the fault');
  await inTime(() => watches().length === 2, 'the next watch');

  assert.equal(watches().at(-1)?.query.get('resourceVersion'), '500');
});

test('a listener that fails is no reason to stop', async () => {
  api.put(THINGS_PATH, thing('a'));
  let calls = 0;
  follow({
    trim: (object) => {
      if (calls++ === 0) throw new Error('a bug');
      return object;
    },
  });
  await inTime(() => recorder.told.includes('synced'), 'the second try');

  assert.deepEqual(recorder.told, ['disconnected', 'replaced apps/a', 'synced']);
});

test('who stops it when the list has come is left alone', async () => {
  const reflection = follow({ listener: { ...recorder, replaced: () => reflection.stop() } });
  await until(() => api.requests.length === 1, 'the list');
  await settleDown(50);

  assert.deepEqual([watches().length, world.clock.pending], [0, 0]);
});

test('nothing is heard after it was stopped', async () => {
  const reflection = follow();
  await watching();
  reflection.stop();
  await watching(0);
  api.put(THINGS_PATH, thing('late'));
  await settleDown(50);
  world.clock.advance(120_000);
  await settleDown(50);

  assert.deepEqual(recorder.told, ['replaced', 'synced']);
  assert.equal(api.requests.length, 2);
  assert.equal(world.clock.pending, 0);
});
