// With the annotation a failure is a region that its recovery ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpResponse } from '../../internal/sdk/http.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { type Bench, createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { annotate } from './annotate.ts';

const ADDRESS = 'https://grafana.example.com/api/annotations';
const FAILURE = toInput(exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', timestamp: '2026-01-02T03:00:00Z' }));
const RECOVERY = toInput(exampleEvent());
const PROGRESS = toInput(exampleEvent({ reason: 'Progressing' }));

function toInput(event: RenderInput['event'], annotations: Readonly<Record<string, string>> = { 'tocsin.dev/resolve': 'enabled' }) {
  const input = toRenderInput({ spec: { type: 'grafana', address: `${ADDRESS}/?orgId=2` }, secret: { token: 'key' }, event });
  return { ...input, config: { ...input.config, annotations } };
}

/** Answers posts with ids in turn and patches with a status. */
function createGrafana(patchStatus = 200): Bench {
  let id = 0;
  return createBench(({ method }): HttpResponse => {
    if (method === 'PATCH') return toResponse(patchStatus, { message: 'Annotation patched' });
    id += 1;
    return toResponse(200, { message: 'Annotation added', id });
  });
}

async function tell(bench: Bench, input: RenderInput) {
  const outcome = await annotate(bench.context, input);
  if (outcome.kind === 'delivered') bench.remember(outcome.remember ?? []);
  return outcome;
}

function said(bench: Bench): readonly string[] {
  return bench.requests.map(({ method, url }) => `${method} ${url}`);
}

test('a recovery ends the region that the first failure began, once', async () => {
  const bench = createGrafana();

  for (const input of [FAILURE, FAILURE, PROGRESS, RECOVERY, RECOVERY]) await tell(bench, input);

  const post = `POST ${ADDRESS}/?orgId=2`;
  assert.deepEqual(said(bench), [post, post, post, `PATCH ${ADDRESS}/1?orgId=2`, post, post]);
  const bodies = bench.requests.map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);
  assert.equal(bodies[0]?.['time'], Date.parse('2026-01-02T03:00:00Z'));
  assert.deepEqual(bodies[3], { timeEnd: Date.parse('2026-01-02T03:04:05Z') });
});

test('the next failure begins a region of its own', async () => {
  const bench = createGrafana();

  for (const input of [FAILURE, RECOVERY, FAILURE, RECOVERY]) await tell(bench, input);

  assert.deepEqual(
    said(bench).filter((line) => line.startsWith('PATCH')),
    [`PATCH ${ADDRESS}/1?orgId=2`, `PATCH ${ADDRESS}/3?orgId=2`],
  );
});

for (const { status, want } of [
  { status: 404, want: 'delivered' },
  { status: 503, want: 'retry' },
]) {
  test(`the region cannot be ended, ${status}`, async () => {
    const bench = createGrafana(status);
    await tell(bench, FAILURE);

    const outcome = await tell(bench, RECOVERY);

    assert.equal(outcome.kind, want);
    assert.equal(said(bench).length, want === 'delivered' ? 3 : 2, 'nothing is posted twice by the repeat');
  });
}

test('what is not known is not touched', async () => {
  const bench = createGrafana();
  await tell(bench, FAILURE);
  bench.forget(bench.context.lane);

  await tell(bench, RECOVERY);

  assert.ok(said(bench).every((line) => line.startsWith('POST')));
});

test('without the annotation every event is a point in time, as with Flux', async () => {
  const bench = createGrafana();

  for (const input of [FAILURE, RECOVERY]) {
    assert.deepEqual(await tell(bench, { ...input, config: { ...input.config, annotations: {} } }), {
      kind: 'delivered',
      ref: input === FAILURE ? '1' : '2',
    });
  }

  assert.ok(bench.requests.every(({ body, method }) => method === 'POST' && !String(body).includes('"time"')));
});
