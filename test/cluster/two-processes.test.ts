// Two processes with a store each, and one of them the leader: either takes events, one writes status, and nothing is told twice.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { whyNoApiServer } from '../support/api-server.ts';
import { type ClusterProduct, toClusterEvent } from '../support/cluster-product.ts';
import { FaultWorld } from '../support/fault-world.ts';
import { toAlert, toProvider } from '../support/flux-objects.ts';
import { untilTrue } from '../support/until.ts';

const skip = whyNoApiServer();
const NAMESPACE = 'two';
const LEASE_PATH = '/apis/coordination.k8s.io/v1/namespaces/default/leases/notification-controller-leader-election';
const LEASE_MS = 6_000;
const RETRY_MS = 1_000;
/** Those who wait ask after at most 2.2 periods; the rest is the time of requests on a busy machine. */
const TAKEN_OVER_WITHIN_MS = LEASE_MS + 2.2 * RETRY_MS + 3_000;
const FLAGS = [
  '--enable-leader-election',
  `--leader-election-lease-duration=${LEASE_MS}ms`,
  '--leader-election-renew-deadline=4s',
  `--leader-election-retry-period=${RETRY_MS}ms`,
];
const directory = mkdtempSync(join(tmpdir(), 'tocsin-two-processes-'));

let world: FaultWorld;
let first: ClusterProduct;
let second: ClusterProduct;

before(async () => {
  if (skip !== false) return;
  world = await FaultWorld.open();
  await world.installCrds();
  await world.arrange(NAMESPACE);
  const address = `http://127.0.0.1:${world.sink.port}/failing`;
  const eventSources = ['first', 'second'].map((name) => ({ kind: 'Kustomization', name }));
  await world.server.apply([
    toProvider('failing', { address }, { namespace: NAMESPACE }),
    toAlert('failing', { eventSources, providerRef: { name: 'failing' } }, { namespace: NAMESPACE }),
    toAlert(
      'lonely',
      { eventSources: [{ kind: 'Kustomization', name: 'lonely' }], providerRef: { name: 'nobody' } },
      { namespace: NAMESPACE },
    ),
  ]);
  world.answers.set('/failing', 500);
  first = await startFirst();
  await untilTrue(() => leads(first), 'the first leader');
  second = await world.startServing({ flags: FLAGS, env: { HOSTNAME: 'second' } });
});

after(async () => {
  await world?.close();
  rmSync(directory, { recursive: true, force: true });
});

function startFirst(): Promise<ClusterProduct> {
  return world.startServing({ flags: FLAGS, env: { HOSTNAME: 'first' }, directory });
}

async function leads(product: ClusterProduct): Promise<boolean> {
  const [status] = await product.series('leader_election_master_status');
  assert.equal(status?.labels['name'], 'notification-controller-leader-election');
  return status.value === 1;
}

async function holder(): Promise<string> {
  const { spec } = (await world.server.ask('GET', LEASE_PATH)) as { readonly spec: { readonly holderIdentity: string } };
  return spec.holderIdentity.split('_')[0] ?? '';
}

async function patches(product: ClusterProduct): Promise<number> {
  const samples = await product.series('rest_client_requests_total');
  return samples.filter(({ labels }) => labels['method'] === 'PATCH').reduce((sum, { value }) => sum + value, 0);
}

interface Condition {
  readonly status: string;
  readonly reason: string;
}

async function readyOf(provider: string): Promise<Condition | undefined> {
  const path = `/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/${NAMESPACE}/providers/${provider}`;
  const object = (await world.server.ask('GET', path)) as { readonly status?: { readonly conditions?: readonly Condition[] } };
  return object.status?.conditions?.[0];
}

interface ToldEvent {
  readonly message: string;
  readonly count: number;
}

/** How often each of the Kubernetes Events about an object's message was counted. */
async function toldOf(name: string): Promise<readonly number[]> {
  const { items } = (await world.server.ask('GET', `/api/v1/namespaces/${NAMESPACE}/events`)) as { readonly items: readonly ToldEvent[] };
  return items.filter(({ message }) => message.includes(`Kustomization/${NAMESPACE}/${name}:`)).map(({ count }) => count);
}

function tries(name: string): number {
  return world.sink.requests.filter(({ body, path }) => path === '/failing' && body.includes(`"name":"${name}"`)).length;
}

test('either takes events, and each is sent once', { skip }, async () => {
  const messages = Array.from({ length: 10 }, (_, index) => `message ${index}`);
  for (const [index, message] of messages.entries()) {
    const product = index % 2 === 0 ? first : second;
    assert.equal(await product.post(toClusterEvent(NAMESPACE, message, `web-${index}`)), 202);
  }

  for (const product of [first, second]) await world.assertAllSettled(product, NAMESPACE, []);
  assert.equal(world.missing(NAMESPACE, messages), 0);
  assert.equal(world.sink.requests.filter(({ path }) => path === `/${NAMESPACE}`).length, messages.length);
  for (const product of [first, second]) await world.assertServesFreshList(product);
});

test('only the leader writes status', { skip }, async () => {
  await untilTrue(async () => (await readyOf('provider'))?.status === 'True', 'the status');

  assert.equal(await holder(), 'first');
  assert.deepEqual([await leads(first), await leads(second)], [true, false]);
  assert.ok((await patches(first)) > 0);
  assert.equal(await patches(second), 0);
});

test('a failure is told once, whoever meets it and however often', { skip }, async () => {
  for (const [name, product] of Object.entries({ first, second, lonely: second })) {
    await product.post(toClusterEvent(NAMESPACE, `unlucky ${name}`, name));
    await untilTrue(async () => (await toldOf(name)).length > 0, `the Event about ${name}`);
  }
  await untilTrue(() => tries('first') > 1 && tries('second') > 1, 'the second try of each');

  assert.deepEqual([await toldOf('first'), await toldOf('second'), await toldOf('lonely')], [[1], [1], [1]]);
});

test('when the leader is killed the other leads within the time of the lease, and writes', { skip }, async () => {
  const triesBefore = tries('first');
  first.kill('SIGKILL');
  await first.exited;
  const killedMs = performance.now();
  await untilTrue(() => leads(second), 'the second leader', 3 * TAKEN_OVER_WITHIN_MS);
  const tookMs = performance.now() - killedMs;

  assert.ok(tookMs <= TAKEN_OVER_WITHIN_MS, `${tookMs} ms`);
  assert.equal(await holder(), 'second');
  await world.server.apply([toProvider('provider', { suspend: true }, { namespace: NAMESPACE })]);
  await untilTrue(async () => (await readyOf('provider'))?.reason === 'Suspended', 'the status by the second');

  first = await startFirst();
  await untilTrue(() => tries('first') > triesBefore, 'the next try of what the first owes');
  await world.assertServesFreshList(first);
  assert.deepEqual([await toldOf('first'), await toldOf('lonely')], [[1], [1]], 'neither a restart nor a new leader tells anything twice');
  assert.deepEqual([await leads(first), await leads(second)], [false, true]);
});

test('a leader that ends in order hands over at once', { skip }, async () => {
  await second.stop();
  const stoppedMs = performance.now();
  await untilTrue(() => leads(first), 'the first, again');

  assert.ok(performance.now() - stoppedMs < LEASE_MS, 'sooner than the lease runs out');
});
