import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '../../test/support/certificates.ts';
import { ManualClock } from '../../test/support/clock.ts';
import { KubeApi, refusal } from '../../test/support/kube-api.ts';
import { createRecorder, createTestClient, THINGS, THINGS_PATH } from '../../test/support/kube-client.ts';
import { startHttpProxy } from '../../test/support/servers.ts';
import { until } from '../../test/support/until.ts';
import type { ClusterAccess } from './access.ts';
import { openInCluster } from './in-cluster.ts';
import { openKubeconfig } from './kubeconfig.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

const authority = createCertificateAuthority('first');
let folder: string;
let api: KubeApi;
let clock: ManualClock;
let concealed: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-kube-'));
  const { cert, key } = authority.issueServer(['127.0.0.1']);
  api = await KubeApi.start({ tls: { cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false } });
  api.put(THINGS_PATH, { metadata: { name: 'a', namespace: 'apps' } });
  clock = new ManualClock();
  concealed = [];
});

afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const KEY = { namespace: 'apps', name: 'a' };
const conceal = (secret: string) => concealed.push(secret);

async function mount(files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, 'account'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'account', name), text);
}

async function inCluster(): Promise<ClusterAccess> {
  return openInCluster({ host: '127.0.0.1', port: String(api.port), folder: join(folder, 'account'), clock, conceal });
}

/** Lets one request through and says who it claimed to be. */
async function claim(access: ClusterAccess): Promise<string | undefined> {
  const { client } = createTestClient(0, { access, clock });
  try {
    assert.equal((await client.get(THINGS, KEY))?.metadata.name, 'a');
    return api.requests.at(-1)?.headers.authorization;
  } finally {
    await client.close();
  }
}

test('a pod shows the token of its service account and trusts the CA beside it', async () => {
  await mount({ token: 'first-token\n', 'ca.crt': authority.cert, namespace: 'flux-system\n' });

  const access = await inCluster();

  assert.equal(await claim(access), 'Bearer first-token');
  assert.equal(access.namespace, 'flux-system');
  assert.equal(access.server, `https://127.0.0.1:${api.port}`);
  assert.deepEqual(concealed, ['first-token']);
});

test('an address of version 6 is written as one', async () => {
  await mount({ token: 't', 'ca.crt': authority.cert });

  const access = await openInCluster({ host: 'fd00::1', port: '443', folder: join(folder, 'account'), clock, conceal });

  assert.equal(access.server, 'https://[fd00::1]:443');
  assert.equal(access.namespace, undefined);
});

test('without the files it says how to get them', async () => {
  await assert.rejects(inCluster(), {
    name: 'KubeError',
    message: `cannot read ${join(folder, 'account', 'token')}, by which the API server knows this pod: let the pod mount its service account token (automountServiceAccountToken), or name a file with --kubeconfig`,
  });
});

test('a rotated token is read within a minute, and at once when the old one is refused', async () => {
  await mount({ token: 'first', 'ca.crt': authority.cert });
  const access = await inCluster();
  await mount({ token: 'second' });
  assert.equal(await claim(access), 'Bearer first');
  clock.advance(60_000);
  assert.equal(await claim(access), 'Bearer second');

  await mount({ token: 'third' });
  api.requests.length = 0;
  api.intercept = ({ headers }) => (headers.authorization === 'Bearer third' ? undefined : refusal(401, 'Unauthorized', 'Unauthorized'));
  assert.equal(await claim(access), 'Bearer third');
  assert.equal(api.requests.length, 2);

  api.intercept = () => refusal(401, 'Unauthorized', 'Unauthorized');
  await assert.rejects(claim(access), { status: 401, message: 'cannot get things.example.com apps/a: Unauthorized' });
  assert.equal(api.requests.length, 4);
});

test('while the files cannot be read, what was read last serves on', async () => {
  await mount({ token: 'first', 'ca.crt': authority.cert });
  const access = await inCluster();
  await rm(join(folder, 'account'), { recursive: true });
  clock.advance(60_000);

  assert.equal(await claim(access), 'Bearer first');
});

test('a rotated CA is trusted for new connections, and a watch goes on', async () => {
  await mount({ token: 'first', 'ca.crt': authority.cert });
  const { client } = createTestClient(0, { access: await inCluster(), clock });
  const recorder = createRecorder();
  client.follow({ resource: THINGS, listener: recorder });
  await until(() => api.openWatches === 1, 'the watch');

  const next = createCertificateAuthority('second');
  api.setTls(next.issueServer(['127.0.0.1']));
  api.resetConnections();
  await until(() => {
    clock.advance(1000);
    return /certificate/.test(recorder.errors.at(-1)?.message ?? '');
  }, 'a try with the old CA');
  assert.equal(api.openWatches, 0);
  await mount({ 'ca.crt': next.cert });
  api.put(THINGS_PATH, { metadata: { name: 'b', namespace: 'apps' } });
  await until(() => {
    clock.advance(1000);
    return recorder.objects.has('apps/b');
  }, 'the watch to go on');

  assert.deepEqual(
    recorder.told.filter((told) => told !== 'disconnected'),
    ['replaced apps/a', 'synced', 'synced', 'upserted apps/b'],
  );
  await client.close();
});

test('a CA that was rotated on disk is trusted by the next request of any kind', async () => {
  await mount({ token: 'first', 'ca.crt': authority.cert });
  const access = await inCluster();
  const { client } = createTestClient(0, { access, clock });

  const next = createCertificateAuthority('second');
  api.setTls(next.issueServer(['127.0.0.1']));
  await mount({ 'ca.crt': next.cert });
  await client.create(THINGS, { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'c', namespace: 'apps' } });

  assert.deepEqual(
    api.requests.map(({ method }) => method),
    ['POST'],
  );
  await client.close();
});

test('a server that the CA did not sign is not believed', async () => {
  await mount({ token: 'first', 'ca.crt': createCertificateAuthority('other').cert });

  await assert.rejects(claim(await inCluster()), { name: 'KubeError', reason: 'Unreachable' });
  assert.equal(api.requests.length, 0);
});

async function kubeconfig(user: object, cluster: object = {}, context = 'one'): Promise<string> {
  const path = join(folder, 'config');
  await writeFile(join(folder, 'ca.pem'), authority.cert);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'team' } },
      { name: 'lost', context: { cluster: 'nowhere', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${api.port}/`, 'certificate-authority': 'ca.pem', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

test('a kubeconfig gives a token, a name and password, or headers of an exec plugin', async () => {
  const plugin = join(folder, 'plugin');
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'from-plugin' } };
  await writeFile(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
  await chmod(plugin, 0o700);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' };
  const rows = [
    { name: 'token', user: { token: 'of-user' }, want: 'Bearer of-user', secrets: ['of-user'] },
    { name: 'basic', user: { username: 'ann', password: 'pw' }, want: 'Basic YW5uOnB3', secrets: ['YW5uOnB3', 'pw'] },
    { name: 'exec', user: { exec }, want: 'Bearer from-plugin', secrets: ['from-plugin'] },
  ];
  for (const { name, user, want, secrets } of rows) {
    concealed = [];
    const access = await openKubeconfig({ path: await kubeconfig(user), clock, conceal });

    assert.equal(await claim(access), want, name);
    assert.equal(access.namespace, 'team', name);
    assert.deepEqual(concealed, secrets, name);
  }
});

test('a kubeconfig gives a client certificate', async () => {
  const { cert, key } = authority.issueClient('ann');
  await writeFile(join(folder, 'ann.pem'), cert);
  await writeFile(join(folder, 'ann.key'), key);
  const path = await kubeconfig({ 'client-certificate': 'ann.pem', 'client-key': 'ann.key' });

  const { line } = await (await openKubeconfig({ path, clock, conceal })).credentials();

  assert.deepEqual(line, { ca: authority.cert, cert, key });
});

test('a kubeconfig that changes is read again', async () => {
  const path = await kubeconfig({ token: 'old' });
  const access = await openKubeconfig({ path, clock, conceal });
  await kubeconfig({ token: 'new-token' });
  clock.advance(60_000);

  assert.equal(await claim(access), 'Bearer new-token');
});

test('a kubeconfig may lead through a proxy, verify another name, or nothing', async () => {
  const proxy = await startHttpProxy(api.port);
  const rows = [
    { cluster: { 'proxy-url': `http://${proxy.host}` }, seen: [`CONNECT 127.0.0.1:${api.port}`] },
    { cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority': undefined }, seen: [] },
  ];
  for (const { cluster, seen } of rows) {
    const before = proxy.seen.length;
    const access = await openKubeconfig({ path: await kubeconfig({ token: 't' }, cluster), clock, conceal });
    assert.equal(await claim(access), 'Bearer t');
    assert.deepEqual(proxy.seen.slice(before), seen);
  }
  const named = await openKubeconfig({ path: await kubeconfig({ token: 't' }, { 'tls-server-name': 'api.example.com' }), clock, conceal });
  await assert.rejects(claim(named), /api\.example\.com/);
  await proxy.close();
});

test('a kubeconfig that is of no use says why', async () => {
  const path = await kubeconfig({ token: 't' }, {}, 'lost');
  const garbage = join(folder, 'garbage');
  await writeFile(garbage, '{');
  const rows = [
    { name: 'absent', options: { path: join(folder, 'none') }, want: /^the kubeconfig .*none cannot be used: ENOENT/ },
    { name: 'garbage', options: { path: garbage }, want: /^the kubeconfig .*garbage cannot be used: / },
    { name: 'context', options: { path }, want: /cannot be used: context 'lost' names no cluster with a server/ },
  ];
  for (const { name, options, want } of rows) {
    await assert.rejects(
      openKubeconfig({ ...options, clock, conceal }),
      (error) => error instanceof Error && want.test(error.message),
      name,
    );
  }
});
