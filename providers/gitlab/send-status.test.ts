import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { page, SHA, StatusTable } from '../../test/support/status-forge.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import definition from './gitlab.provider.ts';
import { sendStatus } from './send-status.ts';

const CONTEXT = 'kustomization/webapp/0c9c2e41';

function input(
  changes: { secret?: Record<string, string>; event?: Parameters<typeof exampleEvent>[0]; address?: string; statusId?: string } = {},
): RenderInput {
  return toRenderInput({
    spec: { address: changes.address ?? 'https://gitlab.example.com/group/sub/fleet.git' },
    secret: changes.secret ?? { token: 'glpat-token' },
    event: exampleEvent(changes.event),
    statusId: changes.statusId ?? CONTEXT,
  });
}

/** https://docs.gitlab.com/api/commits/#list-commit-statuses: the latest of each name, filtered by name, a page at a time. */
function gitlab(request: HttpRequest, table: StatusTable): HttpResponse {
  const url = new URL(request.url);
  const project = '/api/v4/projects/group%2Fsub%2Ffleet';
  if (request.method === 'POST') {
    assert.equal(url.pathname, `${project}/statuses/${SHA}`);
    const { state, name, description } = JSON.parse(String(request.body)) as Record<string, string>;
    table.write({ context: name ?? '', state: state ?? '', description: description ?? '' });
    return toResponse(201, { id: table.items.length, status: state, name, description });
  }
  assert.equal(url.pathname, `${project}/repository/commits/${SHA}/statuses`);
  const name = url.searchParams.get('name');
  const found = table.latest().filter(({ context }) => name === null || context === name);
  const { items, headers } = page(found, { size: Number(url.searchParams.get('per_page')), page: Number(url.searchParams.get('page')) });
  return toResponse(
    200,
    items.map(({ id, context, state, description }) => ({ id, sha: SHA, name: context, status: state, description })),
    headers,
  );
}

test('a status that is only remembered does not grow younger, so that it is looked at every hour', async () => {
  const table = new StatusTable();
  const bench = createBench((request) => gitlab(request, table));
  const first = await sendStatus(bench.context, input());
  assert.ok(first.kind === 'delivered');
  bench.remember(first.remember ?? [], 2_400_000);
  const calls = bench.requests.length;

  const again = await sendStatus(bench.context, input());

  assert.deepEqual(again, { kind: 'delivered', note: 'the status is there already' });
  assert.equal(bench.requests.length, calls);
});

test('a next page that never ends is given up when a page is empty', async () => {
  const bench = createBench((request) => (request.method === 'POST' ? toResponse(201, {}) : toResponse(200, [], { 'x-next-page': '2' })));

  await sendStatus(bench.context, input());

  assert.equal(bench.requests.length, 2);
});

const LISTS = [
  { name: 'the newest of two branches decides', items: [item(2, 'failed', 'a'), item(1, 'success', 'b')], posts: 1 },
  { name: 'the newest of two branches decides in the other order', items: [item(1, 'failed', 'a'), item(2, 'success', 'b')], posts: 0 },
  { name: 'of one branch an equal one is enough', items: [item(2, 'failed', 'a'), item(1, 'success', 'a')], posts: 0 },
  { name: 'another commit', items: [{ ...item(1, 'success'), sha: '0'.repeat(40) }], posts: 1 },
  { name: 'no description', items: [{ ...item(1, 'success'), description: null }], posts: 1 },
  { name: 'an item that is null', items: [null, item(1, 'success')], posts: 0 },
  { name: 'null in the place of none', items: null, posts: 1 },
];

for (const { name, items, posts } of LISTS) {
  test(`existing statuses: ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? toResponse(201, {}) : toResponse(200, items)));

    const outcome = await sendStatus(bench.context, input());

    assert.equal(outcome.kind, 'delivered');
    assert.equal(bench.requests.filter(({ method }) => method === 'POST').length, posts);
  });
}

const CREATIONS: readonly { name: string; answer: HttpResponse; event?: { reason: string }; want: Partial<Outcome> }[] = [
  {
    name: 'the status is there already',
    answer: toResponse(400, { message: 'Cannot transition status via :succeed from :success (Reason(s): Status cannot transition)' }),
    want: { kind: 'delivered' },
  },
  {
    name: 'it is pending already, which GitLab does not let anybody say twice',
    answer: toResponse(400, { message: 'Cannot transition status via :enqueue from :pending' }),
    event: { reason: 'Progressing' },
    want: { kind: 'delivered' },
  },
  {
    name: 'a pending status stands in the way',
    answer: toResponse(400, { message: 'Cannot transition status via :enqueue from :pending' }),
    want: { kind: 'rejected', reason: 'bad-request' },
  },
  { name: 'a page', answer: toResponse(200, '<html>'), want: { kind: 'retry', reason: 'server' } },
  {
    name: 'no rights',
    answer: toResponse(403, { message: '403 Forbidden' }),
    want: { kind: 'deferred', reason: 'auth', until: 'target-change' },
  },
  { name: 'no project', answer: toResponse(404, { message: '404 Project Not Found' }), want: { kind: 'retry', reason: 'not-found' } },
  { name: 'moved', answer: toResponse(301, ''), want: { kind: 'rejected', reason: 'bad-request' } },
];

for (const { name, answer, event, want } of CREATIONS) {
  test(`creating is answered: ${name}`, async () => {
    const bench = createBench((request) => (request.method === 'POST' ? answer : toResponse(200, [])));
    const given = input(event === undefined ? {} : { event });
    const annotations = { 'tocsin.dev/pending-status': 'enabled' };

    const outcome = await sendStatus(bench.context, { ...given, config: { ...given.config, annotations } });

    assert.deepEqual({ ...outcome, ...want }, outcome);
    assert.equal(bench.requests.length, 2, 'the client repeats nothing by itself');
  });
}

const FAULTS = [
  { name: 'no address', changes: { address: '' }, message: /unsupported protocol scheme/ },
  { name: 'a scheme without an API', changes: { address: 'git+ssh://git@example.com/a/b' }, message: /unsupported protocol scheme/ },
  { name: 'a path that climbs', changes: { address: 'https://gitlab.example.com/a/../b' }, message: /invalid project id/ },
  { name: 'no project', changes: { address: 'https://gitlab.example.com/' }, message: /invalid project id/ },
  { name: 'no token', changes: { secret: {} }, message: /gitlab token cannot be empty/ },
  { name: 'a token with a line end', changes: { secret: { token: 'glpat-token\n' } }, message: /token holds/ },
];

for (const { name, changes, message } of FAULTS) {
  test(`configuration that cannot work is a fault before any call: ${name}`, async () => {
    const bench = createBench(() => toResponse(200, []));

    await assert.rejects(sendStatus(bench.context, input(changes)), (error) => {
      assert.ok(error instanceof ConfigFault);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /glpat-token/);
      return true;
    });
    assert.equal(bench.requests.length, 0);
  });
}

test('a project may be a number, and dots of its name are escaped', async () => {
  for (const [address, path] of [
    ['https://gitlab.example.com/1234', '/api/v4/projects/1234/'],
    ['https://gitlab.example.com/a.b/c.d', '/api/v4/projects/a%2Eb%2Fc%2Ed/'],
  ] as const) {
    const bench = createBench((request) => (request.method === 'POST' ? toResponse(201, {}) : toResponse(200, [])));

    await sendStatus(bench.context, input({ address }));

    for (const { url } of bench.requests) assert.ok(url.startsWith(`https://gitlab.example.com${path}`), url);
  }
});

const LANES = [
  { name: 'a status', address: 'https://gitlab.com/Group/Fleet.git', want: ['https://gitlab.com/api/v4', 'group/fleet', SHA, CONTEXT] },
  {
    name: 'the same over ssh',
    address: 'git@gitlab.com:group/fleet.git',
    want: ['https://gitlab.com/api/v4', 'group/fleet', SHA, CONTEXT],
  },
  { name: 'an address in the Secret', address: '', want: ['provider', 'apps/gitlab', SHA, CONTEXT] },
];

for (const { name, address, want } of LANES) {
  test(`the lane of ${name}`, () => {
    const target = { namespace: 'apps', name: 'gitlab', uid: 'u' };
    const parts = { target, address, channel: '', annotations: {}, event: exampleEvent(), statusId: CONTEXT };

    assert.deepEqual(definition.lane?.(parts), want);
    assert.equal(definition.lane?.({ ...parts, event: exampleEvent({ reason: 'Progressing' }) }), undefined);
  });
}

function item(id: number, status: string, ref = 'main') {
  return { id, sha: SHA, ref, name: CONTEXT, status, description: 'reconciliation succeeded' };
}
