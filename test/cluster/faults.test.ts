// What may happen to an API server: afterwards nothing that was accepted is lost, and what serves equals what a fresh list gives.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { whyNoApiServer } from '../support/api-server.ts';
import { createObjects } from '../support/cluster-client.ts';
import { type ClusterProduct, toClusterEvent } from '../support/cluster-product.ts';
import { EventLoad } from '../support/event-load.ts';
import { FaultWorld } from '../support/fault-world.ts';
import { toKindCrd } from '../support/flux-crds.ts';
import { toAlert, toKustomization, toProvider } from '../support/flux-objects.ts';
import { sendHttp } from '../support/http-sender.ts';
import { untilTrue } from '../support/until.ts';

const skip = whyNoApiServer();
const ALERTS = { group: 'notification.toolkit.fluxcd.io', version: 'v1beta3', plural: 'alerts', kind: 'Alert', namespaced: true };
const PER_SECOND = 50;
const HANGING_MS = 45_000;
const CRASHED_MS = 15_000;
/** What hangs holds the first messages up for longer, once. */
const LATE_SECONDS = 5;
const LONG_MS = 60_000;

let world: FaultWorld;

before(async () => {
  if (skip === false) world = await FaultWorld.open();
});
afterEach(async () => {
  await world?.stopAll();
  await world?.server.revive();
});
after(() => world?.close());

test('CRDs that are missing at the start are waited for, which is said, and events are taken meanwhile', { skip }, async () => {
  const product = await world.start();
  await untilTrue(() => product.log().includes('the cluster does not serve this kind; it is waited for'), 'word of the missing kind');
  const early = Array.from({ length: 20 }, (_, index) => `early ${index}`);
  for (const message of early) assert.equal(await product.post(toClusterEvent('early', message)), 202);
  await untilTrue(async () => (await product.ready()) === 200, 'readiness: storing is what it is for');
  assert.match(await readyz(product), /^\[!\]snapshot warning: no configuration has been read yet: the cluster serves no kind Alert/m);

  await world.installCrds();
  await world.arrange('early');
  await untilTrue(async () => {
    await product.post(toClusterEvent('early', `late ${performance.now()}`));
    return world.received('early').size > 0;
  }, 'the first message');

  assert.match(await readyz(product), /^\[\+\]snapshot ok$/m);
  await world.assertAllSettled(product, 'early', []);
  await world.assertServesFreshList(product);
});

async function readyz({ addresses }: ClusterProduct): Promise<string> {
  return (await sendHttp({ to: addresses.health, method: 'GET', path: '/readyz?verbose', headers: {}, body: '' })).body;
}

test('an API server that hangs, then crashes, and is back after a minute under load costs no message, and hardly a delay', {
  skip,
}, async () => {
  const namespace = 'load';
  await world.installCrds();
  await world.arrange(namespace);
  await world.server.apply(unlucky(namespace));
  const product = await world.startServing();
  const load = new EventLoad({ product, namespace, perSecond: PER_SECOND });
  await untilTrue(() => world.received(namespace).size > PER_SECOND, 'the load');
  const late = (): number => world.missing(namespace, load.accepted.slice(0, -LATE_SECONDS * PER_SECOND));

  world.server.freeze();
  await sleep(HANGING_MS);
  assert.equal(late(), 0, 'messages go out while it hangs');
  await world.server.crash();
  await sleep(CRASHED_MS);
  assert.equal(late(), 0, 'messages go out while it is gone');
  await world.server.restart();
  await world.server.apply([toAlert('later', { eventSources: [{ kind: 'Kustomization', name: 'later' }] }, { namespace })]);
  const isFollowed = async (): Promise<boolean> => (await product.served()).routes.includes(`flux//${namespace}/later`);
  await untilTrue(isFollowed, 'an Alert that came afterwards', LONG_MS);
  await load.stop();

  assert.deepEqual(load.refused, []);
  assert.ok(load.accepted.length > ((HANGING_MS + CRASHED_MS) / 1000) * PER_SECOND, `${load.accepted.length} events`);
  const unsent = load.accepted.filter((message) => Number(message.split(' ')[1]) % EventLoad.objects === 0);
  await world.assertAllSettled(product, namespace, load.accepted, unsent.length);
  await world.assertServesFreshList(product);
});

/** Its messages wait for a Secret that never comes. */
function unlucky(namespace: string): readonly object[] {
  const eventSources = [{ kind: 'Kustomization', name: 'web-0' }];
  return [
    toProvider('unlucky', { type: 'generic-hmac', secretRef: { name: 'nowhere' } }, { namespace }),
    toAlert('unlucky', { eventSources, providerRef: { name: 'unlucky' } }, { namespace }),
  ];
}

test('a process that starts while the API server is away takes events and sends them when it is back', { skip }, async () => {
  const namespace = 'away';
  await world.installCrds();
  await world.arrange(namespace);
  await world.server.apply([toKindCrd({ group: 'kustomize.toolkit.fluxcd.io', version: 'v1', kind: 'Kustomization' })]);
  await world.server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  await world.server.apply(labelled(namespace));
  await world.server.crash();
  const product = await world.start();
  const messages = Array.from({ length: 20 }, (_, index) => `away ${index}`);
  for (const message of messages) assert.equal(await product.post(toClusterEvent(namespace, message)), 202);
  await untilTrue(async () => (await product.ready()) === 200, 'readiness');
  assert.match(await readyz(product), /^\[!\]snapshot warning: .*Alert objects cannot be followed: .*no answer from the API server/m);

  await world.server.restart();

  await world.assertAllSettled(product, namespace, messages);
  assert.equal(world.missing('labelled', messages), 0, 'labels that could not be asked for then are asked for now');
  await world.assertServesFreshList(product);
});

/** An Alert that asks for labels, and the object that has them. */
function labelled(namespace: string): readonly object[] {
  const eventSources = [{ kind: 'Kustomization', name: '*', matchLabels: { team: 'a' } }];
  return [
    toKustomization(namespace, 'web', { team: 'a' }),
    toProvider('labelled', { address: `http://127.0.0.1:${world.sink.port}/labelled` }, { namespace }),
    toAlert('labelled', { eventSources, providerRef: { name: 'labelled' } }, { namespace }),
  ];
}

test('ten thousand Alerts in a burst are one Snapshot that equals a fresh list', { skip }, async () => {
  const namespace = 'burst';
  await world.installCrds();
  await world.arrange(namespace);
  // No rate of ours holds a server up that regulates requests itself.
  const product = await world.startServing({ flags: ['--kube-api-qps=0.01', '--kube-api-burst=1'] });
  const names = Array.from({ length: 10_000 }, (_, index) => `burst-${index}`);
  const alerts = names.map((name) => toAlert(name, { eventSources: [{ kind: 'Kustomization', name }] }, { namespace: 'burst' }));

  await createObjects(world.server.kubeconfig, ALERTS, alerts);

  await world.assertServesFreshList(product);
  assert.equal(await product.post(toClusterEvent(namespace, 'to the last', 'burst-9999')), 202);
  await world.assertAllSettled(product, namespace, ['to the last']);
});
