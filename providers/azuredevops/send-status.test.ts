import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { SHA, StatusTable } from '../../test/support/status-forge.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import definition from './azuredevops.provider.ts';
import { sendStatus } from './send-status.ts';

const CONTEXT = 'kustomization/webapp/0c9c2e41';
const STATUSES = `/org/Proj/_apis/git/repositories/repo/commits/${SHA}/statuses`;
const LOCATION = {
  id: '428DD4FB-fda5-4722-af02-9313b80305da',
  area: 'git',
  resourceName: 'statuses',
  routeTemplate: '{project}/_apis/{area}/repositories/{repositoryId}/commits/{commitId}/{resource}',
  resourceVersion: 1,
  minVersion: '2.1',
  maxVersion: '7.1',
  releasedVersion: '7.0',
};

function input(
  changes: { secret?: Record<string, string>; event?: Parameters<typeof exampleEvent>[0]; address?: string; statusId?: string } = {},
): RenderInput {
  return toRenderInput({
    spec: { address: changes.address ?? 'https://dev.azure.com/Org/Proj/_git/repo' },
    secret: changes.secret ?? { token: 'ado-pat' },
    event: exampleEvent(changes.event),
    statusId: changes.statusId ?? CONTEXT,
  });
}

/** https://learn.microsoft.com/rest/api/azure/devops/git/statuses: every status that was ever written, a thousand at a time. */
function azure(request: HttpRequest, table: StatusTable): HttpResponse {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method === 'OPTIONS') {
    assert.equal(pathname, '/org/_apis');
    return toResponse(200, { count: 2, value: [{ id: 'another' }, LOCATION] });
  }
  assert.equal(pathname, STATUSES);
  if (request.method === 'POST') {
    const { context, state, description } = JSON.parse(String(request.body)) as Record<string, string> & {
      context: Record<string, string>;
    };
    table.write({ context: `${context['genre']}|${context['name']}`, state: state ?? '', description: description ?? '' });
    return toResponse(201, { id: table.items.length, state, description, context });
  }
  const skip = Number(searchParams.get('skip') ?? 0);
  const value = table.items.slice(skip, skip + Number(searchParams.get('top') ?? 1_000)).map(({ context, ...status }) => {
    const [genre, name] = context.includes('|') ? context.split('|') : ['ci', context];
    return { ...status, context: { genre, name } };
  });
  return toResponse(200, { count: value.length, value });
}

test('more statuses than one answer holds are all read', async () => {
  const table = new StatusTable();
  for (let i = 0; i < 2_500; i += 1) table.write({ context: `ci/${i}`, state: 'succeeded', description: 'passed' });
  table.write({ context: `fluxcd|${CONTEXT}`, state: 'succeeded', description: 'reconciliation succeeded' });
  const bench = createBench((request) => azure(request, table));

  const outcome = await sendStatus(bench.context, input());

  assert.deepEqual([outcome.kind, table.items.length], ['delivered', 2_501]);
  assert.equal(bench.requests.length, 4);
});

test('a summary makes a context and a lane of its own', async () => {
  const table = new StatusTable();
  const bench = createBench((request) => azure(request, table));
  const event = exampleEvent({ metadata: { ...exampleEvent().metadata, summary: 'Production' } });
  const parts = { target: { namespace: 'a', name: 'b', uid: 'u' }, address: 'https://dev.azure.com/org/proj/_git/repo', channel: '' };

  await sendStatus(bench.context, input());
  await sendStatus({ ...bench.context, lane: 'lane-2' }, input({ event }));

  assert.deepEqual(
    table.items.map(({ context }) => context),
    [`fluxcd|${CONTEXT}`, `fluxcd:Production|${CONTEXT}`],
  );
  const lanes = [exampleEvent(), event].map((each) => definition.lane?.({ ...parts, annotations: {}, event: each, statusId: CONTEXT }));
  assert.deepEqual(lanes[0], ['https://dev.azure.com/org', 'proj/repo', SHA, CONTEXT, 'fluxcd']);
  assert.notDeepEqual(lanes[0], lanes[1]);
});

test('the longest summary that an Alert may have is told whole', async () => {
  const table = new StatusTable();
  const bench = createBench((request) => azure(request, table));
  const summary = 's'.repeat(255);

  await sendStatus(bench.context, input({ event: { metadata: { ...exampleEvent().metadata, summary } } }));

  assert.equal(table.items[0]?.context, `fluxcd:${summary}|${CONTEXT}`);
});

const ORDERS = [
  { name: 'the newest counts', statuses: [posted(1, 'error'), posted(2, 'succeeded')], posts: 0 },
  { name: 'the newest counts, wherever it stands', statuses: [posted(2, 'error'), posted(1, 'succeeded')], posts: 1 },
  { name: 'of equal ids the first counts', statuses: [posted(1, 'error'), posted(1, 'succeeded')], posts: 1 },
  {
    name: 'one without a description is skipped',
    statuses: [{ ...posted(2, 'error'), description: null }, posted(1, 'succeeded')],
    posts: 0,
  },
  { name: 'an answer without a list holds none', statuses: undefined, posts: 1 },
];

for (const { name, statuses, posts } of ORDERS) {
  test(`existing statuses: ${name}`, async () => {
    const table = new StatusTable();
    const bench = createBench((request) => (request.method === 'GET' ? toResponse(200, { value: statuses }) : azure(request, table)));

    await sendStatus(bench.context, input());

    assert.equal(table.items.length, posts);
  });
}

const AUTHORIZATIONS = [
  { name: 'a token', secret: { token: 'ado-pat' }, want: ':ado-pat' },
  { name: 'a token with a line end', secret: { token: 'ado-pat\n' }, want: ':ado-pat\n' },
  { name: 'workload identity', secret: {}, want: ':identity-token-of-azure' },
];

for (const { name, secret, want } of AUTHORIZATIONS) {
  test(`every request is sent with ${name}`, async () => {
    const table = new StatusTable();
    const bench = createBench((request) => azure(request, table));

    await sendStatus(bench.context, input({ secret }));

    assert.equal(bench.requests.length, 3);
    for (const { headers } of bench.requests) {
      const sent = new Headers(headers.map(([key, value]) => [key, value]));
      assert.equal(sent.get('authorization'), `Basic ${Buffer.from(want).toString('base64')}`);
      assert.equal(sent.get('x-tfs-fedauthredirect'), 'Suppress');
    }
  });
}

const REFUSALS: readonly { name: string; answer: HttpResponse; want: Partial<Outcome> }[] = [
  { name: '401', answer: toResponse(401, ''), want: { kind: 'deferred', reason: 'auth', until: 'target-change' } },
  { name: 'the sign-in page', answer: toResponse(203, '<html>'), want: { kind: 'deferred', reason: 'auth', until: 'target-change' } },
  { name: '404', answer: toResponse(404, { message: 'TF401019: no ado-pat' }), want: { kind: 'retry', reason: 'not-found' } },
  { name: 'a page', answer: toResponse(200, '<html>'), want: { kind: 'retry', reason: 'server' } },
  { name: '302', answer: toResponse(302, ''), want: { kind: 'rejected', reason: 'bad-request' } },
  {
    name: 'a limit',
    answer: toResponse(429, { message: 'TF400733' }, { 'retry-after': '30' }),
    want: { kind: 'deferred', reason: 'rate-limited', until: { afterMs: 30_000 } },
  },
];

for (const { name, answer, want } of REFUSALS) {
  for (const method of ['OPTIONS', 'GET', 'POST']) {
    test(`${method} answered: ${name}`, async () => {
      const bench = createBench((request) => (request.method === method ? answer : azure(request, new StatusTable())));

      const outcome = await sendStatus(bench.context, input());

      assert.deepEqual({ ...outcome, ...want }, outcome);
      assert.equal(bench.requests.at(-1)?.method, method);
      assert.doesNotMatch(JSON.stringify(outcome), /ado-pat/);
    });
  }
}

test('a server that does not say where statuses are is asked again', async () => {
  for (const value of [undefined, [], [{ id: 'another' }], [{ id: LOCATION.id }]]) {
    const bench = createBench(() => toResponse(200, { value }));

    const outcome = await sendStatus(bench.context, input());

    assert.ok(outcome.kind === 'retry' && outcome.reason === 'server');
    assert.equal(bench.requests.length, 1);
  }
});

const FAULTS = [
  { name: 'no address', address: '' },
  { name: 'two parts', address: 'https://dev.azure.com/org/repo' },
  { name: 'a path that climbs', address: 'https://dev.azure.com/org/../_git/repo' },
  { name: 'a scheme without an API', address: 'git+ssh://git@example.com/org/proj/_git/repo' },
];

for (const { name, address } of FAULTS) {
  test(`configuration that cannot work is a fault before any call: ${name}`, async () => {
    const bench = createBench(() => toResponse(200, []));

    await assert.rejects(sendStatus(bench.context, input({ address })), ConfigFault);
    assert.equal(bench.requests.length, 0);
  });
}

function posted(id: number, state: string) {
  return { id, state, description: 'reconciliation succeeded', context: { genre: 'fluxcd', name: CONTEXT } };
}
