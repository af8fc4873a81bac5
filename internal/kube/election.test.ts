import assert from 'node:assert/strict';
import { KubeApi, refusal } from '../../test/support/kube-api.ts';
import { createTestClient } from '../../test/support/kube-client.ts';
import { settleDown, until } from '../../test/support/until.ts';
import { type Election, type ElectionOptions, startElection } from './election.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

const LEASES_PATH = '/apis/coordination.k8s.io/v1/leases';
const NAME = 'notification-controller-leader-election';

let api: KubeApi;
let world: ReturnType<typeof createTestClient>;
let elections: Election[];
let changes: string[];

beforeEach(async () => {
  api = await KubeApi.start();
  world = createTestClient(api.port);
  elections = [];
  changes = [];
});

afterEach(async () => {
  api.intercept = () => undefined;
  await Promise.all(elections.map(async (election) => election.stop()));
  await world.client.close();
  await api.close();
});

function elect(identity: string, options: Partial<ElectionOptions> = {}): Election {
  const { client, clock, log } = world;
  const election = startElection({
    client,
    namespace: 'flux-system',
    name: NAME,
    identity,
    leaseDurationMs: 35_000,
    renewDeadlineMs: 30_000,
    retryPeriodMs: 5_000,
    releaseOnStop: true,
    onChange: (isLeader) => changes.push(`${identity} ${isLeader ? 'leads' : 'follows'}`),
    clock,
    random: () => 0.5,
    log,
    ...options,
  });
  elections.push(election);
  return election;
}

function spec(): Record<string, unknown> {
  return (api.objects(LEASES_PATH)[0]?.['spec'] ?? {}) as Record<string, unknown>;
}

/** Lets rounds pass, each as soon as the one before has been answered. Returns how many seconds it took. */
async function passUntil(condition: () => boolean): Promise<number> {
  for (let seconds = 0; seconds < 200; seconds++) {
    await settleRequests();
    if (condition()) return seconds;
    world.clock.advance(1000);
  }
  throw new Error('waited in vain');
}

/** Until nothing is asked any more: only pauses and the expiry are left on the clock. */
async function settleRequests(): Promise<void> {
  let before = -1;
  while (before !== api.requests.length) {
    before = api.requests.length;
    await settleDown(40);
  }
}

test('the first takes the lease, in the form of client-go, and renews it', async () => {
  const first = elect('one');
  await until(() => first.isLeader(), 'the lead');

  assert.deepEqual(spec(), {
    holderIdentity: 'one',
    leaseDurationSeconds: 35,
    acquireTime: '2026-01-05T12:00:00.000000Z',
    renewTime: '2026-01-05T12:00:00.000000Z',
    leaseTransitions: 0,
  });
  const before = api.requests.length;
  await passUntil(() => spec()['renewTime'] === '2026-01-05T12:00:05.000000Z');
  assert.equal(spec()['acquireTime'], '2026-01-05T12:00:00.000000Z');
  assert.deepEqual(
    api.requests.slice(before).map(({ method }) => method),
    ['PUT'],
  );
});

test('the second waits while the first renews, and leads at once after a release', async () => {
  const first = elect('one');
  await until(() => first.isLeader(), 'the lead');
  const second = elect('two');
  let seconds = 0;
  await passUntil(() => seconds++ === 60);
  assert.equal(second.isLeader(), false);

  await first.stop();
  assert.equal(spec()['holderIdentity'], '');
  const waited = await passUntil(() => second.isLeader());

  assert.ok(waited <= 11, `${waited} s`);
  assert.equal(spec()['leaseTransitions'], 1);
  assert.deepEqual(changes, ['one leads', 'one follows', 'two leads']);
});

test('a leader that was killed is followed when its lease has run out, not before', async () => {
  api.put(LEASES_PATH, {
    metadata: { name: NAME, namespace: 'flux-system' },
    spec: { holderIdentity: 'killed', leaseDurationSeconds: 35, leaseTransitions: 4 },
  });
  const second = elect('two');
  const waited = await passUntil(() => second.isLeader());

  assert.ok(waited >= 35 && waited <= 46, `${waited} s`);
  assert.equal(spec()['leaseTransitions'], 5);
});

test('a leader that cannot renew stops being one before the lease has run out', async () => {
  let rereads = 0;
  const first = elect('one', { onReread: () => (rereads += 1) });
  await until(() => first.isLeader(), 'the lead');
  for (const [name, trouble] of Object.entries({ refused: refusal(500, 'InternalError', 'no'), silent: 'silence' as const })) {
    const before = world.clock.monotonicMs();
    api.intercept = () => trouble;
    await passUntil(() => !first.isLeader());
    assert.ok(world.clock.monotonicMs() - before <= 30_000, name);

    api.intercept = () => undefined;
    await passUntil(() => first.isLeader());
  }
  assert.equal(world.log.lines().filter((line) => line.startsWith('warn')).length, 2);
  assert.ok(rereads > 0, 'after a failure the lease is read before it is renewed');
});

test('one connection that leads nowhere costs a leader nothing', async () => {
  const first = elect('one');
  await until(() => first.isLeader(), 'the lead');
  const replies = ['silence' as const];
  api.intercept = () => replies.shift();
  await passUntil(() => replies.length === 0);
  await passUntil(() => spec()['renewTime'] === '2026-01-05T12:00:25.000000Z');

  assert.deepEqual(changes, ['one leads']);
});

test('who lost a race waits for the next round, without a word', async () => {
  api.put(LEASES_PATH, { metadata: { name: NAME, namespace: 'flux-system' }, spec: { holderIdentity: '' } });
  const replies = [undefined, refusal(409, 'Conflict', 'somebody was faster')];
  api.intercept = () => replies.shift();
  const first = elect('one');
  await passUntil(() => first.isLeader());

  assert.deepEqual(
    api.requests.map(({ method }) => method),
    ['GET', 'PUT', 'GET', 'PUT'],
  );
  assert.deepEqual(world.log.lines(), ['info this replica leads']);
});

test('without a release the lease is left to run out', async () => {
  const first = elect('one', { releaseOnStop: false });
  await until(() => first.isLeader(), 'the lead');
  await first.stop();

  assert.equal(first.isLeader(), false);
  assert.equal(spec()['holderIdentity'], 'one');
  assert.equal(world.clock.pending, 0);
});

test('an API server that is away does not hold up the end', async () => {
  const first = elect('one');
  await until(() => first.isLeader(), 'the lead');
  api.intercept = () => 'silence';
  const before = api.requests.length;
  const stopped = first.stop();
  await until(() => api.requests.length > before, 'the release');
  world.clock.advance(2000);
  await stopped;

  assert.equal(first.isLeader(), false);
  assert.ok(world.log.lines().includes('warn the lease could not be released, it runs out by itself'));
});
