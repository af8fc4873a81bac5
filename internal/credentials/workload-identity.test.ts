import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { ManualClock } from '../../test/support/clock.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import { startRecordingServer } from '../../test/support/servers.ts';
import { type HttpRequest, type HttpResponse, type Send, TransportError } from '../sdk/http.ts';
import type { IdentityRequest } from '../sdk/identity.ts';
import { ConfigFault } from '../sdk/provider.ts';
import { parseEgress } from '../transport/egress.ts';
import { createTransport } from '../transport/transport.ts';
import { createTokenCache } from './token-cache.ts';
import { createWorkloadIdentity, type WorkloadIdentityOptions } from './workload-identity.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, test } = ownHooks();

const AZURE = { 'azure.workload.identity/tenant-id': 'tenant-1', 'azure.workload.identity/client-id': 'client-1' };
const POOL = 'projects/12345/locations/global/workloadIdentityPools/pool/providers/fleet';
const GCP = { 'gcp.auth.fluxcd.io/workload-identity-provider': POOL };
const IMPERSONATING = { ...GCP, 'iam.gke.io/gcp-service-account': 'flux@my-project.iam.gserviceaccount.com' };
const HUB: IdentityRequest = {
  cloud: 'azure',
  scopes: ['https://eventhubs.azure.net//.default'],
  namespace: 'apps',
  serviceAccountName: 'flux',
};
const PUBSUB: IdentityRequest = { cloud: 'gcp', scopes: ['scope-a', 'scope-b'], namespace: 'apps', serviceAccountName: 'flux' };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface World {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly options?: Partial<WorkloadIdentityOptions>;
}

function newWorld({ annotations, options = {} }: World) {
  const concealed: string[] = [];
  const audiences: string[] = [];
  const clock = new ManualClock();
  const identity = createWorkloadIdentity({
    accounts: {
      annotations: async (namespace, name) => (`${namespace}/${name}` === 'apps/flux' ? annotations : undefined),
      token: async ({ namespace, name, audience }) => {
        audiences.push(audience);
        return `kubernetes-token-of-${namespace}/${name}\n`;
      },
    },
    featureGates: { objectLevelWorkloadIdentity: true },
    defaultServiceAccount: '',
    controller: {},
    clock,
    redactor: { add: (secret) => concealed.push(secret) },
    ...options,
  });
  return { identity, concealed, audiences, clock };
}

function scripted(...answers: readonly HttpResponse[]): { send: Send; requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const left = [...answers];
  return {
    requests,
    send: async (request) => {
      requests.push(request);
      return left.shift() ?? assert.fail(`nothing answers ${request.url}`);
    },
  };
}

function formOf({ body }: HttpRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(String(body)));
}

test('Azure: the service account asserts an application, whose token is good for what is asked', async () => {
  const { identity, concealed, audiences, clock } = newWorld({ annotations: AZURE });
  const { send, requests } = scripted(toResponse(200, { access_token: 'entra-token', expires_in: 3600 }));

  const token = await identity.acquire(HUB, send);

  assert.deepEqual(token, { value: 'entra-token', expiresAtMs: clock.nowMs() + 3_600_000 });
  assert.equal(requests[0]?.url, 'https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token');
  assert.deepEqual(formOf(requests[0]), {
    grant_type: 'client_credentials',
    client_id: 'client-1',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: 'kubernetes-token-of-apps/flux',
    scope: 'https://eventhubs.azure.net//.default',
  });
  assert.deepEqual(audiences, ['api://AzureADTokenExchange']);
  assert.deepEqual(concealed, ['kubernetes-token-of-apps/flux']);
});

test('Google Cloud: the service account is exchanged at its pool', async () => {
  const { identity, audiences, clock } = newWorld({ annotations: GCP });
  const { send, requests } = scripted(toResponse(200, { access_token: 'federated', expires_in: 600 }));

  assert.deepEqual(await identity.acquire(PUBSUB, send), { value: 'federated', expiresAtMs: clock.nowMs() + 600_000 });

  assert.equal(requests[0]?.url, 'https://sts.googleapis.com/v1/token');
  assert.deepEqual(formOf(requests[0]), {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: `//iam.googleapis.com/${POOL}`,
    scope: 'scope-a scope-b',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: 'kubernetes-token-of-apps/flux',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  });
  assert.deepEqual(audiences, [`//iam.googleapis.com/${POOL}`]);
});

test('Google Cloud: a service account of Google is impersonated where one is named', async () => {
  const { identity, concealed } = newWorld({ annotations: IMPERSONATING });
  const { send, requests } = scripted(
    toResponse(200, { access_token: 'federated' }),
    toResponse(200, { accessToken: 'impersonated', expireTime: '2026-01-05T13:00:00Z' }),
  );

  const token = await identity.acquire(PUBSUB, send);

  assert.deepEqual(token, { value: 'impersonated', expiresAtMs: Date.UTC(2026, 0, 5, 13) });
  const account = 'flux@my-project.iam.gserviceaccount.com';
  assert.equal(requests[1]?.url, `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:generateAccessToken`);
  assert.ok(requests[1].headers.some(([, value]) => value === 'Bearer federated'));
  assert.deepEqual(JSON.parse(String(requests[1].body)), { scope: ['scope-a', 'scope-b'] });
  assert.ok(concealed.includes('federated'));
});

test("Tocsin's own identity is that of the environment", async () => {
  const controller = {
    azure: { tenantId: 't', clientId: 'c', readToken: async () => 'azure-file' },
    gcp: async () => ({
      audience: '//a',
      subjectTokenType: 'type',
      tokenUrl: 'https://sts.example.com/v1/token',
      readToken: async () => 'gcp-file',
    }),
  };
  const { identity } = newWorld({ options: { controller, endpoints: { azureAuthority: 'https://login.example.com' } } });
  const answer = toResponse(200, { access_token: 'token', expires_in: 60 });
  const { send, requests } = scripted(answer, answer);

  await identity.acquire({ ...HUB, serviceAccountName: '' }, send);
  await identity.acquire({ ...PUBSUB, serviceAccountName: '' }, send);

  const [azure, gcp] = requests;
  assert.ok(azure !== undefined && gcp !== undefined);
  assert.equal(azure.url, 'https://login.example.com/t/oauth2/v2.0/token');
  assert.equal(formOf(azure)['client_assertion'], 'azure-file');
  assert.equal(gcp.url, 'https://sts.example.com/v1/token');
  assert.equal(formOf(gcp)['subject_token'], 'gcp-file');
});

const FAULTS: readonly { name: string; world: World; request: IdentityRequest; fault: RegExp }[] = [
  {
    name: 'no identity in the environment',
    world: {},
    request: { ...HUB, serviceAccountName: '' },
    fault: /no token in the Secret.* Azure/,
  },
  { name: 'no such service account', world: {}, request: HUB, fault: /^failed to get service account 'apps\/flux': not found$/ },
  {
    name: 'no default service account',
    world: { options: { defaultServiceAccount: 'tenant' } },
    request: { ...HUB, serviceAccountName: '' },
    fault: /'apps\/tenant': not found; it is the default .* contact its administrator/,
  },
  {
    name: 'the gate is off',
    world: { annotations: AZURE, options: { featureGates: { objectLevelWorkloadIdentity: false } } },
    request: HUB,
    fault: /feature gate is not enabled/,
  },
  {
    name: 'no client id',
    world: { annotations: { 'azure.workload.identity/tenant-id': 't' } },
    request: HUB,
    fault: /client-id is not set/,
  },
  {
    name: 'a tenant id that is a path',
    world: { annotations: { ...AZURE, 'azure.workload.identity/tenant-id': '../x' } },
    request: HUB,
    fault: /tenant id holds a character/,
  },
  { name: 'no pool', world: { annotations: {} }, request: PUBSUB, fault: /needs the annotation gcp.auth.fluxcd.io/ },
  {
    name: 'a pool that is none',
    world: { annotations: { 'gcp.auth.fluxcd.io/workload-identity-provider': 'projects/p/x' } },
    request: PUBSUB,
    fault: /^invalid gcp.auth.fluxcd.io/,
  },
  {
    name: 'an account that is a path',
    world: { annotations: { ...GCP, 'iam.gke.io/gcp-service-account': 'a/b' } },
    request: PUBSUB,
    fault: /^invalid iam.gke.io/,
  },
];

for (const { name, world, request, fault } of FAULTS) {
  test(`a fault of configuration: ${name}`, async () => {
    const { identity } = newWorld(world);

    await assert.rejects(identity.acquire(request, scripted().send), (error) => error instanceof ConfigFault && fault.test(error.message));
  });
}

test('a service account outside of a cluster is a fault of configuration', async () => {
  const { identity } = newWorld({});
  const alone = createWorkloadIdentity({
    featureGates: { objectLevelWorkloadIdentity: true },
    defaultServiceAccount: '',
    controller: {},
    clock: new ManualClock(),
    redactor: { add: () => {} },
  });

  await assert.rejects(alone.acquire(HUB, scripted().send), /no Kubernetes API to ask/);
  assert.equal(identity.keyOf(HUB), alone.keyOf(HUB));
});

const ANSWERS: readonly { name: string; answer: HttpResponse; error: new (...args: never[]) => Error; message: RegExp }[] = [
  {
    name: 'refused',
    answer: toResponse(401, { error: 'invalid_client', error_description: 'AADSTS700213: No matching federated identity\nTrace ID: 1' }),
    error: ConfigFault,
    message: /^failed to get token: login.microsoftonline.com answered 401: AADSTS700213: No matching federated identity$/,
  },
  { name: 'a failing server', answer: toResponse(503), error: TransportError, message: /answered 503$/ },
  { name: 'throttled', answer: toResponse(429, {}), error: TransportError, message: /answered 429$/ },
  { name: 'a page', answer: toResponse(200, '<html>'), error: TransportError, message: /answered 200$/ },
  { name: 'no token', answer: toResponse(200, {}), error: TransportError, message: /holds no access_token$/ },
  {
    name: 'a token with a line end',
    answer: toResponse(200, { access_token: 'a\r\nb' }),
    error: TransportError,
    message: /holds no access_token$/,
  },
];

for (const { name, answer, error: wanted, message } of ANSWERS) {
  test(`an answer of a token server: ${name}`, async () => {
    const { identity } = newWorld({ annotations: AZURE });

    await assert.rejects(identity.acquire(HUB, scripted(answer).send), (error) => {
      assert.ok(error instanceof wanted, inspect(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

test('tokens are shared by the Providers of a namespace that have the same service account, and by nobody else', () => {
  const { identity } = newWorld({ options: { defaultServiceAccount: 'tenant' } });
  const different = [
    HUB,
    { ...HUB, namespace: 'infra' },
    { ...HUB, serviceAccountName: 'other' },
    { ...HUB, serviceAccountName: '' },
    { ...HUB, scopes: ['other'] },
    PUBSUB,
  ];

  assert.equal(new Set(different.map((request) => identity.keyOf(request))).size, different.length);
  assert.equal(identity.keyOf({ ...HUB, serviceAccountName: 'tenant' }), identity.keyOf({ ...HUB, serviceAccountName: '' }));
  const { identity: withoutDefault } = newWorld({});
  const own = { ...HUB, serviceAccountName: '' };
  assert.equal(withoutDefault.keyOf(own), withoutDefault.keyOf({ ...own, namespace: 'infra' }));
});

test('over real sockets: a token is exchanged once and used for four fifths of its life', async () => {
  const server = await startRecordingServer({
    answer: (_request, response) => response.end(JSON.stringify({ access_token: `token-${server.requests.length}`, expires_in: 1000 })),
  });
  cleanups.push(() => server.close());
  const { identity, clock } = newWorld({ annotations: AZURE, options: { endpoints: { azureAuthority: `http://${server.host}` } } });
  const transport = createTransport({
    environment: {},
    egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock,
  });
  cleanups.push(() => transport.close());
  const cache = createTokenCache({ clock, redactor: { add: () => {}, redact: (text) => text }, maxSize: 10, maxDurationMs: 3_600_000 });
  const send = transport.open({ connection: { pool: 'p', concurrency: 1 }, signal: new AbortController().signal });
  const ask = () => cache.token(identity.keyOf(HUB), () => identity.acquire(HUB, send));

  assert.equal(await ask(), 'token-1');
  clock.advance(799_000);
  assert.equal(await ask(), 'token-1');
  clock.advance(2_000);
  assert.equal(await ask(), 'token-2');
  assert.equal(server.requests.length, 2);
});
