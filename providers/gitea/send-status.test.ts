import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { page, SHA, StatusTable } from '../../test/support/status-forge.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import definition from './gitea.provider.ts';
import { sendStatus } from './send-status.ts';

const CONTEXT = 'kustomization/webapp/0c9c2e41';
const BASE = '/api/v1/repos/org/repo';

function input(
  changes: { secret?: Record<string, string>; event?: Parameters<typeof exampleEvent>[0]; address?: string; statusId?: string } = {},
): RenderInput {
  return toRenderInput({
    spec: { address: changes.address ?? 'https://git.example.com/org/repo.git' },
    secret: changes.secret ?? { token: 'tea-token' },
    event: exampleEvent(changes.event),
    statusId: changes.statusId ?? CONTEXT,
  });
}

/** https://docs.gitea.com/api: every status that was ever written, in an order that seconds decide, fifty at a time. */
function gitea(request: HttpRequest, table: StatusTable): HttpResponse {
  const url = new URL(request.url);
  if (url.pathname === '/api/v1/version') return toResponse(200, { version: '1.22.3' });
  if (request.method === 'POST') {
    assert.equal(url.pathname, `${BASE}/statuses/${SHA}`);
    const { state, context, description } = JSON.parse(String(request.body)) as Record<string, string>;
    table.write({ context: context ?? '', state: state ?? '', description: description ?? '' });
    return toResponse(201, { id: table.items.length, status: state, context, description });
  }
  assert.equal(url.pathname, `${BASE}/commits/${SHA}/statuses`);
  const size = Math.min(50, Number(url.searchParams.get('limit')));
  const { items, headers } = page(table.items, { size, page: Number(url.searchParams.get('page')) });
  return toResponse(
    200,
    items.map(({ id, context, state, description }) => ({ id, context, status: state, description })),
    headers,
  );
}

const VERSIONS: readonly { name: string; answer: HttpResponse; want: Partial<Outcome> | 'fault' }[] = [
  { name: 'Gitea', answer: toResponse(200, { version: '1.11.0' }), want: { kind: 'delivered' } },
  { name: 'a development build', answer: toResponse(200, { version: '1.23.0+dev-12-gabcdef' }), want: { kind: 'delivered' } },
  { name: 'Forgejo', answer: toResponse(200, { version: '7.0.3+gitea-1.21.11' }), want: { kind: 'delivered' } },
  { name: 'a release behind a v', answer: toResponse(200, { version: 'v1.20' }), want: { kind: 'delivered' } },
  { name: 'what leads to a later release', answer: toResponse(200, { version: '1.11.1-rc1' }), want: { kind: 'delivered' } },
  { name: 'too old', answer: toResponse(200, { version: '1.10.6' }), want: 'fault' },
  { name: 'what leads to the first release', answer: toResponse(200, { version: '1.11.0-rc1' }), want: 'fault' },
  { name: 'the same without a dash', answer: toResponse(200, { version: '1.11.0rc1' }), want: 'fault' },
  { name: 'a number and words', answer: toResponse(200, { version: '1.20 beta' }), want: { kind: 'retry', reason: 'server' } },
  { name: 'no version', answer: toResponse(200, { version: 'unknown' }), want: { kind: 'retry', reason: 'server' } },
  { name: 'something else', answer: toResponse(200, []), want: { kind: 'retry', reason: 'server' } },
  { name: 'a page', answer: toResponse(200, '<html>'), want: { kind: 'retry', reason: 'server' } },
  { name: 'not found', answer: toResponse(404, 'not found'), want: { kind: 'retry', reason: 'not-found' } },
];

for (const { name, answer, want } of VERSIONS) {
  test(`the server's version: ${name}`, async () => {
    const table = new StatusTable();
    const bench = createBench((request) => (request.url.endsWith('/version') ? answer : gitea(request, table)));
    const sent = sendStatus(bench.context, input());

    if (want === 'fault') return await assert.rejects(sent, ConfigFault);
    const outcome = await sent;

    assert.deepEqual({ ...outcome, ...want }, outcome);
    assert.equal(table.items.length, want.kind === 'delivered' ? 1 : 0);
  });
}

const EVENTS = [
  { name: 'progress', event: { reason: 'Progressing' }, want: 'pending' },
  { name: 'progress of an error', event: { reason: 'Progressing', severity: 'error' }, want: 'pending' },
  { name: 'success', event: {}, want: 'success' },
  { name: 'failure', event: { severity: 'error' }, want: 'failure' },
  { name: 'an unknown severity', event: { severity: 'trace' }, want: undefined },
  { name: 'no revision', event: { metadata: {} }, want: undefined },
];

for (const { name, event, want } of EVENTS) {
  test(`the state of ${name}`, async () => {
    const table = new StatusTable();
    const bench = createBench((request) => gitea(request, table));

    const outcome = await sendStatus(bench.context, input({ event }));

    assert.equal(table.newest(CONTEXT)?.state, want);
    assert.equal(outcome.kind, want === undefined ? 'rejected' : 'delivered');
  });
}

test('blanks that the server drops make no new status', async () => {
  const table = new StatusTable();
  table.write({ context: CONTEXT, state: 'success', description: 'reconciliation succeeded' });
  const bench = createBench((request) => gitea(request, table));

  await sendStatus(bench.context, input({ statusId: ` ${CONTEXT} ` }));

  assert.equal(table.items.length, 1);
});

const FAULTS = [
  { name: 'no repository', changes: { address: 'https://git.example.com/org' }, message: /invalid repository id/ },
  { name: 'three parts', changes: { address: 'https://git.example.com/org/sub/repo' }, message: /invalid repository id/ },
  { name: 'a path that climbs', changes: { address: 'https://git.example.com/org/..' }, message: /invalid repository id/ },
  { name: 'no address', changes: { address: '' }, message: /invalid repository id/ },
  { name: 'a scheme without an API', changes: { address: 'git+ssh://git@example.com/org/repo' }, message: /unsupported protocol scheme/ },
  { name: 'no token', changes: { secret: {} }, message: /gitea token cannot be empty/ },
  { name: 'a token with a line end', changes: { secret: { token: 'tea-token\n' } }, message: /token holds/ },
];

for (const { name, changes, message } of FAULTS) {
  test(`configuration that cannot work is a fault before any call: ${name}`, async () => {
    const bench = createBench(() => toResponse(200, []));

    await assert.rejects(sendStatus(bench.context, input(changes)), (error) => error instanceof ConfigFault && message.test(error.message));
    assert.equal(bench.requests.length, 0);
  });
}

test('progress waits in the lane of its verdict, so that a verdict overtakes it', () => {
  const target = { namespace: 'apps', name: 'gitea', uid: 'u' };
  const parts = { target, address: 'https://git.example.com/Org/Repo', channel: '', annotations: {}, statusId: CONTEXT };
  const lane = ['https://git.example.com/api/v1', 'org/repo', SHA, CONTEXT];

  assert.deepEqual(definition.lane?.({ ...parts, event: exampleEvent() }), lane);
  assert.deepEqual(definition.lane?.({ ...parts, event: exampleEvent({ reason: 'Progressing' }) }), lane);
});
