// Reading again what was read before: GitHub is asked whether it still holds, which costs nothing of the token's budget.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { Outcome, Fact } from '../../internal/sdk/outcome.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { page, StatusTable } from '../../test/support/status-forge.ts';
import { sendStatus } from './send-status.ts';

const CONTEXT = 'kustomization/webapp/0c9c2e41';
const HOUR_MS = 3_600_000;

/** Lists the newest first, 100 at a time, and answers 304 to whoever has seen the page. */
function github(request: HttpRequest, table: StatusTable): HttpResponse {
  if (request.method === 'POST') {
    const { state = '', context = '', description = '' } = JSON.parse(String(request.body)) as Record<string, string>;
    table.write({ state, context, description });
    return toResponse(201, { id: table.items.length });
  }
  const query = new URL(request.url).searchParams;
  const { items, headers } = page(table.items.toReversed(), { size: 100, page: Number(query.get('page')) });
  const etag = `W/"${items[0]?.id ?? 0}"`;
  const known = request.headers.find(([name]) => name.toLowerCase() === 'if-none-match')?.[1];
  return known === etag ? toResponse(304, '', { etag }) : toResponse(200, items, { ...headers, etag });
}

function createRun() {
  const table = new StatusTable();
  const bench = createBench((request) => github(request, table));
  let facts: readonly Fact[] = [];
  const send = async (reason = 'ReconciliationSucceeded'): Promise<Outcome> => {
    const event = exampleEvent({ reason });
    const outcome = await sendStatus(
      bench.context,
      toRenderInput({ spec: { address: 'https://github.com/org/repo' }, secret: { token: 't' }, event, statusId: CONTEXT }),
    );
    if (outcome.kind === 'delivered') facts = [...facts, ...(outcome.remember ?? [])];
    return outcome;
  };
  return { table, bench, send, age: (ageMs: number) => bench.remember(facts, ageMs) };
}

test('what was read an hour ago is asked about, and taken again when nothing has changed', async () => {
  const { bench, send, table, age } = createRun();
  for (let i = 0; i < 250; i += 1) table.write({ context: `ci/${i}`, state: 'success', description: 'passed' });
  await send();
  age(2 * HOUR_MS);
  await send();
  age(2 * HOUR_MS);
  const before = bench.requests.length;

  const outcome = await send();

  assert.ok(outcome.kind === 'delivered' && outcome.note === 'the status is there already');
  assert.equal(bench.requests.length - before, 1, 'one conditional request instead of three pages');
  assert.equal(table.items.length, 251);
  assert.ok(
    outcome.remember?.some(({ key, value }) => key === 'statuses' && value.includes(CONTEXT)),
    'what holds is remembered anew',
  );
});

test('a change since is read, on all pages, and its tag is remembered', async () => {
  const { bench, send, table, age } = createRun();
  await send();
  table.write({ context: CONTEXT, state: 'failure', description: 'somebody else' });
  age(2 * HOUR_MS);
  const before = bench.requests.length;

  await send();

  assert.deepEqual(
    bench.requests.slice(before).map(({ method }) => method),
    ['GET', 'POST'],
  );
  assert.equal(table.newest(CONTEXT)?.state, 'success');
});

test('what was read is known for the next try, when a spent budget stands between reading and writing', async () => {
  const table = new StatusTable();
  const limit = toResponse(403, { message: 'API rate limit exceeded' }, { 'x-ratelimit-remaining': '0', 'retry-after': '60' });
  const bench = createBench((request) => (request.method === 'POST' ? limit : github(request, table)));
  const input = toRenderInput({
    spec: { address: 'https://github.com/org/repo' },
    secret: { token: 't' },
    event: exampleEvent(),
    statusId: CONTEXT,
  });

  const outcome = await sendStatus(bench.context, input);
  bench.remember(bench.learnt);
  await sendStatus(bench.context, input);

  assert.ok(outcome.kind === 'deferred' && outcome.reason === 'rate-limited');
  assert.deepEqual(
    bench.requests.map(({ method }) => method),
    ['GET', 'POST', 'POST'],
  );
});
