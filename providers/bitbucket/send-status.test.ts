import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBench, NOW_MS, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import definition from './bitbucket.provider.ts';
import { sendStatus } from './send-status.ts';

const CONTEXT = 'kustomization/webapp/0c9c2e41';
const NOT_FOUND = toResponse(404, { type: 'error', error: { message: 'Not Found' } });

function input(
  changes: { secret?: Record<string, string>; event?: Parameters<typeof exampleEvent>[0]; address?: string; statusId?: string } = {},
): RenderInput {
  return toRenderInput({
    spec: { address: changes.address ?? 'https://bitbucket.org/org/repo' },
    secret: changes.secret ?? { token: 'user:app-password' },
    event: exampleEvent(changes.event),
    statusId: changes.statusId ?? CONTEXT,
  });
}

const RESET_S = NOW_MS / 1000 + 90;
const READINGS: readonly { name: string; answer: HttpResponse; want: Partial<Outcome> }[] = [
  { name: 'no rights', answer: toResponse(401, {}), want: { kind: 'deferred', reason: 'auth', until: 'target-change' } },
  { name: 'a page', answer: toResponse(200, '<html>'), want: { kind: 'retry', reason: 'server' } },
  { name: 'a number', answer: toResponse(200, 3), want: { kind: 'retry', reason: 'server' } },
  { name: 'null', answer: toResponse(200, 'null'), want: { kind: 'delivered' } },
  { name: 'nothing', answer: toResponse(204), want: { kind: 'delivered' } },
  { name: 'a list', answer: toResponse(200, []), want: { kind: 'retry', reason: 'server' } },
  { name: 'nothing of a build', answer: toResponse(200, {}), want: { kind: 'delivered' } },
  { name: 'a failure', answer: toResponse(500, 'boom'), want: { kind: 'retry', reason: 'server' } },
  { name: 'a limit without a time', answer: toResponse(429, ''), want: { kind: 'retry', reason: 'rate-limited' } },
  {
    name: 'a limit with a time',
    answer: toResponse(429, '', { 'x-ratelimit-reset': String(RESET_S) }),
    want: { kind: 'deferred', reason: 'rate-limited', until: { afterMs: 90_000 } },
  },
];

for (const { name, answer, want } of READINGS) {
  test(`reading is answered: ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? toResponse(201, {}) : answer));

    const outcome = await sendStatus(bench.context, input());

    assert.deepEqual({ ...outcome, ...want }, outcome);
  });
}

test('a build that is written without an answer is written', async () => {
  const bench = createBench((request) => (request.method === 'POST' ? toResponse(204) : NOT_FOUND));

  assert.equal((await sendStatus(bench.context, input())).kind, 'delivered');
});

test('neither half of the token is told, whatever is answered', async () => {
  const bench = createBench((request) => (request.method === 'POST' ? toResponse(400, 'user and app-password') : NOT_FOUND));

  const outcome = await sendStatus(bench.context, input());

  assert.ok(outcome.kind === 'rejected' && outcome.message.endsWith('***** and *****'), JSON.stringify(outcome));
});

const BASES = [
  { name: 'none', environment: {}, want: 'https://api.bitbucket.org/2.0/repositories/' },
  {
    name: 'a base with a slash',
    environment: { BITBUCKET_API_BASE_URL: 'http://127.0.0.1:9/api/' },
    want: 'http://127.0.0.1:9/api/repositories/',
  },
  { name: 'blank', environment: { BITBUCKET_API_BASE_URL: ' ' }, want: 'https://api.bitbucket.org/2.0/repositories/' },
];

for (const { name, environment, want } of BASES) {
  test(`the API of the environment: ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? toResponse(201, {}) : NOT_FOUND));

    await sendStatus({ ...bench.context, environment }, input());

    for (const { url } of bench.requests) assert.ok(url.startsWith(want), url);
    assert.deepEqual(definition.capabilities.environment, ['BITBUCKET_API_BASE_URL']);
  });
}

const FAULTS = [
  { name: 'three parts', changes: { address: 'https://bitbucket.org/org/sub/repo' }, environment: {}, message: /invalid repository id/ },
  { name: 'no token', changes: { secret: {} }, environment: {}, message: /bitbucket token cannot be empty/ },
  { name: 'a token without a user', changes: { secret: { token: 'app-password' } }, environment: {}, message: /invalid token format/ },
  { name: 'a password with a colon', changes: { secret: { token: 'a:b:c' } }, environment: {}, message: /invalid token format/ },
  { name: 'an API that is no URL', changes: {}, environment: { BITBUCKET_API_BASE_URL: 'api' }, message: /BITBUCKET_API_BASE_URL/ },
];

for (const { name, changes, environment, message } of FAULTS) {
  test(`configuration that cannot work is a fault before any call: ${name}`, async () => {
    const bench = createBench(() => NOT_FOUND);
    const context = { ...bench.context, environment };

    await assert.rejects(sendStatus(context, input(changes)), (error) => error instanceof ConfigFault && message.test(error.message));
    assert.equal(bench.requests.length, 0);
  });
}

test('a name is cut to what Bitbucket takes', async () => {
  const bench = createBench((request) => (request.method === 'POST' ? toResponse(201, {}) : NOT_FOUND));
  const involvedObject = { ...exampleEvent().involvedObject, name: 'x'.repeat(400) };

  await sendStatus(bench.context, input({ event: { involvedObject, reason: 'Very'.repeat(100) } }));

  const { name, description } = JSON.parse(String(bench.requests[1]?.body)) as Record<string, string>;
  assert.deepEqual([name?.length, description?.length], [255, 255]);
});
