import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { MemoryAppend } from '../../test/support/memory-append.ts';
import { createRecordingLog } from '../../test/support/recording-log.ts';
import { RecordingIntakeMetrics } from '../../test/support/recording-metrics.ts';
import { settleDown } from '../../test/support/until.ts';
import { toEvent } from '../event/flux.ts';
import { StoreError } from '../outbox/store.ts';
import { type AcceptOptions, createAccept } from './accept.ts';
import { type Event, OWN_ORIGIN } from '../event/event.ts';
import type { Decision } from '../routing/decision.ts';
import type { Notice, Verdict } from '../routing/route.ts';

const WINDOW_MS = 300_000;
const ROUTE = { dialect: 'flux', tenant: '', namespace: 'apps', name: 'alert', uid: 'u' };
const NOTHING: Decision = { verdicts: [], deliveries: [], notices: [], revision: 'r1' };

function eventOf(message: string): Event {
  const event = toEvent({ body: JSON.stringify({ message }), nowMs: 1, windowMs: WINDOW_MS, origin: 'http' });
  assert.ok(!('invalid' in event));
  return event;
}

function boom(): never {
  throw new TypeError('boom');
}

function setUp(overrides: Partial<AcceptOptions> = {}) {
  const clock = new ManualClock();
  const outbox = new MemoryAppend(clock);
  const metrics = new RecordingIntakeMetrics();
  const log = createRecordingLog();
  const notices: string[] = [];
  const intake = createAccept({
    outbox,
    decide: () => NOTHING,
    onNotices: (event, list) => notices.push(...list.map((notice) => `${event.flux.message} ${notice.reason}`)),
    clock,
    metrics,
    log,
    ...overrides,
  });
  return { clock, outbox, metrics, log, notices, ...intake };
}

test('an event is answered when it is durable, each with an append of its own', async () => {
  const { accept, outbox, metrics, clock } = setUp();
  const [first, second] = [eventOf('a'), eventOf('b')];

  const answers = await accept([first, second, first]);

  const resetAtMs = clock.nowMs() + WINDOW_MS;
  assert.deepEqual(answers, [
    { outcome: 'accepted', eventId: first.id, resetAtMs },
    { outcome: 'accepted', eventId: second.id, resetAtMs },
    { outcome: 'duplicate', eventId: first.id, resetAtMs },
  ]);
  assert.deepEqual(outbox.batches, [1, 1, 1]);
  assert.deepEqual(metrics.answers, ['flux accepted', 'flux accepted', 'flux duplicate']);
});

test('of very many drops the first hundred are stored, of everything else all', async () => {
  const drops = Array.from({ length: 1_000 }, (_, index): Verdict => {
    return { kind: 'dropped', reason: 'severity', route: { ...ROUTE, name: `quiet-${index}` }, targetKey: 't' };
  });
  const match: Verdict = { kind: 'matched', route: ROUTE, targetKey: 't' };
  const { accept, outbox, metrics } = setUp({ decide: () => ({ ...NOTHING, verdicts: [...drops, match] }) });

  await accept([eventOf('a')]);

  assert.deepEqual(outbox.stored[0]?.verdicts, [...drops.slice(0, 100), match]);
  assert.equal(metrics.verdicts.length, 1_001, 'all of them are counted');
});

test('what was decided is stored, counted and told, but not again for a duplicate', async () => {
  const verdicts: Verdict[] = [
    { kind: 'matched', route: ROUTE, targetKey: 't' },
    { kind: 'dropped', reason: 'severity', route: ROUTE, targetKey: 't' },
    { kind: 'pending', reason: 'provider-missing', route: ROUTE, targetKey: 't' },
  ];
  const notice: Notice = { route: ROUTE, reason: 'InvalidConfig', message: 'm', subject: eventOf('').subject };
  const { accept, outbox, metrics, notices } = setUp({ decide: () => ({ ...NOTHING, verdicts, notices: [notice] }) });

  await accept([eventOf('a')]);
  await accept([eventOf('a')]);

  assert.deepEqual(outbox.stored[0]?.verdicts, verdicts);
  assert.equal(outbox.stored[0]?.revision, 'r1');
  assert.deepEqual(metrics.verdicts, ['flux matched', 'flux dropped severity', 'flux pending provider-missing']);
  assert.deepEqual(notices, ['a InvalidConfig']);
});

test('an event that cannot be decided is stored for later', async () => {
  const { accept, outbox, log } = setUp({ decide: boom });

  const [answer] = await accept([eventOf('a')]);

  assert.equal(answer?.outcome, 'accepted');
  const [verdict] = outbox.stored[0]?.verdicts ?? [];
  assert.equal(verdict?.kind, 'pending');
  // The router asks all Routes for exactly this verdict.
  assert.ok(verdict.reason === 'no-snapshot' && verdict.route.name === '' && verdict.targetKey === '');
  assert.equal(log.lines().length, 1);
});

test('notices that cannot be reported do not hurt the answer', async () => {
  const notice: Notice = { route: ROUTE, reason: 'InvalidConfig', message: 'm', subject: eventOf('').subject };
  const { accept, log } = setUp({ decide: () => ({ ...NOTHING, notices: [notice] }), onNotices: boom });

  const [answer] = await accept([eventOf('a')]);

  assert.equal(answer?.outcome, 'accepted');
  assert.deepEqual(log.lines(), ['error reporting the notices of an event failed']);
});

test('a store that fails means busy, logged once until it recovers', async () => {
  const { accept, outbox, log, metrics } = setUp();
  outbox.error = new StoreError('full', 'no space left');
  const [first] = await accept([eventOf('a')]);
  const [second] = await accept([eventOf('b')]);
  outbox.error = undefined;
  const [third] = await accept([eventOf('a')]);

  for (const answer of [first, second]) {
    assert.ok(answer?.outcome === 'busy' && answer.retryAfterMs > 0 && answer.retryAfterMs <= 2_000);
  }
  assert.equal(third?.outcome, 'accepted');
  assert.deepEqual(log.lines(), ['warn the store does not take events', 'info the store takes events again']);
  assert.deepEqual(metrics.answers, ['flux busy', 'flux busy', 'flux accepted']);
});

test('any other failure of the store is busy as well, and an error', async () => {
  const { accept, outbox, log } = setUp();
  outbox.error = new TypeError('boom');

  const [answer] = await accept([eventOf('a')]);

  assert.equal(answer?.outcome, 'busy');
  assert.deepEqual(log.lines(), ['error storing an event failed unexpectedly']);
});

test('a store that throws at once or answers nothing never rejects the caller', async () => {
  const throwing = setUp({
    outbox: {
      append: () => {
        throw new StoreError('closed', 'closed');
      },
    },
  });
  const silent = setUp({ outbox: { append: async () => [] } });

  assert.equal((await throwing.accept([eventOf('a')]))[0]?.outcome, 'busy');
  assert.equal((await silent.accept([eventOf('a')]))[0]?.outcome, 'busy');
});

test('a slow store means busy in time, and the repeat of what it stored later is a duplicate', async () => {
  const { accept, outbox, clock, metrics } = setUp();
  outbox.isHolding = true;
  const event = eventOf('a');
  const answers = accept([event]);
  await settleDown();

  clock.advance(3_499);
  assert.deepEqual(metrics.answers, []);
  clock.advance(1);
  const [late] = await answers;
  outbox.isHolding = false;
  outbox.release();
  await settleDown();
  const [repeat] = await accept([eventOf('a')]);

  assert.equal(late?.outcome, 'busy');
  assert.ok(repeat?.outcome === 'duplicate' && repeat.eventId === event.id);
  assert.equal(outbox.stored.length, 1);
});

test('each sender has its own deadline although one timer serves all', async () => {
  const { accept, outbox, clock, metrics } = setUp({ limits: { answerWithinMs: 100, maxAgeMs: 10_000 } });
  outbox.isHolding = true;
  const first = accept([eventOf('a')]);
  clock.advance(60);
  const second = accept([eventOf('b')]);
  assert.equal(clock.pending, 1);

  clock.advance(40);
  await first;
  assert.deepEqual(metrics.answers, ['flux busy']);
  clock.advance(59);
  await settleDown();
  assert.deepEqual(metrics.answers, ['flux busy']);
  clock.advance(1);
  await second;
  assert.deepEqual(metrics.answers, ['flux busy', 'flux busy']);

  clock.advance(1_000);
  assert.equal(clock.pending, 0);
});

test('only so much may be on its way to the store', async () => {
  const body = Buffer.byteLength(eventOf('aaaa').body);
  const cases: { name: string; limits: NonNullable<AcceptOptions['limits']>; waitMs?: number; want: RegExp }[] = [
    { name: 'events', limits: { maxEvents: 2 }, want: /too many events/ },
    { name: 'bytes', limits: { maxBytes: 2 * body }, want: /too many bytes/ },
    { name: 'age', limits: { maxAgeMs: 500 }, waitMs: 501, want: /for too long/ },
  ];
  for (const { name, limits, waitMs = 0, want } of cases) {
    const { accept, outbox, clock } = setUp({ limits });
    outbox.isHolding = true;
    const taken = accept([eventOf('aaaa'), eventOf('bbbb')]);
    clock.advance(waitMs);

    const [refused] = await accept([eventOf('cccc')]);
    outbox.release();
    outbox.isHolding = false;
    const afterwards = await taken.then(() => accept([eventOf('cccc')]));

    assert.match(refused?.outcome === 'busy' ? refused.message : '', want, name);
    assert.deepEqual(
      (await taken).map(({ outcome }) => outcome),
      ['accepted', 'accepted'],
      name,
    );
    assert.equal(afterwards[0]?.outcome, 'accepted', name);
  }
});

test('what many Alerts say of an event counts as bytes that wait', async () => {
  const verdicts = Array.from({ length: 100 }, (): Verdict => ({ kind: 'dropped', reason: 'severity', route: ROUTE, targetKey: 't' }));
  const { accept, outbox } = setUp({ decide: () => ({ ...NOTHING, verdicts }), limits: { maxBytes: 150_000 } });
  outbox.isHolding = true;
  const taken = accept([eventOf('a'), eventOf('b')]);

  const [refused] = await accept([eventOf('c')]);
  outbox.release();

  assert.match(refused?.outcome === 'busy' ? refused.message : '', /too many bytes/);
  assert.deepEqual(
    (await taken).map(({ outcome }) => outcome),
    ['accepted', 'accepted'],
  );
});

test('a single event always fits', async () => {
  const { accept } = setUp({ limits: { maxBytes: 1 } });

  assert.equal((await accept([eventOf('a long message')]))[0]?.outcome, 'accepted');
});

test('an answered event still counts until the store is done with it', async () => {
  const { accept, outbox, clock } = setUp({ limits: { maxEvents: 1, maxAgeMs: 60_000 } });
  outbox.isHolding = true;
  const first = accept([eventOf('a')]);
  clock.advance(3_500);
  await first;

  const [second] = await accept([eventOf('b')]);

  assert.ok(second?.outcome === 'busy' && /too many events/.test(second.message));
});

test('a stop answers who waits and takes nothing more', async () => {
  const { accept, stop, outbox, clock } = setUp();
  outbox.isHolding = true;
  const waiting = accept([eventOf('a')]);
  await settleDown();

  stop();

  assert.equal((await waiting)[0]?.outcome, 'busy');
  assert.equal((await accept([eventOf('b')]))[0]?.outcome, 'busy');
  assert.equal(clock.pending, 0);
  outbox.release();
  await settleDown();
  assert.equal(outbox.stored.length, 1);
});

test('what this program tells of itself is stored like any event, but nobody was answered', async () => {
  const { accept, outbox, metrics } = setUp();

  const [answer] = await accept([{ ...eventOf('a'), origin: OWN_ORIGIN }]);

  assert.equal(answer?.outcome, 'accepted');
  assert.deepEqual(outbox.batches, [1]);
  assert.deepEqual(metrics.answers, []);
});
