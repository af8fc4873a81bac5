// The Kubernetes client against a real API server: what a scripted one may get wrong, and servers and lines that fail.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { after, afterEach, before, test } from 'node:test';
import type { ClusterAccess } from '../../internal/kube/access.ts';
import { createKubeClient } from '../../internal/kube/client.ts';
import { type Election, startElection } from '../../internal/kube/election.ts';
import { openInCluster } from '../../internal/kube/in-cluster.ts';
import { KubeError } from '../../internal/kube/kube-error.ts';
import { openKubeconfig } from '../../internal/kube/kubeconfig.ts';
import type { KubeClient, KubeObject, Resource } from '../../internal/kube/ports.ts';
import type { Clock } from '../../internal/sdk/ports.ts';
import { type ApiServer, startApiServer, whyNoApiServer } from '../support/api-server.ts';
import { BreakableLine } from '../support/breakable-line.ts';
import { grant } from '../support/grant.ts';
import { createRecorder } from '../support/kube-client.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { untilTrue } from '../support/until.ts';

const skip = whyNoApiServer();
const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

/** Unlike that of the product, its timers keep the process alive. */
const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
const conceal = (): void => undefined;

let server: ApiServer;
let client: KubeClient;
const cleanups: (() => Promise<void> | void)[] = [];

before(async () => {
  if (skip !== false) return;
  server = await startApiServer();
  client = open(await openKubeconfig({ path: server.kubeconfig, clock, conceal }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

after(async () => {
  await client?.close();
  await server?.close();
});

function open(access: ClusterAccess): KubeClient {
  return createKubeClient({ access, clock, random: Math.random, log: createRecordingLog(), userAgent: 'tocsin/test' });
}

/** A client that is closed when the test ends. */
function borrow(access: ClusterAccess): KubeClient {
  const borrowed = open(access);
  cleanups.push(() => borrowed.close());
  return borrowed;
}

async function lineToServer(): Promise<BreakableLine> {
  const line = await BreakableLine.open(Number(new URL(server.url).port));
  cleanups.push(() => line.close());
  return line;
}

async function accountAccess(namespace: string, name: string, port: number): Promise<{ access: ClusterAccess; mounted: string }> {
  const { mounted } = await server.serviceAccount(namespace, name);
  return { access: await openInCluster({ host: '127.0.0.1', port: String(port), folder: mounted, clock, conceal }), mounted };
}

const FOLLOW_CONFIG_MAPS = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }];

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

async function createMany(namespace: string, count: number): Promise<void> {
  await server.namespace(namespace);
  const names = Array.from({ length: count }, (_, number) => `map-${number}`);
  const createRest = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) await client.create(CONFIG_MAPS, configMap(namespace, name));
  };
  await Promise.all(Array.from({ length: 8 }, createRest));
}

function versions(objects: Iterable<KubeObject>): readonly (readonly [string, string | undefined])[] {
  return [...objects].map(({ metadata }) => [metadata.name, metadata.resourceVersion] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

async function assertSameAsList(recorder: ReturnType<typeof createRecorder>, namespace: string): Promise<void> {
  const { items } = await client.list(CONFIG_MAPS, { namespace });
  const want = versions(items);
  const isSame = (): boolean => JSON.stringify(versions(recorder.objects.values())) === JSON.stringify(want);
  await untilTrue(isSame, 'what a fresh list says').catch(() => undefined);
  assert.deepEqual(versions(recorder.objects.values()), want);
}

test('three thousand objects are listed in pages, and every later change is heard', { skip }, async () => {
  await createMany('many', 3000);
  const recorder = createRecorder();
  const reflection = client.follow({ resource: CONFIG_MAPS, namespace: 'many', metadataOnly: true, listener: recorder });
  cleanups.push(() => reflection.stop());
  await untilTrue(() => recorder.told.includes('synced'), 'the list');
  assert.equal(recorder.told[0], 'replaced 3000');
  assert.equal('data' in (recorder.objects.get('many/map-0') ?? {}), false);

  await client.patch(CONFIG_MAPS, { namespace: 'many', name: 'map-0' }, { data: { a: '1' } });
  await client.delete(CONFIG_MAPS, { namespace: 'many', name: 'map-1' });
  await client.create(CONFIG_MAPS, configMap('many', 'map-new'));
  await untilTrue(() => recorder.told.length === 5, 'the changes');

  assert.deepEqual(recorder.told.slice(2), ['upserted many/map-0', 'deleted many/map-1', 'upserted many/map-new']);
  await assertSameAsList(recorder, 'many');
});

test('objects are written in every way', { skip }, async () => {
  await server.namespace('written');
  const key = { namespace: 'written', name: 'one' };
  const created = await client.create(CONFIG_MAPS, configMap('written', 'one', { a: '1' }));
  await client.patch(CONFIG_MAPS, key, { data: { a: null, b: '2' } });
  await assert.rejects(client.replace(CONFIG_MAPS, created), { name: 'KubeError', status: 409, reason: 'Conflict' });
  const applied = await client.apply(CONFIG_MAPS, configMap('written', 'one', { c: '3' }), { fieldManager: 'tocsin' });

  assert.deepEqual(applied['data'], { b: '2', c: '3' });
  assert.equal((await client.get(CONFIG_MAPS, key, { metadataOnly: true }))?.kind, 'ConfigMap');
  assert.deepEqual([await client.delete(CONFIG_MAPS, key), await client.delete(CONFIG_MAPS, key)], [true, false]);
  assert.equal(await client.get(CONFIG_MAPS, key), undefined);
});

test('kinds are discovered, also those whose definition comes later', { skip }, async () => {
  assert.deepEqual(await client.resourceFor('v1', 'Secret'), SECRETS);
  assert.deepEqual(await client.resourceFor('coordination.k8s.io/v1', 'Lease'), LEASES);
  assert.equal(await client.resourceFor('v1', 'Gadget'), undefined);

  const gadgets: Resource = { group: 'client.example.com', version: 'v1', plural: 'gadgets', kind: 'Gadget', namespaced: true };
  const recorder = createRecorder();
  const reflection = client.follow({ resource: gadgets, listener: recorder });
  cleanups.push(() => reflection.stop());
  await untilTrue(() => recorder.told.includes('absent'), 'the answer that there is none');
  await server.apply([gadgetDefinition()]);
  await untilTrue(() => recorder.told.includes('synced'), 'the definition');

  assert.deepEqual(recorder.told, ['absent', 'replaced', 'synced']);
  assert.deepEqual(await client.resourceFor('client.example.com/v1', 'Gadget'), gadgets);
});

function gadgetDefinition(): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gadgets.client.example.com' },
    spec: {
      group: 'client.example.com',
      scope: 'Namespaced',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

test('connections that are reset again and again lose nothing', { skip }, async () => {
  await server.namespace('reset');
  const line = await lineToServer();
  const { access } = await accountAccess('reset', 'follower', line.port);
  await grant(server, 'reset', 'follower', FOLLOW_CONFIG_MAPS);
  const recorder = createRecorder();
  borrow(access).follow({ resource: CONFIG_MAPS, namespace: 'reset', listener: recorder });
  await untilTrue(() => recorder.told.includes('synced'), 'the list');

  for (let round = 0; round < 5; round++) {
    for (let number = 0; number < 20; number++) {
      const name = `map-${number}`;
      if (round === 0) await client.create(CONFIG_MAPS, configMap('reset', name));
      else if (number === round) await client.delete(CONFIG_MAPS, { namespace: 'reset', name });
      else if (number > 5) await client.patch(CONFIG_MAPS, { namespace: 'reset', name }, { data: { round: String(round) } });
      if (number % 7 === 0) line.reset();
    }
  }

  await assertSameAsList(recorder, 'reset');
  assert.equal(recorder.told.filter((told) => told.startsWith('replaced')).length, 1, 'the watch was resumed, not begun anew');
  assert.ok(recorder.told.includes('disconnected'));
});

test('an API server that crashes and comes back is followed on', { skip }, async () => {
  await server.namespace('crashed');
  const recorder = createRecorder();
  const reflection = client.follow({ resource: CONFIG_MAPS, namespace: 'crashed', listener: recorder });
  cleanups.push(() => reflection.stop());
  await untilTrue(() => recorder.told.includes('synced'), 'the list');

  await server.crash();
  await untilTrue(() => recorder.told.includes('disconnected'), 'the crash');
  await assert.rejects(client.get(CONFIG_MAPS, { namespace: 'crashed', name: 'x' }), {
    name: 'KubeError',
    status: 0,
    reason: 'Unreachable',
  });
  await server.restart();
  await client.create(CONFIG_MAPS, configMap('crashed', 'afterwards'));

  await assertSameAsList(recorder, 'crashed');
});

test('a version that the API server no longer keeps means a new list', { skip }, async () => {
  await createMany('expired', 20);
  const line = await lineToServer();
  const { access } = await accountAccess('expired', 'follower', line.port);
  await grant(server, 'expired', 'follower', FOLLOW_CONFIG_MAPS);
  const recorder = createRecorder();
  borrow(access).follow({ resource: CONFIG_MAPS, namespace: 'expired', listener: recorder });
  await untilTrue(() => recorder.told.includes('synced'), 'the list');

  // Nobody hears of these, and a server that begins anew remembers nothing from before.
  line.silence();
  await client.delete(CONFIG_MAPS, { namespace: 'expired', name: 'map-0' });
  await createMany('elsewhere', 20);
  await server.crash();
  line.reset();
  await server.restart();

  await untilTrue(() => recorder.told.includes('replaced 19'), 'the new list');
  await assertSameAsList(recorder, 'expired');
});

test('a rotated token is taken at once when the old one is refused', { skip }, async () => {
  const { access, mounted } = await accountAccess('rotated', 'follower', Number(new URL(server.url).port));
  await grant(server, 'rotated', 'follower', FOLLOW_CONFIG_MAPS);
  const asAccount = borrow(access);
  await untilTrue(() => canList(asAccount, 'rotated'), 'the Role');

  // Another account of the same name: tokens of the first are worth nothing.
  await server.ask('DELETE', '/api/v1/namespaces/rotated/serviceaccounts/follower');
  await untilTrue(async () => (await refusalOf(asAccount, 'rotated'))?.status === 401, 'the refusal');
  const next = await server.serviceAccount('rotated', 'follower');
  writeFileSync(join(mounted, 'token'), next.token);

  assert.deepEqual((await asAccount.list(CONFIG_MAPS, { namespace: 'rotated' })).items, []);
});

test('a rotated CA is trusted while a watch goes on', { skip }, async () => {
  await server.namespace('ca');
  const { access, mounted } = await accountAccess('ca', 'follower', Number(new URL(server.url).port));
  await grant(server, 'ca', 'follower', FOLLOW_CONFIG_MAPS);
  const recorder = createRecorder();
  borrow(access).follow({ resource: CONFIG_MAPS, namespace: 'ca', listener: recorder });
  await untilTrue(() => recorder.told.includes('synced'), 'the list');

  const rotated = server.rotateCertificates();
  // A process that was started anew resumes no session of the old one, so every connection has to look at the certificate.
  await server.restart();
  await untilTrue(() => recorder.errors.some(({ message }) => /certificate/.test(message)), 'a try with the old CA');
  writeFileSync(join(mounted, 'ca.crt'), rotated);
  await untilTrue(() => recorder.told.at(-1) === 'synced', 'the watch');
  await client.create(CONFIG_MAPS, configMap('ca', 'afterwards'));

  await assertSameAsList(recorder, 'ca');
});

test('what a Role lacks is said', { skip }, async () => {
  const { access } = await accountAccess('forbidden', 'nobody', Number(new URL(server.url).port));

  const error = await refusalOf(borrow(access), 'forbidden');

  assert.equal(error?.status, 403);
  assert.match(
    error.message,
    /cannot list resource "configmaps".*the missing rule is {apiGroups: \[""\], resources: \["configmaps"\], verbs: \["list"\]} in a Role of namespace 'forbidden'/,
  );
});

async function refusalOf(asAccount: KubeClient, namespace: string): Promise<KubeError | undefined> {
  return asAccount.list(CONFIG_MAPS, { namespace }).then(
    () => undefined,
    (error: unknown) => (error instanceof KubeError ? error : assert.fail(String(error))),
  );
}

async function canList(asAccount: KubeClient, namespace: string): Promise<boolean> {
  return (await refusalOf(asAccount, namespace)) === undefined;
}

test('of two replicas one leads; the other takes over after a release at once, after a crash when the lease runs out', {
  skip,
}, async () => {
  await server.namespace('led');
  const line = await lineToServer();
  const { access } = await accountAccess('led', 'one', line.port);
  await grant(server, 'led', 'one', [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] }]);
  const crashing = borrow(access);
  const first = elect(crashing, 'one');
  await untilTrue(() => first.isLeader(), 'the first');
  const second = elect(client, 'two');
  const third = elect(client, 'three');

  await line.close();
  await untilTrue(() => !first.isLeader(), 'the end of the first');
  assert.equal(second.isLeader() || third.isLeader(), false, 'nobody leads before the lease has run out');
  await untilTrue(() => second.isLeader() || third.isLeader(), 'the follower');
  const [leader, other] = second.isLeader() ? [second, third] : [third, second];
  assert.equal(other.isLeader(), false);
  await leader.stop();
  await untilTrue(() => other.isLeader(), 'the hand-over');

  const lease = await client.get(LEASES, { namespace: 'led', name: 'notification-controller-leader-election' });
  assert.equal((lease?.['spec'] as { readonly leaseTransitions?: number } | undefined)?.leaseTransitions, 2);
});

function elect(by: KubeClient, identity: string): Election {
  const election = startElection({
    client: by,
    namespace: 'led',
    name: 'notification-controller-leader-election',
    identity,
    leaseDurationMs: 3000,
    renewDeadlineMs: 2000,
    retryPeriodMs: 300,
    releaseOnStop: true,
    clock,
    random: Math.random,
    log: createRecordingLog(),
  });
  cleanups.push(() => election.stop());
  return election;
}
