// Events that race for one comment, through the real store and the real lanes.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { newId } from '../../internal/event/id.ts';
import type { Append } from '../../internal/outbox/store.ts';
import { openSqliteOutbox } from '../../internal/outbox/sqlite/outbox.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import { ManualClock } from '../../test/support/clock.ts';
import { toLease, toResolved, toTarget } from '../../test/support/deliveries.ts';
import { createHarness } from '../../test/support/engine.ts';
import { sentText } from '../../test/support/comment-forge.ts';
import { toResponse } from '../../test/support/provider-run.ts';
import { until } from '../../test/support/until.ts';
import definition from './giteapullrequestcomment.provider.ts';

const EVENTS = 20;
const ADDRESS = 'https://gitea.example.com/org/repo';

/** A pull request without locks: two creations at a time become two comments. */
function createPullRequest() {
  const comments: { id: number; body: string; user: { login: string } }[] = [];
  const answer = async (request: HttpRequest): Promise<HttpResponse> => {
    const { pathname } = new URL(request.url);
    // Everything that is ready to race gets its turn first.
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    if (pathname.endsWith('/version')) return toResponse(200, { version: '1.22.3' });
    if (pathname.endsWith('/user')) return toResponse(200, { login: 'bot' });
    if (request.method === 'GET') return toResponse(200, comments);
    if (request.method === 'POST') comments.push({ id: comments.length + 1, body: '', user: { login: 'bot' } });
    const comment = comments.find(({ id }) => request.method === 'POST' || pathname.endsWith(`/${id}`));
    if (comment === undefined) return toResponse(404);
    comment.body = sentText(request);
    return toResponse(200, comment);
  };
  return { comments, answer };
}

function toFlux(message: string) {
  return exampleEvent({ message });
}

function toAppend(number: number, nowMs: number): Append {
  const { event, delivery } = toLease('template', { type: definition.type, provider: 'gitea' });
  const { route, target, type, destination } = delivery;
  const metadata = Object.assign(Object.create(null) as Record<string, string>, { change_request: '42' });
  const parts = definition.lane?.({ target, address: ADDRESS, channel: '', event: exampleEvent({ metadata }) }) ?? [];
  const message = `message ${number}`;
  const lane = { key: parts.join('|'), policy: 'newest', backlog: 'latest' } as const;
  return {
    event: { ...event, id: newId(nowMs), occurredAtMs: nowMs + number, body: message, flux: toFlux(message) },
    verdicts: [],
    deliveries: [{ route, target, type, destination, metadata, lane, policy: { concurrency: 8 } }],
    revision: '1',
  };
}

test('of events that race for a comment one creates it, and the newest has the last word', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-comment-'));
  const clock = new ManualClock();
  const outbox = await openSqliteOutbox({ path: join(folder, 'store.db'), project: toFlux, clock, random: () => 0.5, reserveBytes: 0 });
  const { comments, answer } = createPullRequest();
  const { engine, transport } = createHarness({
    outbox,
    clock,
    script: answer,
    targets: [toTarget(definition, { name: 'gitea' })],
    resolve: async () => toResolved({ address: ADDRESS, token: 'tea-token' }),
  });
  try {
    engine.start();
    const last = `message ${EVENTS - 1}`;
    await outbox.append(Array.from({ length: EVENTS / 2 }, (_, number) => toAppend(number, clock.nowMs())));
    await until(() => transport.requests.some(({ method }) => method === 'POST'), 'the creation');
    for (let number = EVENTS / 2; number < EVENTS; number += 1) await outbox.append([toAppend(number, clock.nowMs())]);
    await until(() => comments.some(({ body }) => body.includes(last)), 'the last word');
    await engine.drain(8000);

    const { states } = await outbox.stats();
    assert.equal(comments.length, 1);
    assert.equal(transport.requests.filter(({ method }) => method === 'POST').length, 1);
    assert.ok(comments[0]?.body.includes(`\n\n${last}\n\n`));
    assert.equal((states['delivered'] ?? 0) + (states['superseded'] ?? 0), EVENTS);
  } finally {
    await outbox.close();
    await rm(folder, { recursive: true });
  }
});
