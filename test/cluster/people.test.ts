// What people of a cluster see of Tocsin, and what it may know of them, at a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../cmd/system-clock.ts';
import { createEventRecorder } from '../../internal/kube/events.ts';
import type { KubeClient, Resource } from '../../internal/kube/ports.ts';
import { createReviews } from '../../internal/kube/reviews.ts';
import { createServiceAccounts } from '../../internal/kube/service-accounts.ts';
import { openCluster, whyNoCluster } from '../support/api-server.ts';
import { openTestClient } from '../support/cluster-client.ts';
import type { Cluster } from '../support/cluster.ts';
import { grant } from '../support/grant.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const skip = whyNoCluster();
const EVENTS: Resource = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
let cluster: Cluster;
let client: KubeClient;

before(async () => {
  if (skip !== false) return;
  cluster = await openCluster();
  client = await openTestClient(cluster.kubeconfig);
});

after(async () => {
  await client?.close();
  await cluster?.close();
});

test('Events are taken, counted up and combined', { skip }, async () => {
  await cluster.namespace('told');
  const log = createRecordingLog();
  const recorder = createEventRecorder({ client, component: 'notification-controller', clock: systemClock, random: Math.random, log });
  const object = { apiVersion: 'notification.toolkit.fluxcd.io/v1beta3', kind: 'Alert', namespace: 'told', name: 'alert', uid: 'u' };
  const occurrence = { object, type: 'Warning', reason: 'InvalidConfig' } as const;
  for (let number = 0; number < 30; number++) recorder.record({ ...occurrence, message: `no ${Math.max(0, number - 5)}` });
  recorder.record({ ...occurrence, object: { ...object, name: 'other', uid: 'v' }, message: 'annotated', annotations: { key: 'a, b' } });
  await recorder.stop(30_000);

  const { items } = await client.list(EVENTS, { namespace: 'told' });
  const counts = items
    .map((item) => [item['count'], item['message']] as const)
    .toSorted(([, a], [, b]) => (String(a) < String(b) ? -1 : 1));
  assert.deepEqual(log.lines(), []);
  assert.deepEqual(counts, [
    [11, '(combined from similar events): no 19'],
    [1, 'annotated'],
    [6, 'no 0'],
    ...Array.from({ length: 8 }, (_, number) => [1, `no ${number + 1}`]),
  ]);
  assert.deepEqual(items.find((item) => item['message'] === 'annotated')?.metadata.annotations, { key: 'a, b' });
  const { stdout } = await cluster.kubectl(['get', 'events', '-n', 'told', '-o', 'jsonpath={.items[*].source.component}']);
  assert.deepEqual(new Set(stdout.split(' ')), new Set(['notification-controller']));
});

test('a token of a service account is issued, recognised, and judged by what its Role says', { skip }, async () => {
  const own = await cluster.serviceAccount('judged', 'reader');
  await cluster.ask(
    'PATCH',
    '/api/v1/namespaces/judged/serviceaccounts/reader',
    { metadata: { annotations: { role: 'x' } } },
    'application/merge-patch+json',
  );
  await grant(cluster, 'judged', 'reader', [
    { apiGroups: ['notification.toolkit.fluxcd.io'], resources: ['alerts'], verbs: ['get', 'replay'] },
  ]);
  const accounts = createServiceAccounts({ client, conceal: () => undefined });
  const forOthers = await accounts.token({ namespace: 'judged', name: 'reader', audience: 'sts.example.com' });
  const reviews = createReviews({ client, clock: systemClock });

  const user = await reviews.userOf(own.token);
  assert.equal(user?.username, 'system:serviceaccount:judged:reader');
  assert.deepEqual(claimsOf(forOthers)['aud'], ['sts.example.com']);
  assert.equal(await reviews.userOf(forOthers), undefined, 'it is for somebody else');
  assert.equal(await reviews.userOf('forged'), undefined);
  const alerts = { group: 'notification.toolkit.fluxcd.io', resource: 'alerts' };
  assert.equal(await reviews.isAllowed(user, { ...alerts, verb: 'replay', namespace: 'judged' }), true);
  assert.equal(await reviews.isAllowed(user, { ...alerts, verb: 'send', namespace: 'judged' }), false);
  assert.equal(await reviews.isAllowed(user, { ...alerts, verb: 'get', namespace: 'other' }), false);
  assert.deepEqual(await accounts.annotations('judged', 'reader'), { role: 'x' });
  assert.equal(await accounts.annotations('judged', 'none'), undefined);
  await assert.rejects(accounts.token({ namespace: 'judged', name: 'none', audience: 'tocsin' }), /serviceaccounts "none" not found/);
});

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
