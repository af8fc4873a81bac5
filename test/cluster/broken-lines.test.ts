// One program whose line to the API server breaks in every way, with credentials that are taken from it: afterwards it serves
// what a fresh list gives, and sends what it took.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { whyNoApiServer } from '../support/api-server.ts';
import { BreakableLine } from '../support/breakable-line.ts';
import { type ClusterProduct, toClusterEvent } from '../support/cluster-product.ts';
import { FaultWorld } from '../support/fault-world.ts';
import { toAlert } from '../support/flux-objects.ts';
import { toKubeconfig } from '../support/kubeconfig.ts';
import { untilTrue } from '../support/until.ts';

const skip = whyNoApiServer();
const ACCOUNT = { namespace: 'default', name: 'tocsin' };
const ACCOUNT_PATH = `/api/v1/namespaces/${ACCOUNT.namespace}/serviceaccounts/${ACCOUNT.name}`;
const NAMESPACE = 'line';
const ALERTS_PATH = `/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/${NAMESPACE}/alerts`;
const LONG_MS = 60_000;

let world: FaultWorld;
let line: BreakableLine;
let product: ClusterProduct;
/** The program's own; rewritten as whoever rotates credentials does. */
let kubeconfig: string;
let caFile: string;

before(async () => {
  if (skip !== false) return;
  world = await FaultWorld.open();
  await world.installCrds();
  await world.arrange(NAMESPACE);
  await world.server.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'tocsin' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', ...ACCOUNT }],
    },
  ]);
  line = await BreakableLine.open(Number(new URL(world.server.url).port));
  const { mounted, token } = await world.server.serviceAccount(ACCOUNT.namespace, ACCOUNT.name);
  caFile = join(mounted, 'ca.crt');
  kubeconfig = join(mounted, 'line.kubeconfig');
  writeKubeconfig(token);
  product = await world.startServing({ kubeconfig });
});

after(async () => {
  await world?.stopAll();
  await line?.close();
  await world?.close();
});

function writeKubeconfig(token: string): void {
  writeFileSync(kubeconfig, toKubeconfig(`https://127.0.0.1:${line.port}`, caFile, { token }), { mode: 0o600 });
}

/** Applies an Alert on the object of this name and proves that it is in use: its message arrives. */
async function assertFollows(name: string): Promise<void> {
  await world.server.ask('POST', ALERTS_PATH, toAlert(name, { eventSources: [{ kind: 'Kustomization', name }] }, { namespace: NAMESPACE }));
  await world.assertServesFreshList(product);
  assert.equal(await product.post(toClusterEvent(NAMESPACE, name, name)), 202);
  await world.assertAllSettled(product, NAMESPACE, [name]);
}

async function endedWatches(cause: string): Promise<number> {
  const samples = await product.series('tocsin_cluster_watches_ended_total');
  return samples.filter(({ labels }) => labels['cause'] === cause).reduce((sum, { value }) => sum + value, 0);
}

test('connections that are reset while Alerts come, change and go', { skip }, async () => {
  for (let index = 0; index < 60; index++) {
    await world.server.ask('POST', ALERTS_PATH, toAlert(`reset-${index}`, {}, { namespace: NAMESPACE }));
    if (index % 3 === 0) await world.server.ask('DELETE', `${ALERTS_PATH}/reset-${index}`);
    if (index % 3 === 1) {
      const patch = { spec: { eventSeverity: 'error' } };
      await world.server.ask('PATCH', `${ALERTS_PATH}/reset-${index}`, patch, 'application/merge-patch+json');
    }
    if (index % 5 === 0) line.reset();
  }

  await assertFollows('after-resets');
  assert.ok((await endedWatches('error')) > 0, 'watches broke');
  assert.equal(await endedWatches('gone'), 0, 'and were resumed');
});

test('a version that the API server no longer keeps', { skip }, async () => {
  // Nobody hears of these, and a server that begins anew remembers nothing from before.
  line.silence();
  await world.server.kubectl(['delete', 'alerts', '-n', NAMESPACE, 'reset-1', 'reset-2', 'reset-4']);
  await world.server.ask('POST', ALERTS_PATH, toAlert('unheard', {}, { namespace: NAMESPACE }));
  await world.server.crash();
  line.reset();
  await world.server.restart();

  await untilTrue(async () => (await endedWatches('gone')) > 0, 'the answer that it is gone', LONG_MS);
  await assertFollows('after-gone');
});

test('a token that is refused from one moment to the next, and then replaced', { skip }, async () => {
  const { token } = await world.server.serviceAccount(ACCOUNT.namespace, ACCOUNT.name);
  writeKubeconfig(token);
  await world.server.ask('DELETE', ACCOUNT_PATH);
  await untilTrue(async () => {
    line.reset();
    return /Unauthorized/.test(product.log());
  }, 'the refusal');
  assert.equal(await product.post(toClusterEvent(NAMESPACE, 'without a token', 'after-gone')), 202);

  const next = await world.server.serviceAccount(ACCOUNT.namespace, ACCOUNT.name);
  writeKubeconfig(next.token);

  await assertFollows('after-token');
  await world.assertAllSettled(product, NAMESPACE, ['without a token']);
  assert.equal(product.log().includes(token) || product.log().includes(next.token), false);
});

test('a certificate of another authority, which is trusted only later', { skip }, async () => {
  const rotated = world.server.rotateCertificates();
  // A server that begins anew resumes no session, so that its certificate is looked at.
  await world.server.restart();
  await untilTrue(() => /unable to verify|self.signed|certificate/.test(product.log()), 'the distrust', LONG_MS);
  assert.equal(await product.post(toClusterEvent(NAMESPACE, 'without trust', 'after-token')), 202);

  writeFileSync(caFile, rotated);

  await assertFollows('after-ca');
  await world.assertAllSettled(product, NAMESPACE, ['without trust']);
});
