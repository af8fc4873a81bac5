import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { createRecordingLog } from '../../test/support/recording-log.ts';
import { toTestEvent } from '../../test/support/routing.ts';
import { settleDown } from '../../test/support/until.ts';
import type { Event } from '../event/event.ts';
import type { HttpRequest } from '../sdk/http.ts';
import { createTracing, type TracedDelivery } from './tracing.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const EXPORT_MS = 5_000;

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly events: readonly { readonly name: string; readonly attributes: SentSpan['attributes'] }[];
  readonly status?: { readonly code: number };
}

function setUp(endpoint = 'http://collector:4318') {
  const clock = new ManualClock();
  const log = createRecordingLog();
  const requests: HttpRequest[] = [];
  const collector = { status: 200 };
  const tracing = createTracing({
    endpoint,
    open: () => async (request) => {
      requests.push(request);
      return { status: collector.status, headers: {}, body: new Uint8Array(), truncated: false };
    },
    clock,
    log,
    version: '0.1.0',
  });
  tracing.start();
  const spans = (): SentSpan[] =>
    requests.flatMap(({ body }) => {
      const sent = JSON.parse(String(body)) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
      return sent.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settleDown();
  };
  return { tracing, clock, log, requests, collector, spans, pass };
}

function eventOf(number: number, traceparent?: string): Event {
  const id = `019a0000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  return { ...toTestEvent(), id, ...(traceparent === undefined ? {} : { traceparent }) };
}

function aTry(event: Event, changes: Partial<TracedDelivery> = {}): TracedDelivery {
  return {
    eventId: event.id,
    alert: 'apps/all',
    provider: 'apps/chat',
    type: 'slack',
    outcome: 'delivered',
    reason: '',
    durationMs: 12.4,
    isEnd: true,
    isDead: false,
    ...changes,
  };
}

function attributesOf(list: SentSpan['attributes']): Readonly<Record<string, unknown>> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}

test('an event is one span from its acceptance to the end of its last delivery', async () => {
  const { tracing, clock, requests, spans, pass } = setUp();
  const startMs = clock.nowMs();
  const event = eventOf(1, TRACEPARENT);
  tracing.accepted(event, 2, false);
  await pass(1_000);
  tracing.delivery(aTry(event, { outcome: 'retry', reason: 'server', isEnd: false }));
  tracing.delivery(aTry(event));
  await pass(EXPORT_MS);
  assert.equal(requests.length, 0, 'one delivery is owed');
  tracing.delivery(aTry(event, { outcome: 'rejected', reason: 'bad-request', isDead: true }));
  await pass(EXPORT_MS);

  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    ['POST http://collector:4318/v1/traces'],
  );
  const [span] = spans();
  assert.ok(span !== undefined);
  assert.deepEqual(
    [span.traceId, span.spanId, span.parentSpanId, span.name, span.status?.code],
    ['4bf92f3577b34da6a3ce929d0e0e4736', '8000000000000001', '00f067aa0ba902b7', 'event Kustomization', 2],
  );
  assert.deepEqual([span.startTimeUnixNano, span.endTimeUnixNano], [`${startMs}000000`, `${startMs + 6_000}000000`]);
  assert.deepEqual(attributesOf(span.attributes), {
    'tocsin.event.id': event.id,
    'tocsin.object': 'Kustomization/foo-ns/foo',
    'tocsin.reason': 'reason',
    'tocsin.severity': 'info',
    'tocsin.deliveries': '2',
  });
  assert.deepEqual(
    span.events.map(({ attributes }) => attributesOf(attributes)['outcome']),
    ['retry', 'delivered', 'rejected'],
  );
});

test('what matches nothing is a short span, what is pending waits for its Alerts', async () => {
  const { tracing, spans, pass } = setUp();
  tracing.accepted(eventOf(1), 0, false);
  tracing.accepted(eventOf(2), 0, true);
  await pass(EXPORT_MS);
  assert.equal(spans().length, 1);

  tracing.resolved(eventOf(2).id, 1, false);
  await pass(EXPORT_MS);
  assert.equal(spans().length, 1);

  tracing.delivery(aTry(eventOf(2)));
  await pass(EXPORT_MS);
  assert.deepEqual(
    spans().map(({ spanId }) => spanId),
    ['8000000000000001', '8000000000000002'],
  );
});

test('a trace that its sender does not sample is left alone', async () => {
  const { tracing, requests, pass } = setUp();
  tracing.accepted(eventOf(1, TRACEPARENT.replace(/01$/, '00')), 0, false);
  await pass(EXPORT_MS);

  assert.deepEqual(requests, []);
});

test('a collector that fails is reported once, and its recovery', async () => {
  const { tracing, collector, log, pass, requests } = setUp('http://collector:4318/v1/traces/');
  collector.status = 503;
  for (const number of [1, 2]) {
    tracing.accepted(eventOf(number), 0, false);
    await pass(EXPORT_MS);
  }
  collector.status = 200;
  tracing.accepted(eventOf(3), 0, false);
  await pass(EXPORT_MS);

  assert.deepEqual(log.lines(), ['warn Spans could not be sent and are dropped', 'info The collector takes spans again']);
  assert.equal(requests[0]?.url, 'http://collector:4318/v1/traces');
});

test('spans are bounded, and those that are not finished say so at the end', async () => {
  const { tracing, spans, pass } = setUp();
  for (let number = 1; number <= 10_001; number += 1) tracing.accepted(eventOf(number), 1, false);
  await pass(EXPORT_MS);
  assert.equal(spans().length, 1, 'the oldest made room');

  await tracing.stop();
  assert.equal(spans().length, 10_001);
  assert.ok(spans().every(({ attributes }) => attributesOf(attributes)['tocsin.incomplete'] === true));
});
