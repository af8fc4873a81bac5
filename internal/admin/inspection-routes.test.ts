// The routes of explain, send and check, over HTTP: behind the guard, with clear refusals.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { toTestEvent, toTestTarget } from '../../test/support/routing.ts';
import type { Event } from '../event/event.ts';
import type { Outbox, StoredEvent, TargetState } from '../outbox/store.ts';
import type { Logger } from '../sdk/ports.ts';
import { createAdminApp } from './admin-server.ts';
import type { InspectionOptions, Submitted } from './inspection-routes.ts';

const TOKEN = 'a-token-for-tests';
const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log };
const STORED: StoredEvent = {
  event: { ...toTestEvent(), id: 'first', dedup: { key: 'same', windowMs: 60_000 } },
  acceptedAtMs: 1000,
  verdicts: [],
  revision: 'r',
  pending: false,
};
const target = (key: string, pausedUntilMs: number | null): TargetState => ({
  key,
  waiting: 1,
  leased: 0,
  dead: 0,
  pausedUntilMs,
  failures: 5,
  oldestWaitingMs: 1,
});
const submitted: Event[] = [];
const answers: Submitted[] = [];
let isLoaded = true;

const options: InspectionOptions = {
  outbox: {
    events: async () => [{ ...STORED, event: { ...STORED.event, id: 'second' } }, STORED],
    targets: async () => [target('a', null), target('b', 9)],
  },
  toEvent: (body) =>
    body === 'null'
      ? { invalid: 'the body must be a JSON object' }
      : { ...toTestEvent(), dedup: { key: body === '{}' ? 'same' : 'other', windowMs: 60_000 } },
  submit: async (event) => {
    submitted.push(event);
    return answers.shift() ?? { outcome: 'accepted', eventId: event.id, resetAtMs: 1 };
  },
  explainEvent: () => (isLoaded ? { verdicts: [], revision: 'r' } : null),
  targets: () => [toTestTarget('hook')],
  check: async ({ key, type }) => ({ provider: key, type, isFine: true, steps: [] }),
};

let server: Server;
let origin = '';
before(async () => {
  const app = createAdminApp({
    outbox: {} as Outbox,
    token: TOKEN,
    explain: () => ({ verdicts: [], revision: '' }),
    faults: () => [],
    inspection: options,
    log,
  });
  // Hooks of a file run when all files have; until then the server must not keep the process alive.
  server = createServer(app).listen(0, '127.0.0.1').unref();
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

async function ask(path: string, init: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...init.headers };
  const answer = await fetch(origin + path, {
    method: init.body === undefined ? 'GET' : 'POST',
    headers,
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test('every route is behind the token and refuses browser pages', async () => {
  for (const path of ['/api/v1/test-events', '/api/v1/explanations', '/api/v1/providers/foo-ns/hook/check']) {
    assert.equal((await ask(path, { body: '{}', headers: { authorization: 'Bearer wrong' } })).status, 401, path);
    assert.equal((await ask(path, { body: '{}', headers: { origin: 'http://example.com' } })).status, 403, path);
  }
  assert.equal((await ask('/api/v1/providers', { headers: { authorization: '' } })).status, 401);
  assert.deepEqual(submitted, []);
});

test('a test event is taken as any other, and refusals are told', async () => {
  answers.push(
    { outcome: 'accepted', eventId: 'e1', resetAtMs: 2 },
    { outcome: 'busy', retryAfterMs: 1, message: 'too much is waiting' },
    { outcome: 'invalid', message: 'no' },
  );
  assert.deepEqual(await ask('/api/v1/test-events', { body: '{"a":1}' }), {
    status: 200,
    body: { outcome: 'accepted', eventId: 'e1', resetAtMs: 2 },
  });
  assert.partialDeepStrictEqual(await ask('/api/v1/test-events', { body: '{"a":1}' }), {
    status: 503,
    body: { code: 'store', detail: 'too much is waiting' },
  });
  assert.partialDeepStrictEqual(await ask('/api/v1/test-events', { body: '{"a":1}' }), {
    status: 400,
    body: { code: 'bad-request', detail: 'no' },
  });
});

test('what is no event, or too large, or not sent as JSON is refused', async () => {
  const wide = `{"message":"${'x'.repeat(4 * 1024 * 1024)}"}`;

  assert.partialDeepStrictEqual(await ask('/api/v1/explanations', { body: 'null' }), { status: 400, body: { code: 'bad-request' } });
  assert.equal(Math.floor((await ask('/api/v1/explanations', { body: wide })).status / 100), 4);
});

test('an explanation knows the first equal event and the paused Providers', async () => {
  const equal = await ask('/api/v1/explanations', { body: '{}' });
  const other = await ask('/api/v1/explanations', { body: '{"a":1}' });

  assert.deepEqual(equal.body['equal'], { id: 'first', acceptedAtMs: 1000, untilMs: 61_000 });
  assert.equal(other.body['equal'], null);
  assert.partialDeepStrictEqual(equal.body['targets'], [{ key: 'b', pausedUntilMs: 9 }]);
});

test('without configuration nothing is explained', async () => {
  isLoaded = false;
  assert.partialDeepStrictEqual(await ask('/api/v1/explanations', { body: '{}' }), {
    status: 503,
    body: { detail: 'no configuration is loaded yet' },
  });
  isLoaded = true;
});

test('Providers are listed and checked by name', async () => {
  assert.partialDeepStrictEqual((await ask('/api/v1/providers')).body, {
    items: [{ namespace: 'foo-ns', name: 'hook', type: 'test', suspended: false }],
  });
  assert.deepEqual((await ask('/api/v1/providers/foo-ns/hook/check', { body: '' })).body, {
    provider: 'flux//foo-ns/hook',
    type: 'test',
    isFine: true,
    steps: [],
  });
  assert.equal((await ask('/api/v1/providers/foo-ns/none/check', { body: '' })).status, 404);
});
