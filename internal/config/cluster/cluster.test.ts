import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog } from '../../catalog/catalog.ts';
import { createFluxDialect } from '../../dialects/flux/dialect.ts';
import type { Snapshot } from '../../routing/route.ts';
import { ManualClock } from '../../../test/support/clock.ts';
import { toAlert, toProvider, toSecretObject } from '../../../test/support/flux-objects.ts';
import { FLUX_RESOURCES, MemoryCluster, MemoryClusterError } from '../../../test/support/memory-cluster.ts';
import { createRecordingLog } from '../../../test/support/recording-log.ts';
import { settleDown } from '../../../test/support/until.ts';
import type { ManifestDialect } from '../manifest.ts';
import { type Cluster, openCluster } from './cluster.ts';

const API_VERSION = 'notification.toolkit.fluxcd.io/v1beta3';
const PROVIDER = 'flux//apps/provider';

interface World {
  readonly api: MemoryCluster;
  readonly clock: ManualClock;
  readonly log: ReturnType<typeof createRecordingLog>;
  readonly cluster: Cluster;
  readonly announced: (readonly string[])[];
  /** Lets everything be reported and taken over. */
  pass(ms?: number): Promise<void>;
  snapshot(): Snapshot;
}

interface WorldOptions {
  readonly isCaching?: boolean;
  readonly isWatching?: boolean;
  readonly namespace?: string;
  readonly onTranslate?: (name: string) => void;
}

function openWorld(api: MemoryCluster, { isCaching = false, isWatching = true, namespace, onTranslate }: WorldOptions = {}): World {
  const clock = new ManualClock();
  const log = createRecordingLog();
  const flux = createFluxDialect({ catalog });
  const dialect: ManifestDialect = {
    claims: (object) => flux.claims(object),
    translate: (object) => {
      onTranslate?.(object.metadata.name);
      return flux.translate(object);
    },
  };
  const secrets = { isCaching, isWatching, labelSelector: 'reconcile.fluxcd.io/watch=Enabled' };
  const cluster = openCluster({ client: api, namespace, dialect, secrets, clock, log });
  const announced: (readonly string[])[] = [];
  cluster.snapshots.subscribe((_snapshot, changed) => announced.push(changed));
  const pass = async (ms = 60): Promise<void> => {
    await settleDown();
    clock.advance(ms);
    await settleDown();
  };
  const snapshot = (): Snapshot => {
    const current = cluster.snapshots.current();
    assert.ok(current, 'there is a Snapshot');
    return current;
  };
  return { api, clock, log, cluster, announced, pass, snapshot };
}

function filled(): MemoryCluster {
  const api = new MemoryCluster();
  api.apply(toProvider());
  api.apply(toAlert('first'));
  api.apply(toAlert('second'));
  return api;
}

test('there is no Snapshot before every Alert and every Provider has been listed', async () => {
  const [alerts, ...others] = FLUX_RESOURCES;
  assert.ok(alerts);
  const api = new MemoryCluster(others);
  api.apply(toProvider());
  const world = openWorld(api);

  await world.pass();
  assert.equal(world.cluster.snapshots.current(), null);
  assert.deepEqual(
    world.cluster.faults().map(({ object, message }) => `${object}: ${message}`),
    ['Alert: the cluster serves no kind Alert of notification.toolkit.fluxcd.io'],
  );

  api.install(alerts);
  api.apply(toAlert('late'));
  await world.pass(5_000);
  await world.pass();

  assert.deepEqual([...world.snapshot().routes.keys()], ['flux//apps/late']);
  assert.deepEqual(world.cluster.faults(), []);
  assert.deepEqual(world.announced, [[PROVIDER]]);
  world.cluster.close();
});

test('a change replaces what changed and nothing else', async () => {
  const world = openWorld(filled());
  await world.pass();
  const before = world.snapshot();

  world.api.apply(toAlert('second', { eventSeverity: 'error' }));
  await world.pass();

  const after = world.snapshot();
  assert.equal(after.routes.get('flux//apps/second')?.severity, 'error');
  assert.equal(after.routes.get('flux//apps/first'), before.routes.get('flux//apps/first'));
  assert.equal(after.targets, before.targets);
  assert.notEqual(after.revision, before.revision);
  world.cluster.close();
});

test('what others write into an object without changing what it says changes nothing', async () => {
  const world = openWorld(filled());
  await world.pass();
  const before = world.snapshot();

  world.api.apply({ ...toAlert('first'), status: { conditions: [{ type: 'Ready' }] } });
  world.api.apply(toProvider());
  await world.pass();

  assert.equal(world.snapshot(), before);
  assert.equal(world.announced.length, 1);
  world.cluster.close();
});

test('a burst of changes is one Snapshot', async () => {
  const world = openWorld(filled());
  await world.pass();

  for (let index = 0; index < 2_000; index++) world.api.apply(toAlert(`burst-${index}`));
  await world.pass();

  assert.equal(world.snapshot().routes.size, 2_002);
  assert.equal(world.announced.length, 2);
  world.cluster.close();
});

test('of ten thousand Alerts only the one that changed is looked at, also when all are listed anew', async () => {
  const api = filled();
  for (let index = 0; index < 10_000; index++) api.apply(toAlert(`alert-${index}`, {}, { namespace: `team-${index % 100}` }));
  const translated: string[] = [];
  const world = openWorld(api, { onTranslate: (name) => translated.push(name) });
  await world.pass();
  assert.equal(translated.length, 10_003);

  api.apply(toAlert('alert-7', { eventSeverity: 'error' }, { namespace: 'team-7' }));
  await world.pass();
  api.disturb('Alert', null);
  await world.pass();

  assert.deepEqual(translated.slice(10_003), ['alert-7']);
  world.cluster.close();
});

test('after a list that was taken anew the Snapshot equals a fresh one', async () => {
  const world = openWorld(filled());
  await world.pass();
  world.api.disturb('Alert', new Error('the connection was reset'));
  assert.equal(world.cluster.snapshots.current()?.routes.size, 2, 'the last Snapshot serves meanwhile');
  world.api.apply(toAlert('first', { eventSeverity: 'error' }), false);
  world.api.apply(toAlert('third'), false);

  world.api.disturb('Alert', null);
  await world.pass();

  const fresh = openWorld(world.api);
  await fresh.pass();
  assert.equal(world.snapshot().revision, fresh.snapshot().revision);
  assert.equal(world.snapshot().routes.size, 3);
  world.cluster.close();
  fresh.cluster.close();
});

test('an object that goes while a list is taken over is gone, although the list still had it', async () => {
  const api = filled();
  const world = openWorld(api, {
    // Long enough that others have a turn before the next object is read.
    onTranslate: (name) => {
      if (name !== 'first') return;
      world.clock.advance(20);
      api.remove(API_VERSION, 'Alert', { namespace: 'apps', name: 'second' }, false);
      setImmediate(() => api.disturb('Alert', null));
    },
  });
  await world.pass();
  await world.pass();

  assert.deepEqual([...world.snapshot().routes.keys()], ['flux//apps/first']);
  world.cluster.close();
});

test('a broken object keeps its last good version, is reported, and says so once', async () => {
  const world = openWorld(filled());
  await world.pass();
  const before = world.snapshot();

  world.api.apply(toAlert('first', { providerRef: 'provider' }));
  await world.pass();
  world.api.apply(toAlert('first', { providerRef: 'provider' }, { annotations: { touched: 'again' } }));
  await world.pass();

  assert.equal(world.snapshot().routes.get('flux//apps/first'), before.routes.get('flux//apps/first'));
  const [fault] = world.cluster.faults();
  assert.equal(`${fault?.object} ${fault?.field}`, 'Alert/apps/first spec.providerRef');
  assert.match(fault?.hint ?? '', /The last good version stays in use/);
  assert.equal(world.log.lines().filter((line) => line.startsWith('error')).length, 1);

  world.api.apply(toAlert('first'));
  await world.pass();
  assert.deepEqual(world.cluster.faults(), []);
  world.cluster.close();
});

test('an object that was deleted and created again owes nothing to the one before', async () => {
  const world = openWorld(filled());
  await world.pass();

  world.api.remove(API_VERSION, 'Alert', { namespace: 'apps', name: 'first' });
  world.api.apply(toAlert('first', { providerRef: 'broken' }));
  await world.pass();

  assert.equal(world.snapshot().routes.has('flux//apps/first'), false);
  world.cluster.close();
});

test('only objects of one namespace are followed when one is named', async () => {
  const api = filled();
  api.apply(toAlert('elsewhere', {}, { namespace: 'other' }));
  const world = openWorld(api, { namespace: 'apps' });
  await world.pass();

  assert.deepEqual([...world.snapshot().routes.keys()].toSorted(), ['flux//apps/first', 'flux//apps/second']);
  world.cluster.close();
});

test('a kind that comes back in another version is followed again, and serves meanwhile', async () => {
  const world = openWorld(filled());
  await world.pass();

  world.api.uninstall('Alert');
  assert.equal(world.snapshot().routes.size, 2);
  world.api.install({ group: 'notification.toolkit.fluxcd.io', version: 'v1', plural: 'alerts', kind: 'Alert', namespaced: true });
  world.api.apply({ ...toAlert('third'), apiVersion: 'notification.toolkit.fluxcd.io/v1' });
  await world.pass(5_000);
  await world.pass();

  assert.equal(world.snapshot().routes.has('flux//apps/third'), true);
  assert.deepEqual(world.cluster.faults(), []);
  world.cluster.close();
});

test('a kind that cannot be followed is a fault as long as that lasts', async () => {
  const world = openWorld(filled());
  await world.pass();

  world.api.disturb('Provider', new MemoryClusterError(403, 'providers is forbidden'));

  assert.match(world.cluster.faults()[0]?.message ?? '', /Provider objects cannot be followed: providers is forbidden/);
  world.api.disturb('Provider', null);
  assert.deepEqual(world.cluster.faults(), []);
  world.cluster.close();
});

test('deleted objects are released from the finalizer of notification-controller and of nobody else', async () => {
  const world = openWorld(filled());
  const deleted = { deletionTimestamp: '2026-01-05T12:00:00Z', finalizers: ['finalizers.fluxcd.io', 'example.com/keep'] };
  world.api.apply(toProvider('leaving', {}, { ...deleted }));
  world.api.apply({
    ...toProvider('hook'),
    apiVersion: 'notification.toolkit.fluxcd.io/v1',
    kind: 'Receiver',
    metadata: { namespace: 'apps', name: 'hook', ...deleted, finalizers: ['finalizers.fluxcd.io'] },
  });
  world.api.apply(toProvider('staying', {}, { finalizers: ['finalizers.fluxcd.io'] }));

  await world.pass();

  const patches = world.api.requests.filter(({ verb }) => verb === 'patch');
  assert.deepEqual(patches.map(({ what }) => what).toSorted(), ['providers/apps/leaving', 'receivers/apps/hook']);
  assert.deepEqual(world.snapshot().targets.has('flux//apps/leaving'), true, 'somebody else holds it still');
  world.cluster.close();
});

test('a finalizer that cannot be taken off now is taken off later', async () => {
  const world = openWorld(filled());
  await world.pass();
  world.api.failure = new MemoryClusterError(0, 'no answer');
  world.api.apply(toProvider('leaving', {}, { deletionTimestamp: '2026-01-05T12:00:00Z', finalizers: ['finalizers.fluxcd.io'] }));
  await world.pass();

  world.api.failure = undefined;
  await world.pass(10_000);
  await world.pass();

  assert.equal(world.snapshot().targets.has('flux//apps/leaving'), false);
  world.cluster.close();
});

function withSecret(labels: Readonly<Record<string, string>> = {}): MemoryCluster {
  const api = new MemoryCluster();
  api.apply(toProvider('provider', { secretRef: { name: 'token' } }));
  api.apply(toAlert('first'));
  api.apply(toSecretObject('token', { token: 'old' }, labels));
  return api;
}

const WATCHED = { 'reconcile.fluxcd.io/watch': 'Enabled' };

test('a labelled Secret that changes wakes its Targets at once', async () => {
  const world = openWorld(withSecret(WATCHED));
  await world.pass();
  await world.cluster.secrets.get('apps', 'token');

  world.api.apply(toSecretObject('token', { token: 'new' }, WATCHED));

  assert.deepEqual(world.announced, [[PROVIDER], [PROVIDER]]);
  const secret = await world.cluster.secrets.get('apps', 'token');
  assert.equal(Buffer.from(secret?.['token'] ?? []).toString(), 'new');
  world.cluster.close();
});

const awaited = [
  {
    name: 'a Secret that changes',
    change: (api: MemoryCluster) => void api.apply(toSecretObject('token', { token: 'new' })),
    reads: 'old',
  },
  {
    name: 'a Secret that is put back',
    before: (api: MemoryCluster) => api.remove('v1', 'Secret', { namespace: 'apps', name: 'token' }),
    change: (api: MemoryCluster) => void api.apply(toSecretObject('token', { token: 'new' })),
    reads: undefined,
  },
];

for (const { name, before, change, reads } of awaited) {
  test(`${name} and carries no label is found by looking again`, async () => {
    const world = openWorld(withSecret());
    before?.(world.api);
    await world.pass();
    const first = await world.cluster.secrets.get('apps', 'token');
    assert.equal(first === undefined ? undefined : Buffer.from(first['token'] ?? []).toString(), reads, name);
    world.cluster.waits(PROVIDER);
    await world.pass(15_000);
    assert.equal(world.announced.length, 1, 'nothing changed yet');

    change(world.api);
    await world.pass(15_000);

    assert.deepEqual(world.announced.at(-1), [PROVIDER], name);
    world.cluster.works(PROVIDER);
    const requests = world.api.requests.length;
    await world.pass(15_000);
    assert.equal(world.api.requests.length, requests, 'nobody waits any more');
    world.cluster.close();
  });
}

test('a change that somebody sees who reads the Secret wakes what waits for it', async () => {
  const world = openWorld(withSecret());
  await world.pass();
  await world.cluster.secrets.get('apps', 'token');

  world.api.apply(toSecretObject('token', { token: 'new' }));
  world.clock.advance(1_000);
  await world.cluster.secrets.get('apps', 'token');

  assert.deepEqual(world.announced.at(-1), [PROVIDER]);
  assert.equal(world.announced.length, 2);
  world.cluster.close();
});

test('with the feature gate a Secret is read once for each of its versions', async () => {
  const world = openWorld(withSecret(), { isCaching: true });
  await world.pass();
  for (let index = 0; index < 5; index++) {
    await world.cluster.secrets.get('apps', 'token');
    await world.pass(5_000);
  }
  assert.equal(world.api.requests.length, 1);

  world.api.apply(toSecretObject('token', { token: 'new' }));
  const secret = await world.cluster.secrets.get('apps', 'token');

  assert.equal(Buffer.from(secret?.['token'] ?? []).toString(), 'new');
  assert.equal(world.api.requests.length, 2);
  assert.deepEqual(world.announced.at(-1), [PROVIDER]);
  world.cluster.close();
});

test('with DisableConfigWatchers no Secret is watched', async () => {
  const world = openWorld(withSecret(WATCHED), { isWatching: false });
  await world.pass();

  assert.deepEqual(world.api.followed(), ['Alert', 'Provider', 'Receiver']);
  world.cluster.close();
});
