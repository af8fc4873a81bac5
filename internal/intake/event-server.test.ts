import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WINDOW_MS, header, post, recordedHeaders, startEventPort } from '../../test/support/event-port.ts';
import { until } from '../../test/support/until.ts';
import { StoreError } from '../outbox/store.ts';
import type { Accept } from './accept-port.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

test('a new event is 202 with the headers of the reference', async (context) => {
  const { port, outbox } = await startEventPort(context);

  const answer = await post({ port, body: '{"message":"m"}' });

  assert.equal(answer.status, 202);
  assert.equal(answer.body, '');
  assert.deepEqual(recordedHeaders(answer), {
    'X-Ratelimit-Limit': '1',
    'X-Ratelimit-Remaining': '0',
    'X-Ratelimit-Reset': 'Mon, 05 Jan 2026 12:05:00 GMT',
  });
  assert.match(header(answer, 'Tocsin-Event') ?? '', UUID);
  assert.equal(outbox.stored[0]?.event.id, header(answer, 'Tocsin-Event'));
  assert.equal(outbox.stored[0]?.event.body, '{"message":"m"}');
});

test('a duplicate is 429 with the headers and the body of the reference, until the window ends', async (context) => {
  const { port, clock } = await startEventPort(context);
  const first = await post({ port, body: 'null' });

  const second = await post({ port, body: '{}' });
  const third = await post({ port, body: '{"severity":"error","unknown":1}' });
  clock.advance(WINDOW_MS);
  const fourth = await post({ port, body: '{}' });

  for (const answer of [second, third]) {
    assert.equal(answer.status, 429);
    assert.equal(answer.body, 'Too Many Requests\n');
    assert.deepEqual(recordedHeaders(answer), {
      'Content-Type': 'text/plain; charset=utf-8',
      'Retry-After': 'Mon, 05 Jan 2026 12:05:00 GMT',
      'X-Content-Type-Options': 'nosniff',
      'X-Ratelimit-Limit': '1',
      'X-Ratelimit-Remaining': '0',
      'X-Ratelimit-Reset': 'Mon, 05 Jan 2026 12:05:00 GMT',
    });
    assert.equal(header(answer, 'Tocsin-Event'), header(first, 'Tocsin-Event'));
  }
  assert.equal(fourth.status, 202);
});

test('what is no event is 400 without body, and a header says why', async (context) => {
  const { port, outbox } = await startEventPort(context);
  const cases: { name: string; body: string; why: RegExp }[] = [
    { name: 'empty', body: '', why: /not one JSON value/ },
    { name: 'text', body: 'hello', why: /not one JSON value/ },
    { name: 'trailing data', body: '{}x', why: /not one JSON value/ },
    { name: 'byte order mark', body: '\uFEFF{}', why: /not one JSON value/ },
    { name: 'list', body: '[{}]', why: /must be a JSON object/ },
    { name: 'wrong type', body: '{"severity":true}', why: /severity must be a string/ },
    { name: 'wrong time', body: '{"timestamp":"yesterday"}', why: /timestamp/ },
  ];
  for (const { name, body, why } of cases) {
    const answer = await post({ port, body });
    assert.equal(answer.status, 400, name);
    assert.equal(answer.body, '', name);
    assert.deepEqual(recordedHeaders(answer), {}, name);
    assert.match(header(answer, 'Tocsin-Error') ?? '', why, name);
  }
  assert.equal(outbox.batches.length, 0);
});

test('any method, path and header is fine', async (context) => {
  const { port } = await startEventPort(context);
  const cases: { method?: string; path?: string; headers?: Record<string, string> }[] = [
    ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND'].map((method) => ({ method })),
    ...['/any/path?x=1', '//any', '/a/../b?x=1', '/%zz', '/?%', '*', 'http://other/x'].map((path) => ({ path })),
    { headers: { 'Content-Type': 'text/plain' } },
    { headers: { 'Content-Encoding': 'gzip' } },
    { headers: { 'Content-Type': 'application/json; charset=utf-16' } },
    { headers: { 'X-Large': 'x'.repeat(200 * 1024) } },
    { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } },
    { headers: Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`x-${index}`, '1'])) },
  ];
  for (const [index, sent] of cases.entries()) {
    const answer = await post({ port, body: `{"message":"${index}"}`, ...sent });
    assert.equal(answer.status, 202, JSON.stringify(sent).slice(0, 100));
    assert.equal(header(answer, 'X-Powered-By'), undefined);
    assert.equal(header(answer, 'ETag'), undefined);
  }
});

test('a store that cannot take the event is 503, never 429', async (context) => {
  const { port, outbox } = await startEventPort(context);
  outbox.error = new StoreError('full', 'no space left');

  const answer = await post({ port, body: '{}' });

  assert.equal(answer.status, 503);
  assert.equal(answer.body, '');
  assert.match(header(answer, 'Retry-After') ?? '', /^[12]$/);
  assert.equal(header(answer, 'X-Ratelimit-Limit'), undefined);
});

test('a store that hangs is 503 in time', async (context) => {
  const { port, outbox, clock } = await startEventPort(context);
  outbox.isHolding = true;
  const answer = post({ port, body: '{}' });
  await until(() => outbox.held === 1, 'the append');

  clock.advance(4_000);

  assert.equal((await answer).status, 503);
  outbox.release();
});

test('an accept port that breaks its promise is 503', async (context) => {
  const accepts: Accept[] = [async () => [], () => Promise.reject(new TypeError('boom'))];
  for (const accept of accepts) {
    const { port } = await startEventPort(context, { accept });
    assert.equal((await post({ port, body: '{}' })).status, 503);
  }
});

test('an input that other dialects call invalid is 400', async (context) => {
  const { port } = await startEventPort(context, { accept: async () => [{ outcome: 'invalid', message: 'no' }] });

  assert.equal((await post({ port, body: '{}' })).status, 400);
});

test('every request is measured', async (context) => {
  const { port, metrics, clock } = await startEventPort(context, {
    accept: async ([event]) => {
      clock.advance(1_500);
      return [{ outcome: event?.flux.message === '' ? 'duplicate' : 'accepted', eventId: 'x', resetAtMs: 0 }];
    },
  });
  await post({ port, body: '{"message":"m"}', path: '/some/path' });
  await post({ port, body: '{}', method: 'PUT' });
  await post({ port, body: 'x' });
  await until(() => metrics.finished.length === 3, 'the measurements');

  assert.deepEqual(metrics.started, ['/', '/', '/']);
  assert.deepEqual(metrics.finished, [
    { path: '/', method: 'POST', code: 202, seconds: 1.5, bytes: 0 },
    { path: '/', method: 'PUT', code: 429, seconds: 1.5, bytes: 18 },
    { path: '/', method: 'POST', code: 400, seconds: 0, bytes: 0 },
  ]);
  assert.deepEqual(metrics.answers, ['flux invalid']);
});

test('paths are measured where that is asked for', async (context) => {
  const { port, metrics } = await startEventPort(context, { exportPaths: true });

  await post({ port, body: '{}', path: '/some/path?x=1' });

  await until(() => metrics.finished.length === 1, 'the measurement');
  assert.deepEqual([metrics.started[0], metrics.finished[0]?.path], ['/some/path', '/some/path']);
});

test('the trace of the sender is kept, and what is no trace is not', async (context) => {
  const { port, outbox } = await startEventPort(context);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  await post({ port, body: '{"message":"a"}', headers: { traceparent } });
  await post({ port, body: '{"message":"b"}', headers: { traceparent: 'x' } });
  await post({ port, body: '{"message":"c"}' });

  assert.deepEqual(
    outbox.stored.map(({ event }) => event.traceparent),
    [traceparent, undefined, undefined],
  );
});
