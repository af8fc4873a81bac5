// Configuration from a real API server: what a running `tocsin serve` makes of Alerts, Providers, Secrets and labels, and what
// it writes there.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openCluster, whyNoCluster } from '../support/api-server.ts';
import type { Cluster } from '../support/cluster.ts';
import { runTocsin } from '../support/command.ts';
import { type ClusterProduct, startClusterProduct, toClusterEvent } from '../support/cluster-product.ts';
import { ownCrds, toKindCrd } from '../support/flux-crds.ts';
import { toAlert, toKustomization, toProvider, toSecretObject } from '../support/flux-objects.ts';
import { assertServesFreshList } from '../support/fresh-snapshot.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { untilTrue } from '../support/until.ts';

type Fields = Readonly<Record<string, unknown>>;

const skip = whyNoCluster();
const GROUP = '/apis/notification.toolkit.fluxcd.io/v1beta3';
let cluster: Cluster;
let product: ClusterProduct;
let status = 200;
const sink = new WebhookSink(({ path }) => ({ kind: 'answer', status: path.startsWith('/failing') ? status : 200 }));

before(async () => {
  if (skip !== false) return;
  cluster = await openCluster();
  await cluster.apply([...ownCrds(), toKindCrd({ group: 'kustomize.toolkit.fluxcd.io', version: 'v1', kind: 'Kustomization' })]);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  await sink.listen();
  const env = { RUNTIME_NAMESPACE: 'default', HOSTNAME: 'notification-controller-0' };
  product = await startClusterProduct({ kubeconfig: cluster.kubeconfig, env });
});

after(async () => {
  await product?.remove();
  sink.close();
  await cluster?.close();
});

/** A namespace with a Provider for a path of the sink, and an Alert on every Kustomization in it. */
async function arrange(
  namespace: string,
  { provider = {}, alert = {}, others = [] }: { provider?: Fields; alert?: Fields; others?: readonly object[] } = {},
): Promise<void> {
  await cluster.namespace(namespace);
  const place = { namespace };
  const address = `http://127.0.0.1:${sink.port}/${namespace}`;
  await cluster.apply([...others, toProvider('provider', { address, ...provider }, place), toAlert('alert', alert, place)]);
  await untilTrue(() => isServed(namespace), `the Alert and the Provider of ${namespace}`);
}

/** What has a status is in use. */
async function isServed(namespace: string): Promise<boolean> {
  const statuses = [await statusOf(namespace, 'alerts', 'alert'), await statusOf(namespace, 'providers', 'provider')];
  return statuses.every(({ conditions }) => conditions !== undefined);
}

/** What the condition Ready of both says. */
async function untilReady(namespace: string, value: string): Promise<void> {
  for (const [plural, name] of [
    ['alerts', 'alert'],
    ['providers', 'provider'],
  ] as const) {
    await untilTrue(
      async () => (await statusOf(namespace, plural, name)).conditions?.[0]?.status === value,
      `Ready ${value} of the ${name}`,
    );
  }
}

async function isProviderKnown(namespace: string): Promise<boolean> {
  const { body } = await product.admin(`/api/v1/providers`);
  const { items } = body as { readonly items: readonly { readonly namespace: string }[] };
  return items.some((item) => item.namespace === namespace);
}

function received(path: string): readonly string[] {
  const requests = sink.requests.filter((request) => request.path === `/${path}` && request.status === 200);
  return requests.map(({ body }) => (JSON.parse(body) as { readonly message: string }).message);
}

async function eventsOf(namespace: string): Promise<readonly Fields[]> {
  const { items } = (await cluster.ask('GET', `/api/v1/namespaces/${namespace}/events`)) as {
    readonly items: readonly Fields[];
  };
  return items;
}

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  readonly lastSuccess?: string;
  readonly lastError?: { readonly reason: string };
}

async function statusOf(namespace: string, plural: string, name: string): Promise<Status> {
  const object = (await cluster.ask('GET', `${GROUP}/namespaces/${namespace}/${plural}/${name}`)) as { readonly status?: Status };
  return object.status ?? {};
}

test('an Alert is followed, and so is its change', { skip }, async () => {
  await arrange('followed');
  assert.equal(await product.post(toClusterEvent('followed', 'first')), 202);
  await untilTrue(() => received('followed').length === 1, 'the first message');

  await cluster.apply([toAlert('alert', { eventSources: [{ kind: 'Kustomization', name: 'other' }] }, { namespace: 'followed' })]);
  await untilTrue(async () => {
    await product.post(toClusterEvent('followed', 'probe', 'other'));
    return received('followed').includes('probe');
  }, 'the changed Alert');
  await product.post(toClusterEvent('followed', 'second'));
  await product.post(toClusterEvent('followed', 'last', 'other'));
  await untilTrue(() => received('followed').includes('last'), 'the last message');

  assert.deepEqual(received('followed'), ['first', 'probe', 'last']);
});

const secrets = [
  { name: 'labelled', labels: { 'reconcile.fluxcd.io/watch': 'Enabled' }, withinMs: 8_000 },
  { name: 'plain', labels: {}, withinMs: 30_000 },
];

for (const { name, labels, withinMs } of secrets) {
  test(`a ${name} Secret that is removed and put back holds messages up no longer than that`, { skip }, async () => {
    const namespace = `secret-${name}`;
    const secret = { ...toSecretObject('token', { token: 'key' }, labels), metadata: { namespace, name: 'token', labels } };
    await arrange(namespace, { provider: { type: 'generic-hmac', secretRef: { name: 'token' } }, others: [secret] });
    await product.post(toClusterEvent(namespace, 'before'));
    await untilTrue(() => received(namespace).length === 1, 'the message before');

    await cluster.kubectl(['delete', 'secret', '-n', namespace, 'token']);
    await untilTrue(
      async () => (await cluster.request('GET', `/api/v1/namespaces/${namespace}/secrets/token`)).status === 404,
      'the deletion',
    );
    // What was read serves for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await product.post(toClusterEvent(namespace, 'meanwhile'));
    await untilTrue(async () => (await eventsOf(namespace)).length > 0, 'the Event that tells of it');
    assert.match(
      String((await eventsOf(namespace))[0]?.['message']),
      /failed to get secret 'secret-\w+\/token': secrets "token" not found/,
    );
    await cluster.apply([secret]);
    await untilTrue(() => received(namespace).includes('meanwhile'), 'the message that waited', withinMs);

    assert.deepEqual(received(namespace), ['before', 'meanwhile']);
  });
}

test('a Provider that is deleted and created again while messages wait gets them', { skip }, async () => {
  await arrange('recreated');
  const namespace = 'recreated';
  await cluster.kubectl(['delete', 'provider', '-n', namespace, 'provider']);
  await untilTrue(async () => !(await isProviderKnown(namespace)), 'the deletion');
  for (const message of ['one', 'two']) assert.equal(await product.post(toClusterEvent(namespace, message, message)), 202);

  await cluster.apply([toProvider('provider', { address: `http://127.0.0.1:${sink.port}/${namespace}` }, { namespace })]);
  await untilTrue(() => received(namespace).length === 2, 'the messages that waited');

  assert.deepEqual([...received(namespace)].toSorted(), ['one', 'two']);
  assert.match(
    String((await eventsOf(namespace))[0]?.['message']),
    /failed to read provider: Provider.notification.toolkit.fluxcd.io "provider" not found/,
  );
});

test('a message that waits while its Provider is deleted goes out when it is created again', { skip }, async () => {
  const namespace = 'failing-then-deleted';
  await arrange(namespace);
  status = 500;
  await product.post(toClusterEvent(namespace, 'patient'));
  await untilReady(namespace, 'False');
  await cluster.kubectl(['delete', 'provider', '-n', namespace, 'provider']);
  await untilTrue(() => isGone(namespace), 'the try that finds no Provider');
  status = 200;

  await cluster.apply([toProvider('provider', { address: `http://127.0.0.1:${sink.port}/${namespace}` }, { namespace })]);
  await untilTrue(() => received(namespace).length === 1, 'the message that waited');

  assert.deepEqual(received(namespace), ['patient']);
});

async function isGone(namespace: string): Promise<boolean> {
  const { body } = await product.admin(`/api/v1/deliveries?route=flux//${namespace}/alert`);
  const [delivery] = (body as { readonly items: readonly { readonly state: string; readonly reason: string }[] }).items;
  return delivery?.state === 'waiting' && delivery.reason === 'target-gone';
}

test('labels of the object decide, also when it was deleted', { skip }, async () => {
  const namespace = 'labels';
  const sources = [{ kind: 'Kustomization', name: '*', matchLabels: { team: 'a' } }];
  await arrange(namespace, { alert: { eventSources: sources } });
  await cluster.apply([toKustomization(namespace, 'ours', { team: 'a' }), toKustomization(namespace, 'theirs', { team: 'b' })]);

  for (const name of ['ours', 'theirs', 'nobody']) await product.post(toClusterEvent(namespace, name, name));
  await untilTrue(() => received(namespace).length === 1, 'the message about ours');
  await untilTrue(async () => (await eventsOf(namespace)).length === 1, 'the Event about the missing object');
  await cluster.kubectl(['delete', 'kustomization', '-n', namespace, 'ours']);
  await product.post(toClusterEvent(namespace, 'gone', 'ours'));
  await untilTrue(() => received(namespace).length === 2, 'the message about the deleted object');

  assert.deepEqual(received(namespace), ['ours', 'gone']);
  const [missing] = await eventsOf(namespace);
  assert.equal(missing?.['reason'], 'SourceFetchFailed');
  assert.equal(missing?.['message'], 'error getting source object Kustomization/labels/nobody');
});

test('an Alert whose Provider is missing says so until it is there', { skip }, async () => {
  const namespace = 'lonely';
  await cluster.namespace(namespace);
  await cluster.apply([toAlert('alert', {}, { namespace })]);
  const reason = async (): Promise<string | undefined> => (await statusOf(namespace, 'alerts', 'alert')).conditions?.[0]?.reason;
  await untilTrue(async () => (await reason()) === 'ProviderNotFound', 'word of the missing Provider');

  await cluster.apply([toProvider('provider', {}, { namespace })]);

  await untilTrue(async () => (await reason()) === 'Succeeded', 'word that it is there');
});

test('failing and recovering show in Events and status', { skip }, async () => {
  const namespace = 'failing';
  await arrange(namespace);
  status = 500;
  await product.post(toClusterEvent(namespace, 'unlucky'));
  await untilReady(namespace, 'False');
  const failing = await statusOf(namespace, 'providers', 'provider');
  assert.deepEqual([failing.conditions?.[0]?.reason, failing.lastError?.reason], ['Server', 'Server']);
  await untilTrue(async () => (await eventsOf(namespace)).length > 0, 'the Event');
  const [told] = await eventsOf(namespace);
  assert.deepEqual(
    [told?.['type'], told?.['reason'], told?.['reportingComponent']],
    ['Warning', 'NotificationDispatchFailed', 'notification-controller'],
  );
  assert.match(String(told?.['message']), /^failed to send notification for Kustomization\/failing\/web: /);

  status = 200;
  await untilReady(namespace, 'True');

  const recovered = await statusOf(namespace, 'providers', 'provider');
  assert.equal(recovered.lastError?.reason, 'Server');
  assert.match(recovered.lastSuccess ?? '', /^\d{4}-/);
});

test('a tenant of the cluster sees the messages of their own Alerts and of no others', { skip }, async () => {
  const namespace = 'tenant';
  await arrange(namespace);
  await arrange('neighbour');
  const { mounted, token } = await cluster.serviceAccount(namespace, 'reader');
  const subjects = [{ kind: 'ServiceAccount', name: 'reader', namespace }];
  await cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'reader', namespace },
      rules: [{ apiGroups: ['notification.toolkit.fluxcd.io'], resources: ['alerts'], verbs: ['get', 'replay'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'reader', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects,
    },
  ]);
  for (const place of [namespace, 'neighbour']) await product.post(toClusterEvent(place, `for ${place}`));
  await untilTrue(() => received(namespace).length === 1 && received('neighbour').length === 1, 'both messages');

  const seen = async (): Promise<readonly string[]> => {
    const { body } = await product.admin('/api/v1/deliveries', token);
    const { items } = body as { readonly items?: readonly { readonly route: { readonly namespace: string } }[] };
    return (items ?? []).map(({ route }) => route.namespace);
  };
  await untilTrue(async () => (await seen()).length > 0, 'the right to be known');

  assert.deepEqual(await seen(), [namespace]);
  const admin = `${product.addresses.admin.host}:${product.addresses.admin.port}`;
  const listed = await runTocsin('deliveries', '--admin-addr', admin, '--token-file', join(mounted, 'token'), '--output', 'json');
  assert.match(listed.stdout, /"namespace": ?"tenant"/, listed.stderr);
  assert.doesNotMatch(listed.stdout, /neighbour/);
  const foreign = await runTocsin('deliveries', '--admin-addr', admin, '--token-file', join(mounted, 'namespace'));
  assert.match(foreign.stderr, /does not know whose token .*namespace holds; it takes tokens of the cluster/);
  const absent = await runTocsin('deliveries', '--admin-addr', admin, '--token-file', join(mounted, 'none'));
  assert.match(absent.stderr, /cannot read the token in/);
  assert.equal((await product.admin('/api/v1/stats', token)).status, 403);
  assert.equal((await product.admin('/api/v1/deliveries', 'nobody')).status, 401);
});

test('lint judges what is in the cluster', { skip }, async () => {
  const namespace = 'linted';
  await arrange(namespace, { provider: { secretRef: { name: 'absent' } }, others: [toKustomization(namespace, 'web', {})] });
  await cluster.apply([
    toAlert('odd', { eventSources: [{ kind: 'Kustomization', name: '*' }], providerRef: { name: 'other' } }, { namespace }),
  ]);

  const { code, stdout, stderr } = await runTocsin('lint', '--cluster', '--kubeconfig', cluster.kubeconfig, '--output', 'json');

  assert.equal(code, 1, stderr);
  const found = (JSON.parse(stdout) as { readonly items: readonly Readonly<Record<string, string>>[] }).items
    .filter(({ object }) => object?.includes(`/${namespace}/`))
    .map(({ severity, rule, object }) => `${severity} ${rule} ${object}`);
  assert.deepEqual(found.toSorted(), [
    `error missing-provider Alert/${namespace}/odd`,
    `error missing-secret Provider/${namespace}/provider`,
  ]);
});

test('explain and render read the cluster without a server', { skip }, async () => {
  const namespace = 'explained';
  const secret = { ...toSecretObject('token', { token: 'key' }), metadata: { namespace, name: 'token' } };
  await arrange(namespace, { provider: { type: 'generic-hmac', secretRef: { name: 'token' } }, others: [secret] });
  const object = `Kustomization/${namespace}/web`;
  const from = ['--kubeconfig', cluster.kubeconfig];

  const explained = await runTocsin('explain', object, ...from);
  const rendered = await runTocsin('render', '--provider', `${namespace}/provider`, object, ...from);

  assert.match(explained.stdout, new RegExp(`${namespace}/alert`), explained.stderr);
  assert.equal(explained.code, 0);
  assert.equal(rendered.code, 0, rendered.stderr);
  assert.match(rendered.stdout, /[Xx]-[Ss]ignature/);
});

test('objects that are deleted do not hang on the finalizer of notification-controller', { skip }, async () => {
  const namespace = 'released';
  await arrange(namespace);
  await cluster.apply([toProvider('held', {}, { namespace, finalizers: ['finalizers.fluxcd.io'] })]);

  await cluster.kubectl(['delete', 'provider', '-n', namespace, 'held', '--timeout=20s']);

  assert.equal((await cluster.request('GET', `${GROUP}/namespaces/${namespace}/providers/held`)).status, 404);
});

test('after all that was changed, removed and put back, what serves equals a fresh list', { skip }, async () => {
  await assertServesFreshList(product, cluster.kubeconfig);
});
