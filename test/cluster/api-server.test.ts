// The API server of the tests itself: what other tests rely on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, startApiServer, whyNoApiServer } from '../support/api-server.ts';
import { Cluster } from '../support/cluster.ts';

const skip = whyNoApiServer();
let server: ApiServer;
before(async () => {
  if (skip === false) server = await startApiServer();
});
after(() => server?.close());

test('a service account may do what its Role says and nothing else', { skip }, async () => {
  const { kubeconfig } = await server.serviceAccount('apps', 'reader');
  const asReader = new Cluster(kubeconfig);
  const unbound = await asReader.request('GET', '/api/v1/namespaces/apps/secrets');
  await server.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'reader', namespace: 'apps' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'reader', namespace: 'apps' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'apps' }],
    },
  ]);

  assert.equal(unbound.status, 403);
  await untilStatus(asReader, '/api/v1/namespaces/apps/secrets', 200);
  assert.equal((await asReader.request('GET', '/api/v1/namespaces/default/secrets')).status, 403);
  await asReader.close();
});

test('a client certificate names its user', { skip }, async () => {
  const asSomebody = new Cluster(server.clientCertificate('somebody'));
  const { body } = await asSomebody.request('GET', '/api/v1/namespaces/apps/secrets');

  assert.match((body as { readonly message: string }).message, /User "somebody" cannot list resource "secrets"/);
  await asSomebody.close();
});

test('a crash loses nothing that was written, and the same port serves again', { skip }, async () => {
  const { url } = server;
  await server.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace: 'default' }, data: { a: '1' } }]);

  await server.crash();
  await assert.rejects(server.request('GET', '/readyz'));
  await server.restart();

  assert.equal(server.url, url);
  assert.deepEqual(((await server.ask('GET', '/api/v1/namespaces/default/configmaps/kept')) as { readonly data: object }).data, { a: '1' });
});

test('rotated certificates are taken over by the running server', { skip }, async () => {
  const old = server.ca();

  const rotated = server.rotateCertificates();

  assert.notEqual(rotated, old);
  await untilStatus(server, '/readyz', 200);
});

async function untilStatus(cluster: Cluster, path: string, status: number): Promise<void> {
  const endMs = performance.now() + 90_000;
  let last: unknown;
  while (performance.now() < endMs) {
    last = await cluster.request('GET', path).then(
      (answer) => answer.status,
      (error: unknown) => error,
    );
    if (last === status) return;
    await sleep(50);
  }
  assert.fail(`GET ${path} still answers ${String(last)}`);
}
