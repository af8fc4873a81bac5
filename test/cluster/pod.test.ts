// The built program in what a pod would be, with the rights of the manifests and no others.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openCluster, whyNoCluster } from '../support/api-server.ts';
import type { Cluster } from '../support/cluster.ts';
import { toClusterEvent } from '../support/cluster-product.ts';
import { fluxCrds } from '../support/flux-crds.ts';
import { fluxComponents } from '../support/flux-install.ts';
import { toAlert, toProvider } from '../support/flux-objects.ts';
import { sendHttp } from '../support/http-sender.ts';
import { type BuiltObject, kustomize, MANIFESTS, pick } from '../support/kustomize.ts';
import { buildProgram, type Pod, POD_NAME, startPod, whyNoPod } from '../support/pod.ts';
import { sourceCrds } from '../support/source-crds.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { untilTrue } from '../support/until.ts';

const NAME = 'notification-controller';
const NAMESPACE = 'flux-system';

const skip = whyNoCluster() || whyNoPod();
const folder = mkdtempSync(join(tmpdir(), 'tocsin-image-'));
const sink = new WebhookSink(() => ({ kind: 'answer', status: 200 }));
let cluster: Cluster;
let app: string;

before(async () => {
  if (skip !== false) return;
  cluster = await openCluster();
  app = buildProgram(folder);
  await sink.listen();
  await cluster.namespace(NAMESPACE);
  await cluster.apply(sourceCrds());
});
after(async () => {
  sink.close();
  rmSync(folder, { recursive: true, force: true });
  await cluster?.close();
});

test('the rights of the base are enough, and none is missed', { skip }, async () => {
  const objects = kustomize(join(MANIFESTS, 'overlays/standalone'));
  await cluster.apply(objects.filter(({ kind }) => /^(CustomResourceDefinition|ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind)));
  const pod = await startPod({
    app,
    account: await cluster.serviceAccount(NAMESPACE, NAME),
    api: cluster.url,
    namespace: NAMESPACE,
    args: argsOf(objects),
    hasVolume: true,
  });

  try {
    await usesItsRights(pod, 'pod');
    await untilTrue(() => hasStatus('pod', 'broken'), 'the status of a Provider');
    assert.doesNotMatch(pod.log(), /forbidden/i);
  } finally {
    await pod.remove();
    await cluster.kubectl(
      ['delete', '-f', '-'],
      objects.filter(({ kind }) => kind.endsWith('RoleBinding')),
    );
  }
});

test("Flux's own Deployment with no more than the image changed keeps its store in /tmp, and says so", { skip }, async () => {
  const objects = (fluxComponents() as { readonly items: readonly BuiltObject[] }).items;
  await cluster.apply([...objects.filter(({ kind }) => /^(ServiceAccount|ClusterRole(Binding)?)$/.test(kind)), ...fluxCrds()]);
  const pod = await startPod({
    app,
    account: await cluster.serviceAccount(NAMESPACE, NAME),
    api: cluster.url,
    namespace: NAMESPACE,
    args: argsOf(objects),
    hasVolume: false,
  });

  try {
    await usesItsRights(pod, 'swapped');
    const { body } = await sendHttp({ to: pod.addresses.health, method: 'GET', path: '/readyz?verbose', headers: {}, body: '' });
    const metrics = await sendHttp({ to: pod.addresses.metrics, method: 'GET', path: '/metrics', headers: {}, body: '' });

    await untilTrue(
      async () => (await eventsOn(POD_NAME, NAMESPACE)).some(({ reason }) => reason === 'StoreNotPersistent'),
      'the Event on the pod',
    );
    assert.match(body, /store is not on a persistent volume/);
    assert.match(metrics.body, /^tocsin_store_persistent 0$/m);
    assert.match(pod.log(), /the store is not on a persistent volume/);
    assert.doesNotMatch(pod.log(), /forbidden/i);
  } finally {
    await pod.remove();
    await cluster.kubectl(
      ['delete', '-f', '-'],
      objects.filter(({ kind }) => kind === 'ClusterRoleBinding'),
    );
  }
});

test('without rights it says which rule is missing, and takes events all the same', { skip }, async () => {
  const pod = await startPod({
    app,
    account: await cluster.serviceAccount(NAMESPACE, 'powerless'),
    api: cluster.url,
    namespace: NAMESPACE,
    args: [],
    hasVolume: true,
  });

  try {
    await untilTrue(() => /apiGroups.*notification\.toolkit\.fluxcd\.io.*alerts/.test(pod.log()), 'the missing rule');
    await post(pod, toClusterEvent('powerless', 'kept'));
  } finally {
    await pod.remove();
  }
});

function argsOf(objects: readonly BuiltObject[]): readonly string[] {
  const { template } = pick(objects, 'Deployment', NAME)['spec'] as {
    readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
  };
  return template.spec.containers[0]?.args ?? [];
}

/** An event that needs a Secret and the labels of its object, and one whose Provider has no Secret. */
async function usesItsRights(pod: Pod, namespace: string): Promise<void> {
  const place = { namespace };
  await cluster.namespace(namespace);
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hook', namespace },
      stringData: { address: `http://127.0.0.1:${sink.port}/${namespace}` },
    },
    { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', metadata: { name: 'web', namespace, labels: { team: 'a' } } },
    toProvider('provider', { secretRef: { name: 'hook' } }, place),
    toAlert('alert', { eventSources: [{ kind: 'Kustomization', name: '*', matchLabels: { team: 'a' } }] }, place),
    toProvider('broken', { secretRef: { name: 'missing' } }, place),
    toAlert('unlucky', { providerRef: { name: 'broken' } }, place),
  ]);
  let sent = 0;
  await untilTrue(async () => {
    // Until its Alert has been seen, an event matches nothing.
    await post(pod, toClusterEvent(namespace, `hello ${++sent}`));
    return sink.requests.some(({ path }) => path === `/${namespace}`);
  }, 'the message');
  await untilTrue(async () => (await eventsOn('unlucky', namespace)).length > 0, 'the Event on the Alert');
}

async function post(pod: Pod, event: object): Promise<void> {
  const { status } = await sendHttp({ to: pod.addresses.events, method: 'POST', path: '/', headers: {}, body: JSON.stringify(event) });
  assert.equal(status, 202);
}

async function eventsOn(name: string, namespace: string): Promise<readonly { readonly reason: string }[]> {
  const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.name%3D${name}`;
  return ((await cluster.ask('GET', path)) as { readonly items: readonly { readonly reason: string }[] }).items;
}

async function hasStatus(namespace: string, name: string): Promise<boolean> {
  const provider = await cluster.ask('GET', `/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/${namespace}/providers/${name}`);
  return (provider as { readonly status?: object }).status !== undefined;
}
