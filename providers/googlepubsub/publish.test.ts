import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';
import { newRsaKeyPem } from '../../test/support/certificates.ts';
import { createBench, NOW_MS, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { publish } from './publish.ts';

const SPEC = { type: 'googlepubsub', address: 'my-project', channel: 'flux-events' };
const PEM = newRsaKeyPem();
const TOKEN = toResponse(200, { access_token: 'ya29.placeholder', expires_in: 3599 });
const PUBLISHED = toResponse(200, { messageIds: ['1'] });

function serviceAccount(changes: object = {}): string {
  return JSON.stringify({
    type: 'service_account',
    client_email: 'tocsin@my-project.iam.gserviceaccount.com',
    private_key: PEM,
    private_key_id: 'key-1',
    ...changes,
  });
}

function inputWith(secret: Readonly<Record<string, string>>) {
  return toRenderInput({ spec: SPEC, secret, event: exampleEvent() });
}

test('a service account signs for a token once, and the event is the data of the message', async () => {
  const bench = createBench((request) => (request.url === 'https://oauth2.googleapis.com/token' ? TOKEN : PUBLISHED));
  const input = inputWith({ token: serviceAccount() });

  assert.deepEqual(await publish(bench.context, input), { kind: 'delivered', ref: '1' });
  assert.deepEqual(await publish(bench.context, input), { kind: 'delivered', ref: '1' });

  const [exchange, first, second] = bench.requests;
  assert.equal(bench.requests.length, 3);
  checkAssertion(new URLSearchParams(String(exchange?.body)));
  assert.ok(first?.headers.some(([name, value]) => name === 'Authorization' && value === 'Bearer ya29.placeholder'));
  const message = JSON.parse(String(second?.body)) as { messages: [{ data: string; attributes?: object }] };
  assert.equal(Buffer.from(message.messages[0].data, 'base64').toString(), encodeFluxEvent(exampleEvent()));
  assert.equal(message.messages[0].attributes, undefined);
});

function checkAssertion(form: URLSearchParams): void {
  assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  assert.deepEqual(decode(header), { alg: 'RS256', typ: 'JWT', kid: 'key-1' });
  assert.deepEqual(decode(claims), {
    iss: 'tocsin@my-project.iam.gserviceaccount.com',
    scope: 'https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/pubsub',
    aud: 'https://oauth2.googleapis.com/token',
    iat: Math.floor(NOW_MS / 1000),
    exp: Math.floor(NOW_MS / 1000) + 3600,
  });
  assert.ok(verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), createPublicKey(PEM), Buffer.from(signature, 'base64url')));
}

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

test('a sovereign cloud is asked at its own address', async () => {
  const bench = createBench((request) => (request.url.endsWith('/token') ? TOKEN : PUBLISHED));

  await publish(bench.context, inputWith({ token: serviceAccount({ universe_domain: 'apis-tpclp.goog' }) }));

  assert.equal(bench.requests[1]?.url, 'https://pubsub.apis-tpclp.goog/v1/projects/my-project/topics/flux-events:publish');
});

const TOKEN_ANSWERS = [
  { name: 'a page', answer: toResponse(200, '<html>'), want: 'retry' },
  { name: 'no token', answer: toResponse(200, {}), want: 'retry' },
  { name: 'a token that no header can hold', answer: toResponse(200, { access_token: 'a\nb' }), want: 'retry' },
  { name: 'revoked', answer: toResponse(400, { error: 'invalid_grant' }), want: 'deferred' },
  { name: 'unknown client', answer: toResponse(401, { error: 'invalid_client' }), want: 'deferred' },
  { name: 'a failing server', answer: toResponse(500), want: 'retry' },
];

for (const { name, answer, want } of TOKEN_ANSWERS) {
  test(`a token that cannot be had: ${name}`, async () => {
    const bench = createBench(() => answer);

    const outcome = await publish(bench.context, inputWith({ token: serviceAccount() }));

    assert.equal(outcome.kind, want);
    assert.equal(bench.requests.length, 1);
  });
}

const HEADERS: readonly { name: string; headers: string }[] = [
  { name: 'a name of 257 bytes', headers: `${'ü'.repeat(129)}: a` },
  { name: 'a value of 1,025 bytes', headers: `a: ${'b'.repeat(1025)}` },
  { name: '101 attributes', headers: Array.from({ length: 101 }, (_, index) => `k${index}: v`).join('\n') },
];

for (const { name, headers } of HEADERS) {
  test(`attributes that Pub/Sub does not take are a fault of configuration: ${name}`, async () => {
    const bench = createBench(() => assert.fail('nothing is sent'));

    await assert.rejects(publish(bench.context, inputWith({ headers })), ConfigFault);
  });
}
