import assert from 'node:assert/strict';
import { KubeApi, refusal } from '../../test/support/kube-api.ts';
import { createTestClient } from '../../test/support/kube-client.ts';
import { SecretUnavailable } from '../sdk/credentials.ts';
import { createReviews } from './reviews.ts';
import { createServiceAccounts } from './service-accounts.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, beforeEach, test } = ownHooks();

let api: KubeApi;
let world: ReturnType<typeof createTestClient>;

beforeEach(async () => {
  api = await KubeApi.start();
  world = createTestClient(api.port);
});

afterEach(async () => {
  await world.client.close();
  await api.close();
});

const ANN = { username: 'ann', groups: ['team'] };

test('asks who a token belongs to, once for all who ask together', async () => {
  api.intercept = ({ body }) => {
    const { token } = (body as { spec: { token: string } }).spec;
    return { status: 201, body: { metadata: {}, status: token === 'good' ? { authenticated: true, user: ANN } : { error: 'unknown' } } };
  };
  const { userOf } = createReviews({ client: world.client, clock: world.clock });

  assert.deepEqual(await Promise.all([userOf('good'), userOf('good'), userOf('bad')]), [ANN, ANN, undefined]);

  assert.deepEqual(api.requests[0]?.body, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: 'good' },
  });
  assert.equal(api.requests[0]?.path, '/apis/authentication.k8s.io/v1/tokenreviews');
  assert.equal(api.requests.length, 2);
});

test('asks what a user may do, and asks again soon', async () => {
  let status: object = { allowed: true };
  api.intercept = () => ({ status: 201, body: { metadata: {}, status } });
  const { isAllowed } = createReviews({ client: world.client, clock: world.clock });
  const access = { verb: 'replay', group: 'notification.toolkit.fluxcd.io', resource: 'alerts', namespace: 'apps' };

  assert.equal(await isAllowed(ANN, access), true);
  status = { allowed: false };
  assert.equal(await isAllowed(ANN, access), true);
  assert.equal(await isAllowed(ANN, { ...access, namespace: 'other' }), false);
  world.clock.advance(10_000);
  assert.equal(await isAllowed(ANN, access), false);
  status = { allowed: true };
  world.clock.advance(3_000);
  assert.equal(await isAllowed(ANN, access), true);
  status = { allowed: true, denied: true };
  world.clock.advance(10_000);
  assert.equal(await isAllowed(ANN, access), false);

  assert.deepEqual(api.requests[0]?.body, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: 'ann', groups: ['team'], resourceAttributes: { version: '*', ...access } },
  });
});

test('what cannot be asked is an error and is not remembered', async () => {
  const { userOf, isAllowed } = createReviews({ client: world.client, clock: world.clock });
  api.intercept = () => refusal(403, 'Forbidden', 'no');
  await assert.rejects(userOf('good'), /cannot create tokenreviews\.authentication\.k8s\.io: no; the missing rule is/);
  await assert.rejects(isAllowed(ANN, { verb: 'get', group: '', resource: 'secrets' }), { status: 403 });

  api.intercept = () => ({ status: 201, body: { status: { authenticated: true, user: ANN } } });
  assert.deepEqual(await userOf('good'), ANN);
});

test('a service account has annotations, or is not there', async () => {
  api.put('/api/v1/serviceaccounts', { metadata: { name: 'plain', namespace: 'apps' } });
  api.put('/api/v1/serviceaccounts', { metadata: { name: 'linked', namespace: 'apps', annotations: { role: 'x' } } });
  const accounts = createServiceAccounts({ client: world.client, conceal: () => undefined });

  assert.deepEqual(await accounts.annotations('apps', 'plain'), {});
  assert.deepEqual(await accounts.annotations('apps', 'linked'), { role: 'x' });
  assert.equal(await accounts.annotations('apps', 'none'), undefined);
});

test('a token is asked for with its audience, and concealed', async () => {
  const concealed: string[] = [];
  const accounts = createServiceAccounts({ client: world.client, conceal: (secret) => concealed.push(secret) });
  api.intercept = () => ({ status: 201, body: { metadata: { name: 'sa' }, status: { token: 'signed' } } });

  assert.equal(await accounts.token({ namespace: 'apps', name: 'sa', audience: 'sts' }), 'signed');

  assert.equal(api.requests[0]?.path, '/api/v1/namespaces/apps/serviceaccounts/sa/token');
  assert.deepEqual(api.requests[0]?.body, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['sts'], expirationSeconds: 600 },
  });
  assert.deepEqual(concealed, ['signed']);
});

test('an API server that cannot be asked makes a delivery wait', async () => {
  const accounts = createServiceAccounts({ client: world.client, conceal: () => undefined });
  api.intercept = () => refusal(500, 'InternalError', 'down');
  await assert.rejects(accounts.annotations('apps', 'sa'), SecretUnavailable);
  await assert.rejects(accounts.token({ namespace: 'apps', name: 'sa', audience: 'sts' }), SecretUnavailable);

  api.intercept = () => ({ status: 201, body: { status: {} } });
  await assert.rejects(
    accounts.token({ namespace: 'apps', name: 'sa', audience: 'sts' }),
    /issued no token for service account 'apps\/sa'/,
  );
});
