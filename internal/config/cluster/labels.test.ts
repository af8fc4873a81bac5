import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectReference } from '../../event/event.ts';
import { ManualClock } from '../../../test/support/clock.ts';
import { MemoryCluster, MemoryClusterError } from '../../../test/support/memory-cluster.ts';
import { createRecordingLog } from '../../../test/support/recording-log.ts';
import { settleDown } from '../../../test/support/until.ts';
import type { ClusterObject } from './ports.ts';
import type { Looked } from './kind-labels.ts';
import { ClusterLabels } from './labels.ts';

const API_VERSION = 'kustomize.toolkit.fluxcd.io/v1';

function toKustomization(name: string, labels: Readonly<Record<string, string>>): ClusterObject {
  return { apiVersion: API_VERSION, kind: 'Kustomization', metadata: { namespace: 'apps', name, labels } };
}

function subject(name: string, changes: Partial<ObjectReference> = {}): ObjectReference {
  return {
    apiVersion: API_VERSION,
    kind: 'Kustomization',
    namespace: 'apps',
    name,
    uid: '',
    resourceVersion: '',
    fieldPath: '',
    ...changes,
  };
}

function teamOf(looked: Looked): string | undefined {
  return looked.state === 'labels' ? looked.labels['team'] : undefined;
}

function openLabels(api: MemoryCluster, namespace?: string) {
  const clock = new ManualClock();
  let known = 0;
  const labels = new ClusterLabels({ cluster: api, namespace, onKnown: () => (known += 1), clock, log: createRecordingLog() });
  return { labels, clock, known: () => known };
}

test('labels are unknown until the kind is synced, and known from then on', async () => {
  const api = new MemoryCluster();
  api.apply(toKustomization('web', { team: 'a' }));
  const { labels, known } = openLabels(api);
  assert.deepEqual(api.followed(), [], 'nothing is followed before somebody asks');

  assert.deepEqual(labels.lookup(subject('web')), { state: 'unknown' });
  await settleDown();

  assert.deepEqual({ ...labels.lookup(subject('web')) }, { state: 'labels', labels: Object.assign(Object.create(null), { team: 'a' }) });
  assert.equal(known(), 1);
  api.apply(toKustomization('web', { team: 'b' }));
  const found = labels.lookup(subject('web'));
  assert.equal(found.state === 'labels' && found.labels['team'], 'b');
  labels.close();
  assert.deepEqual(api.followed(), []);
});

test('an object that was deleted keeps its last labels', async () => {
  const api = new MemoryCluster();
  api.apply(toKustomization('web', { team: 'a' }));
  const { labels } = openLabels(api);
  labels.lookup(subject('web'));
  await settleDown();

  api.remove(API_VERSION, 'Kustomization', { namespace: 'apps', name: 'web' });

  const found = labels.lookup(subject('web'));
  assert.equal(found.state === 'labels' && found.labels['team'], 'a');
  labels.close();
});

test('an object that the cache does not have is asked for before it counts as missing', async () => {
  const api = new MemoryCluster();
  const { labels, clock, known } = openLabels(api);
  labels.lookup(subject('web'));
  await settleDown();
  api.apply(toKustomization('young', { team: 'a' }), false);

  assert.equal(labels.lookup(subject('young')).state, 'unknown');
  assert.equal(labels.lookup(subject('none')).state, 'unknown');
  await settleDown();

  assert.equal(known(), 3);
  assert.equal(labels.lookup(subject('young')).state, 'labels');
  assert.deepEqual(labels.lookup(subject('none')), { state: 'missing' });
  assert.equal(api.requests.length, 2, 'each was asked for once');
  clock.advance(31_000);
  assert.equal(labels.lookup(subject('none')).state, 'unknown', 'by now it may be there');
  labels.close();
});

function toDistant(team: string): ClusterObject {
  return { ...toKustomization('far', {}), metadata: { namespace: 'other', name: 'far', labels: { team } } };
}

test('labels of a namespace that is not followed are asked for again after a while', async () => {
  const api = new MemoryCluster();
  api.apply(toDistant('a'));
  const { labels, clock } = openLabels(api, 'apps');
  const far = subject('far', { namespace: 'other' });
  labels.lookup(far);
  await settleDown();
  labels.lookup(far);
  await settleDown();
  assert.equal(teamOf(labels.lookup(far)), 'a');

  api.apply(toDistant('b'));
  clock.advance(31_000);
  labels.lookup(far);
  await settleDown();

  assert.equal(teamOf(labels.lookup(far)), 'b');
  labels.close();
});

test('what cannot be asked stays unknown and says why', async () => {
  const api = new MemoryCluster();
  const { labels, clock } = openLabels(api);
  labels.lookup(subject('web'));
  await settleDown();
  api.failure = new MemoryClusterError(0, 'no answer');

  labels.lookup(subject('web'));
  await settleDown();

  assert.deepEqual(labels.lookup(subject('web')), { state: 'unknown', detail: 'no answer' });
  api.failure = undefined;
  clock.advance(3_000);
  labels.lookup(subject('web'));
  await settleDown();
  assert.equal(labels.lookup(subject('web')).state, 'missing');
  labels.close();
});

test('a kind that the cluster does not have is missing, and is found when it is installed', async () => {
  const api = new MemoryCluster();
  const { labels, clock } = openLabels(api);
  const widget = subject('one', { apiVersion: 'example.com/v1', kind: 'Widget' });
  labels.lookup(widget);
  await settleDown();
  assert.deepEqual(labels.lookup(widget), { state: 'missing', detail: 'the cluster has no kind Widget in example.com/v1' });

  api.install({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true });
  api.apply({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { namespace: 'apps', name: 'one', labels: { team: 'a' } } });
  clock.advance(30_000);
  await settleDown();

  assert.equal(labels.lookup(widget).state, 'labels');
  labels.close();
});

test('a kind that may not be read is unknown, says why and is a fault', async () => {
  const api = new MemoryCluster();
  api.failure = new MemoryClusterError(403, 'kustomizations is forbidden');
  const { labels } = openLabels(api);

  labels.lookup(subject('web'));
  await settleDown();

  const detail = 'the labels of Kustomization objects cannot be read: kustomizations is forbidden';
  assert.deepEqual(labels.lookup(subject('web')), { state: 'unknown', detail });
  assert.deepEqual(labels.faults(), [{ kind: 'Kustomization', message: 'kustomizations is forbidden' }]);
  labels.close();
});

test('kinds that do not exist make room for kinds that do', async () => {
  const api = new MemoryCluster();
  api.apply(toKustomization('web', { team: 'a' }));
  const { labels } = openLabels(api);
  for (let index = 0; index < 300; index++) labels.lookup(subject('web', { apiVersion: `invented${index}/v1` }));
  await settleDown();

  labels.lookup(subject('web'));
  await settleDown();

  assert.equal(labels.lookup(subject('web')).state, 'labels');
  labels.close();
});
