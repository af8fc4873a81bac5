import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretUnavailable } from '../../sdk/credentials.ts';
import { ManualClock } from '../../../test/support/clock.ts';
import { toSecretObject } from '../../../test/support/flux-objects.ts';
import { MemoryCluster, MemoryClusterError } from '../../../test/support/memory-cluster.ts';
import { settleDown } from '../../../test/support/until.ts';
import { ClusterSecrets } from './secrets.ts';

const MINUTE_MS = 60_000;

function openSecrets() {
  const api = new MemoryCluster();
  const clock = new ManualClock();
  api.apply(toSecretObject('token', { token: 'one' }));
  return { api, clock, secrets: new ClusterSecrets({ cluster: api, clock }) };
}

async function tokenOf(secrets: ClusterSecrets): Promise<string | undefined> {
  const data = await secrets.get('apps', 'token');
  return data === undefined ? undefined : Buffer.from(data['token'] ?? []).toString();
}

test('a Secret is read when it is needed, once for all who ask together', async () => {
  const { api, clock, secrets } = openSecrets();

  assert.deepEqual(await Promise.all([tokenOf(secrets), tokenOf(secrets), tokenOf(secrets)]), ['one', 'one', 'one']);
  assert.equal(api.requests.length, 1);

  api.apply(toSecretObject('token', { token: 'two' }));
  clock.advance(1_000);
  assert.equal(await tokenOf(secrets), 'two');
  api.remove('v1', 'Secret', { namespace: 'apps', name: 'token' });
  clock.advance(1_000);
  assert.equal(await tokenOf(secrets), undefined);
});

test('as long as nothing changed the data are the very same object', async () => {
  const { clock, secrets } = openSecrets();
  const first = await secrets.get('apps', 'token');

  clock.advance(5_000);

  assert.equal(await secrets.get('apps', 'token'), first);
});

const failures = [
  { name: 'the API server does not answer', status: 0, awayMs: 14 * MINUTE_MS, want: 'one' },
  { name: 'it fails', status: 503, awayMs: 14 * MINUTE_MS, want: 'one' },
  { name: 'it is away for longer than a quarter of an hour', status: 0, awayMs: 16 * MINUTE_MS, want: undefined },
  { name: 'it refuses', status: 403, awayMs: 2_000, want: undefined },
];

for (const { name, status, awayMs, want } of failures) {
  test(`${name}: ${want === undefined ? 'the Secret is not known' : 'the last value serves'}`, async () => {
    const { api, clock, secrets } = openSecrets();
    await tokenOf(secrets);
    // Nobody needed it for a long time, which makes the value no worse.
    clock.advance(24 * 60 * MINUTE_MS);
    api.failure = new MemoryClusterError(status, 'the reason');
    await tokenOf(secrets).catch(() => undefined);

    clock.advance(awayMs);

    if (want !== undefined) return assert.equal(await tokenOf(secrets), want, name);
    await assert.rejects(tokenOf(secrets), (error) => error instanceof SecretUnavailable && /apps\/token': the reason/.test(error.message));
  });
}

test('an API server that never answers holds messages up once, and then hardly', async () => {
  const { api, clock, secrets } = openSecrets();
  await tokenOf(secrets);
  clock.advance(MINUTE_MS);
  api.isSilent = true;
  const rows = [
    { name: 'at first the answer is waited for', waitsMs: 10_000, thenMs: 4_999 },
    { name: 'soon afterwards it is not asked', waitsMs: 0, thenMs: 1 },
    { name: 'later it is asked, but not waited for long', waitsMs: 1_000, thenMs: 4_999 },
    { name: 'and is left alone again', waitsMs: 0, thenMs: 0 },
  ];
  for (const { name, waitsMs, thenMs } of rows) {
    const asking = tokenOf(secrets);
    await settleDown();
    assert.equal(clock.untilNextMs ?? 0, waitsMs, name);
    clock.advance(waitsMs);
    assert.equal(await asking, 'one', name);
    clock.advance(thenMs);
  }

  api.isSilent = false;
  api.apply(toSecretObject('token', { token: 'two' }));
  clock.advance(5_000);
  assert.equal(await tokenOf(secrets), 'two');
});

test('each time that the API server goes away counts anew', async () => {
  const { api, clock, secrets } = openSecrets();
  for (let round = 0; round < 3; round++) {
    api.failure = undefined;
    await tokenOf(secrets);
    api.failure = new MemoryClusterError(0, 'no answer');
    clock.advance(10 * MINUTE_MS);
    assert.equal(await tokenOf(secrets), 'one');
    clock.advance(10 * MINUTE_MS);
  }
});

test('that a Secret was not there is no value that could serve', async () => {
  const { api, clock, secrets } = openSecrets();
  api.remove('v1', 'Secret', { namespace: 'apps', name: 'token' });
  assert.equal(await tokenOf(secrets), undefined);
  api.failure = new MemoryClusterError(0, 'no answer');

  clock.advance(2_000);

  await assert.rejects(tokenOf(secrets), SecretUnavailable);
});
