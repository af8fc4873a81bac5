import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createBench, NOW_MS, toRenderInput, toResponse, type Answerer } from '../../test/support/provider-run.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { type HttpRequest, TransportError } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import definition from './github.provider.ts';
import { sendStatus } from './send-status.ts';

const SHA = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';
const CONTEXT = 'kustomization/webapp/0c9c2e41';
const LIST = `https://ghe.example.com/api/v3/repos/org/repo/commits/${SHA}/statuses`;
const CREATE = `https://ghe.example.com/api/v3/repos/org/repo/statuses/${SHA}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PKCS1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

function input(
  changes: { secret?: Record<string, string>; event?: Parameters<typeof exampleEvent>[0]; address?: string; statusId?: string } = {},
): RenderInput {
  return toRenderInput({
    spec: { address: changes.address ?? 'https://ghe.example.com/org/repo' },
    secret: changes.secret ?? { token: 'gh-token' },
    event: exampleEvent(changes.event),
    statusId: changes.statusId ?? CONTEXT,
  });
}

function status(context: string, state = 'success', description: string | null = 'reconciliation succeeded') {
  return { context, state, description, creator: { login: 'somebody' } };
}

/** Lists these pages and creates whatever it is asked to. */
function github(...pages: readonly (readonly unknown[])[]): Answerer {
  return (request) => {
    if (request.method === 'POST') return toResponse(201, { id: 1 });
    const page = Number(new URL(request.url).searchParams.get('page') ?? 1);
    const link = page < pages.length ? { link: `<${LIST}?page=${page + 1}>; rel="next", <${LIST}?page=${pages.length}>; rel="last"` } : {};
    return toResponse(200, pages[page - 1] ?? [], link);
  };
}

function calls(requests: readonly HttpRequest[]): string[] {
  return requests.map((request) => `${request.method} ${new URL(request.url).pathname}`);
}

test('a new status is listed, then created as Flux does', async () => {
  const bench = createBench(github([status('other')]));

  const outcome = await sendStatus(bench.context, input());

  assert.equal(outcome.kind, 'delivered');
  assert.deepEqual(
    bench.requests.map((request) => request.url.split('?')[0]),
    [LIST, CREATE],
  );
  const [list, create] = bench.requests.map((request) => new Headers(request.headers.map(([name, value]) => [name, value])));
  assert.equal(list?.get('authorization'), 'Bearer gh-token');
  assert.equal(create?.get('content-type'), 'application/json');
  assert.equal(create?.get('x-github-api-version'), '2022-11-28');
  assert.deepEqual(JSON.parse(String(bench.requests[1]?.body)), {
    state: 'success',
    description: 'reconciliation succeeded',
    context: CONTEXT,
  });
});

const EXISTING = [
  { name: 'equal', pages: [[status('other'), status(CONTEXT)]], posts: 0 },
  { name: 'equal on the second page', pages: [[status('other')], [status(CONTEXT)]], posts: 0 },
  { name: 'the newest of the context decides', pages: [[status(CONTEXT, 'failure'), status(CONTEXT)]], posts: 1 },
  { name: 'the newest decides over pages', pages: [[status(CONTEXT, 'failure')], [status(CONTEXT)]], posts: 1 },
  { name: 'another description', pages: [[status(CONTEXT, 'success', 'apply failed')]], posts: 1 },
  { name: 'an incomplete item is skipped', pages: [[status(CONTEXT, 'failure', null), status(CONTEXT)]], posts: 0 },
  { name: 'an item that is null is skipped', pages: [[null, status(CONTEXT)]], posts: 0 },
  { name: 'nothing at all', pages: [[]], posts: 1 },
];

for (const { name, pages, posts } of EXISTING) {
  test(`existing statuses: ${name}`, async () => {
    const bench = createBench(github(...pages));

    const outcome = await sendStatus(bench.context, input());

    assert.equal(outcome.kind, 'delivered');
    assert.equal(bench.requests.filter((request) => request.method === 'POST').length, posts);
  });
}

const WRITES = [
  { name: 'nothing', answer: toResponse(201), want: 'delivered' },
  { name: 'text that is JSON', answer: toResponse(201, '{"id":1}', { 'content-type': 'text/plain' }), want: 'delivered' },
  { name: 'text', answer: toResponse(201, 'created', { 'content-type': 'text/plain; charset=utf-8' }), want: 'retry' },
  { name: 'a page', answer: toResponse(200, '<html>', { 'content-type': 'text/html' }), want: 'retry' },
  { name: 'broken JSON', answer: toResponse(201, '{"id":', { 'content-type': 'application/json' }), want: 'retry' },
  { name: 'a list', answer: toResponse(201, []), want: 'retry' },
];

for (const { name, answer, want } of WRITES) {
  test(`a creation that is answered with ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? answer : github([])(request)));

    assert.equal((await sendStatus(bench.context, input())).kind, want);
  });
}

for (const [name, answer] of Object.entries({ null: toResponse(200, 'null'), nothing: toResponse(200) })) {
  test(`${name} in the place of a list is a commit without statuses`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? toResponse(201, {}) : answer));

    assert.equal((await sendStatus(bench.context, input())).kind, 'delivered');
    assert.equal(bench.requests.length, 2);
  });
}

test('a list of something else is no answer of GitHub', async () => {
  const bench = createBench(github(['success']));

  assert.equal((await sendStatus(bench.context, input())).kind, 'retry');
});

test('a link to the next page that never ends is given up when a page is empty', async () => {
  const bench = createBench((request) =>
    request.method === 'POST' ? toResponse(201, {}) : toResponse(200, [], { link: `<${LIST}?page=2>; rel="next"` }),
  );

  await sendStatus(bench.context, input());

  assert.equal(bench.requests.length, 2);
});

test('known and equal: no call at all; known and different: no listing', async () => {
  const bench = createBench(github([]));
  remember(bench, await sendStatus(bench.context, input()));
  const before = bench.requests.length;

  const same = await sendStatus(bench.context, input());
  const other = await sendStatus(bench.context, input({ event: { severity: 'error', reason: 'HealthCheckFailed' } }));

  assert.deepEqual([same.kind, other.kind], ['delivered', 'delivered']);
  assert.deepEqual(calls(bench.requests.slice(before)), [`POST ${new URL(CREATE).pathname}`]);
});

test('the pages of a commit are read once for all its contexts', async () => {
  const bench = createBench(github([status('kustomization/infra/0c9c2e41'), status('helmrelease/a/0c9c2e41', 'failure')]));
  remember(bench, await sendStatus(bench.context, input()));
  const before = bench.requests.length;

  const there = await sendStatus({ ...bench.context, lane: 'lane-2' }, input({ statusId: 'kustomization/infra/0c9c2e41' }));
  const differs = await sendStatus({ ...bench.context, lane: 'lane-3' }, input({ statusId: 'helmrelease/a/0c9c2e41' }));
  const isNew = await sendStatus({ ...bench.context, lane: 'lane-4' }, input({ statusId: 'helmrelease/b/0c9c2e41' }));

  assert.deepEqual([there.kind, differs.kind, isNew.kind], ['delivered', 'delivered', 'delivered']);
  assert.deepEqual(
    bench.requests.slice(before).map((request) => JSON.parse(String(request.body)).context),
    ['helmrelease/a/0c9c2e41', 'helmrelease/b/0c9c2e41'],
  );
});

test('what is unknown or too old is read again, also when the commit was read', async () => {
  const bench = createBench(github([status(CONTEXT)]));
  const first = await sendStatus(bench.context, input());
  remember(bench, first);
  bench.forget('lane');

  const afterAmbiguity = await sendStatus(bench.context, input());
  remember(bench, afterAmbiguity, 3_600_001);
  await sendStatus(bench.context, input());

  assert.deepEqual(
    calls(bench.requests),
    Array.from({ length: 3 }, () => `GET ${new URL(LIST).pathname}`),
  );
});

test('progress sets no status and makes no call', async () => {
  const bench = createBench(github([]));

  const outcome = await sendStatus(bench.context, input({ event: { reason: 'Progressing' } }));

  assert.equal(outcome.kind, 'delivered');
  assert.equal(bench.requests.length, 0);
});

const EVENTS = [
  { name: 'no revision', event: { metadata: {} }, message: 'missing revision metadata' },
  { name: 'a chart version', event: { metadata: { revision: '1.2.3' } }, message: "failed to extract commit hash from '1.2.3' revision" },
  {
    name: 'an empty commit wins over a revision',
    event: { metadata: { commit: '', revision: `main@sha1:${SHA}` } },
    message: /commit hash from ''/,
  },
  { name: 'an unknown severity', event: { severity: 'trace' }, message: "can't convert to github state" },
];

for (const { name, event, message } of EVENTS) {
  test(`an event that cannot become a status is refused: ${name}`, async () => {
    const bench = createBench(github([]));

    const outcome = await sendStatus(bench.context, input({ event }));

    assert.equal(outcome.kind, 'rejected');
    assert.ok(outcome.kind === 'rejected' && (typeof message === 'string' ? outcome.message === message : message.test(outcome.message)));
    assert.equal(bench.requests.length, 0);
  });
}

const APP = {
  githubAppID: '12345',
  githubAppInstallationID: '678',
  githubAppPrivateKey: PKCS1,
  githubAppBaseURL: 'https://ghe.example.com/api/v3',
};

const FAULTS = [
  { name: 'no repository', changes: { address: 'https://github.com/org' }, message: /invalid repository id/ },
  { name: 'three parts', changes: { address: 'https://github.com/org/sub/repo' }, message: /invalid repository id/ },
  { name: 'no address', changes: { address: '' }, message: /invalid repository id/ },
  { name: 'a blank in the host', changes: { address: 'http://exa mple.com/org/repo' }, message: /invalid repository id/ },
  { name: 'a scheme without an API', changes: { address: 'git+ssh://git@example.com/org/repo' }, message: /unsupported protocol scheme/ },
  { name: 'no status id', changes: { statusId: '' }, message: 'commit status cannot be empty' },
  { name: 'no credentials', changes: { secret: {} }, message: 'github token or github app details must be specified' },
  { name: 'a token with a line end', changes: { secret: { token: 'gh-token\n' } }, message: /token holds/ },
  { name: 'an app id that is no number', changes: { secret: { ...APP, githubAppID: 'x' } }, message: /app ID must be provided/ },
  {
    name: 'an installation id that is no number',
    changes: { secret: { ...APP, githubAppInstallationID: 'x' } },
    message: /owner or ID must be provided/,
  },
  { name: 'both installations', changes: { secret: { ...APP, githubAppInstallationOwner: 'acme' } }, message: /only one of/ },
  { name: 'no key', changes: { secret: { ...APP, githubAppPrivateKey: '' } }, message: /private key must be provided/ },
  {
    name: 'a key that is no PEM',
    changes: { secret: { ...APP, githubAppPrivateKey: 'secret-text' } },
    message: /could not parse private key/,
  },
  { name: 'a base that is no URL', changes: { secret: { ...APP, githubAppBaseURL: 'ghe' } }, message: /githubAppBaseURL/ },
];

for (const { name, changes, message } of FAULTS) {
  test(`configuration that cannot work is a fault before any call: ${name}`, async () => {
    const bench = createBench(github([]));

    await assert.rejects(sendStatus(bench.context, input(changes)), (error) => {
      assert.ok(error instanceof ConfigFault);
      assert.match(error.message, typeof message === 'string' ? new RegExp(`^${message}$`) : message);
      assert.doesNotMatch(error.message, /gh-token|secret-text/);
      return true;
    });
    assert.equal(bench.requests.length, 0);
  });
}

const BASES = [
  { address: 'https://github.com/org/repo', base: 'https://api.github.com' },
  { address: 'http://github.com/org/repo.git', base: 'https://api.github.com' },
  { address: 'git@github.com:org/repo.git', base: 'https://api.github.com' },
  { address: 'ssh://git@github.com/org/repo', base: 'https://api.github.com' },
  { address: 'https://www.github.com/org/repo', base: 'https://www.github.com/api/v3' },
  { address: 'http://ghe.test:8080/org/repo', base: 'http://ghe.test:8080/api/v3' },
  { address: 'https://user:pw@ghe.test/org/repo.git?x=y', base: 'https://ghe.test/api/v3' },
  { address: 'https://api.ghe.test/org/repo', base: 'https://api.ghe.test' },
  { address: 'https://ghe.api.test/org/repo', base: 'https://ghe.api.test' },
];

for (const { address, base } of BASES) {
  test(`the API of ${address} is ${base}`, async () => {
    const bench = createBench(github([]));

    await sendStatus(bench.context, input({ address }));

    assert.ok(bench.requests.every((request) => request.url.startsWith(`${base}/repos/org/repo/`)));
    assert.equal(bench.requests.length, 2);
  });
}

const RESET_S = NOW_MS / 1000 + 120;
const REFUSALS: readonly { name: string; answer: ReturnType<typeof toResponse>; want: Partial<Outcome> & { readonly until?: unknown } }[] =
  [
    {
      name: '401',
      answer: toResponse(401, { message: 'Bad credentials' }),
      want: { kind: 'deferred', reason: 'auth', until: 'target-change' },
    },
    {
      name: '403',
      answer: toResponse(403, { message: 'Resource not accessible' }),
      want: { kind: 'deferred', reason: 'auth', until: 'target-change' },
    },
    {
      name: '403 with a spent budget',
      answer: toResponse(403, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(RESET_S) }),
      want: { kind: 'deferred', reason: 'rate-limited', until: { afterMs: 120_000 } },
    },
    {
      name: '403 with a budget that is spent for a day counts as an hour',
      answer: toResponse(403, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(RESET_S + 86_400) }),
      want: { kind: 'deferred', reason: 'rate-limited', until: { afterMs: 3_600_000 } },
    },
    {
      name: '403 of the secondary limit',
      answer: toResponse(403, { message: 'You have exceeded a secondary rate limit.' }),
      want: { kind: 'deferred', reason: 'rate-limited', until: { afterMs: 60_000 } },
    },
    {
      name: '403 with Retry-After',
      answer: toResponse(403, {}, { 'retry-after': '7' }),
      want: { kind: 'deferred', reason: 'rate-limited', until: { afterMs: 7_000 } },
    },
    { name: '429', answer: toResponse(429, {}), want: { kind: 'retry', reason: 'rate-limited' } },
    { name: '404', answer: toResponse(404, { message: 'Not Found' }), want: { kind: 'retry', reason: 'not-found' } },
    { name: '422', answer: toResponse(422, { message: 'No commit found' }), want: { kind: 'rejected', reason: 'bad-request' } },
    { name: '400', answer: toResponse(400, { message: 'no' }), want: { kind: 'rejected', reason: 'bad-request' } },
    { name: '301', answer: toResponse(301, { message: 'Moved Permanently' }), want: { kind: 'rejected', reason: 'bad-request' } },
    { name: '500', answer: toResponse(500, 'oops'), want: { kind: 'retry', reason: 'server' } },
    {
      name: '503 with Retry-After',
      answer: toResponse(503, '', { 'retry-after': '3' }),
      want: { kind: 'deferred', until: { afterMs: 3_000 } },
    },
  ];

for (const { name, answer, want } of REFUSALS) {
  for (const step of ['GET', 'POST']) {
    test(`${step} answered ${name}`, async () => {
      const bench = createBench((request) => (request.method === step ? answer : github([])(request)));

      const outcome = await sendStatus(bench.context, input());

      assert.deepEqual({ ...outcome, ...want }, outcome);
      assert.ok(outcome.kind !== 'delivered' && outcome.message.startsWith(step === 'GET' ? 'could not list' : 'could not create'));
    });
  }
}

test('an answer that is no list is tried again', async () => {
  const bench = createBench((request) => (request.method === 'GET' ? toResponse(200, { items: [] }) : toResponse(201, {})));

  const outcome = await sendStatus(bench.context, input());

  assert.ok(outcome.kind === 'retry' && outcome.reason === 'server');
  assert.equal(bench.requests.length, 1);
});

test('an answer that repeats the token is quoted without it', async () => {
  const bench = createBench(() => toResponse(400, { message: 'Problem with gh-token and its friends' }));

  const outcome = await sendStatus(bench.context, input());

  assert.ok(outcome.kind === 'rejected' && outcome.message.includes('Problem with *****') && !outcome.message.includes('gh-token'));
});

test('what the transport says is thrown as it was said', async () => {
  const failure = new TransportError('timeout', 'no answer in time');
  const bench = createBench(() => Promise.reject(failure));

  await assert.rejects(sendStatus(bench.context, input()), (error) => error === failure);
});

test('a long description is cut to what GitHub takes, a long context is left alone', async () => {
  const bench = createBench(github([]));

  await sendStatus(bench.context, input({ statusId: 'x'.repeat(300), event: { reason: 'Very'.repeat(100) } }));

  const body = JSON.parse(String(bench.requests[1]?.body)) as Record<string, string>;
  assert.equal(body['context']?.length, 300);
  assert.ok((body['description']?.length ?? 0) <= 140);
});

const LANES = [
  { name: 'a status', lane: { address: 'https://github.com/org/repo' }, want: ['https://api.github.com', 'org/repo', SHA, CONTEXT] },
  {
    name: 'two ways to write one repository',
    lane: { address: 'git@github.com:Org/Repo.git' },
    want: ['https://api.github.com', 'org/repo', SHA, CONTEXT],
  },
  { name: 'an address in the Secret', lane: { address: '' }, want: ['provider', 'apps/github', SHA, CONTEXT] },
  { name: 'progress', lane: { event: exampleEvent({ reason: 'Progressing' }) }, want: undefined },
  { name: 'no commit', lane: { event: exampleEvent({ metadata: {} }) }, want: undefined },
  { name: 'no status id', lane: { statusId: '' }, want: undefined },
];

for (const { name, lane, want } of LANES) {
  test(`the lane of ${name}`, () => {
    const target = { namespace: 'apps', name: 'github', uid: 'u' };

    assert.deepEqual(definition.lane?.({ target, address: '', channel: '', event: exampleEvent(), statusId: CONTEXT, ...lane }), want);
  });
}

function remember(bench: ReturnType<typeof createBench>, outcome: Outcome, ageMs?: number): void {
  assert.equal(outcome.kind, 'delivered');
  if (outcome.kind === 'delivered') bench.remember(outcome.remember ?? [], ageMs);
}
