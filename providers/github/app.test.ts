import assert from 'node:assert/strict';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { type Answerer, createBench, NOW_MS, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import { sendStatus } from './send-status.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PKCS1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const PKCS8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const APP = {
  githubAppID: '12345',
  githubAppInstallationID: '678',
  githubAppPrivateKey: PKCS1,
  githubAppBaseURL: 'https://ghe.example.com/api/v3/',
};

function toInput(secret: Readonly<Record<string, string>>): RenderInput {
  const spec = { address: 'https://ghe.example.com/org/repo' };
  return toRenderInput({ spec, secret, event: exampleEvent(), statusId: 'kustomization/webapp/0c9c2e41' });
}

/** A repository without statuses. */
const github: Answerer = (request) => (request.method === 'POST' ? toResponse(201, { id: 1 }) : toResponse(200, []));

for (const [form, key] of [
  ['PKCS1', PKCS1],
  ['PKCS8', PKCS8],
] as const) {
  test(`an App with a ${form} key buys one token for many statuses`, async () => {
    const bench = createBench((request) =>
      request.url.endsWith('/access_tokens')
        ? toResponse(201, { token: 'ghs_installation', expires_at: '2040-01-01T00:00:00Z' })
        : github(request),
    );
    const app = toInput({ ...APP, githubAppPrivateKey: key });

    await sendStatus(bench.context, app);
    await sendStatus({ ...bench.context, lane: 'other' }, app);

    const [bought, listed] = bench.requests;
    assert.equal(bought?.url, 'https://ghe.example.com/api/v3/app/installations/678/access_tokens');
    assert.equal(bought?.body, 'null');
    assert.equal(headerOf(bought, 'content-type'), 'application/json');
    assert.deepEqual(claimsOf(headerOf(bought, 'authorization')), { iat: NOW_MS / 1000 - 30, exp: NOW_MS / 1000 + 120, iss: '12345' });
    assert.equal(headerOf(listed, 'authorization'), 'Bearer ghs_installation');
    assert.equal(bench.requests.filter((request) => request.url.endsWith('/access_tokens')).length, 1);
  });
}

test('the installation of an owner is looked for among organisations, then among users', async () => {
  const bench = createBench((request) => {
    if (request.url.endsWith('/orgs/acme/installation')) return toResponse(404, { message: 'Not Found' });
    if (request.url.endsWith('/users/acme/installation')) return toResponse(200, { id: 9 });
    return request.url.endsWith('/access_tokens') ? toResponse(201, { token: 'ghs' }) : github(request);
  });
  const { githubAppInstallationID: _, githubAppBaseURL: __, ...secret } = APP;

  const outcome = await sendStatus(bench.context, toInput({ ...secret, githubAppInstallationOwner: 'acme' }));

  assert.equal(outcome.kind, 'delivered');
  assert.deepEqual(
    bench.requests.slice(0, 3).map((request) => request.url),
    [
      'https://api.github.com/orgs/acme/installation',
      'https://api.github.com/users/acme/installation',
      'https://api.github.com/app/installations/9/access_tokens',
    ],
  );
});

const OWNERS = [
  { name: 'what was refused for the organisation', answer: toResponse(403, { message: 'forbidden' }), want: 'deferred' },
  { name: 'an organisation without an id', answer: toResponse(200, {}), want: 'retry' },
];

for (const { name, answer, want } of OWNERS) {
  test(`the owner of an installation: ${name} counts when there is no such user`, async () => {
    const bench = createBench((request) => (request.url.includes('/orgs/') ? answer : toResponse(404, { message: 'Not Found' })));
    const { githubAppInstallationID: _, ...secret } = APP;

    const outcome = await sendStatus(bench.context, toInput({ ...secret, githubAppInstallationOwner: 'acme' }));

    assert.equal(outcome.kind, want);
  });
}

test('an organisation that may not be asked for may still be a user', async () => {
  const bench = createBench((request) => {
    if (request.url.includes('/orgs/')) return toResponse(403, { message: 'forbidden' });
    if (request.url.endsWith('/users/acme/installation')) return toResponse(200, { id: 9 });
    return request.url.endsWith('/access_tokens') ? toResponse(201, { token: 'ghs' }) : github(request);
  });
  const { githubAppInstallationID: _, ...secret } = APP;

  assert.equal((await sendStatus(bench.context, toInput({ ...secret, githubAppInstallationOwner: 'acme' }))).kind, 'delivered');
});

test('a delivery buys one token, also where tokens are not kept', async () => {
  const bench = createBench((request) => (request.url.endsWith('/access_tokens') ? toResponse(201, { token: 'ghs' }) : github(request)));
  const context = { ...bench.context, token: async (_key: string, acquire: () => Promise<{ value: string }>) => (await acquire()).value };

  await sendStatus(context, toInput(APP));

  assert.equal(bench.requests.filter((request) => request.url.endsWith('/access_tokens')).length, 1);
  assert.equal(bench.requests.length, 3);
});

const NUMBERS = [
  { name: 'leading zeros', secret: { githubAppID: '012345', githubAppInstallationID: '0678' }, want: 'delivered' },
  { name: 'a sign', secret: { githubAppID: '+12345', githubAppInstallationID: '+678' }, want: 'delivered' },
  { name: 'no App', secret: { githubAppID: '0' }, want: undefined },
  { name: 'no installation', secret: { githubAppInstallationID: '0' }, want: undefined },
  { name: 'a line end', secret: { githubAppID: '12345\n' }, want: undefined },
];

for (const { name, secret, want } of NUMBERS) {
  test(`the numbers of an App: ${name}`, async () => {
    const bench = createBench((request) =>
      request.url.endsWith('/678/access_tokens') ? toResponse(201, { token: 'ghs' }) : github(request),
    );
    const sent = sendStatus(bench.context, toInput({ ...APP, ...secret }));

    if (want === undefined) return await assert.rejects(sent, ConfigFault);
    assert.equal((await sent).kind, want);
    assert.deepEqual(claimsOf(headerOf(bench.requests[0], 'authorization')), {
      iat: NOW_MS / 1000 - 30,
      exp: NOW_MS / 1000 + 120,
      iss: '12345',
    });
  });
}

test('an owner without an installation is a fault of configuration', async () => {
  const bench = createBench(() => toResponse(404, { message: 'Not Found' }));
  const { githubAppInstallationID: _, ...secret } = APP;

  await assert.rejects(sendStatus(bench.context, toInput({ ...secret, githubAppInstallationOwner: 'acme' })), ConfigFault);
});

function headerOf(request: HttpRequest | undefined, name: string): string | undefined {
  return request?.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The claims of a bearer JWT whose signature is good. */
function claimsOf(authorization: string | undefined): unknown {
  const [head = '', claims = '', signature = ''] = (authorization ?? '').replace(/^Bearer /, '').split('.');
  const isGood = createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, Buffer.from(signature, 'base64url'));
  assert.ok(isGood, 'the JWT is signed with the key of the App');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}
