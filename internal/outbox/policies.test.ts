import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../sdk/outcome.ts';
import { BACKLOG_MS, foldBacklog, isBacklog } from './backlog.ts';
import { type Breaker, CLOSED_BREAKER, nextBreaker, toBreakerSignal } from './breaker.ts';
import { takeDedup } from './dedup-window.ts';
import { droppedAttempt } from './history.ts';
import { isOlder } from './lane-order.ts';
import { clampRetryAfterMs, retryDelayMs } from './schedule.ts';

describe('schedule', () => {
  for (const { attempts, seconds } of [
    { attempts: 1, seconds: 2 },
    { attempts: 2, seconds: 10 },
    { attempts: 3, seconds: 30 },
    { attempts: 4, seconds: 120 },
    { attempts: 5, seconds: 600 },
    { attempts: 6, seconds: 1_800 },
    { attempts: 7, seconds: 3_600 },
    { attempts: 200, seconds: 3_600 },
  ]) {
    it(`waits ${seconds} s after ${attempts} tries, a quarter more or less`, () => {
      assert.equal(retryDelayMs(attempts, 0.5), seconds * 1_000);
      assert.equal(retryDelayMs(attempts, 0), seconds * 750);
      assert.ok(retryDelayMs(attempts, 0.999) <= seconds * 1_250);
    });
  }

  it('takes what the other side asks for within reason', () => {
    const cases = [
      [Number.NaN, 1_000],
      [-1, 1_000],
      [1_500.4, 1_500],
      [3_600_001, 3_600_000],
      [Number.POSITIVE_INFINITY, 3_600_000],
    ] as const;
    for (const [asked, want] of cases) assert.equal(clampRetryAfterMs(asked), want, String(asked));
  });
});

describe('history', () => {
  it('keeps the first 3 and the last 7', () => {
    let kept: number[] = [];
    for (let number = 1; number <= 30; number += 1) {
      kept = [...kept, number].filter((one) => one !== droppedAttempt(number));
    }
    assert.deepEqual(kept, [1, 2, 3, 24, 25, 26, 27, 28, 29, 30]);
    assert.equal(droppedAttempt(10), null);
  });
});

describe('breaker', () => {
  for (const { name, of, want } of [
    { name: 'delivered', of: { kind: 'delivered' } as Outcome, want: 'alive' },
    { name: 'a server error', of: outcome('retry', 'server'), want: 'failing' },
    { name: 'a time-out', of: outcome('retry', 'timeout'), want: 'failing' },
    { name: 'no connection', of: outcome('retry', 'network'), want: 'failing' },
    { name: 'a not-found that is retried', of: outcome('retry', 'not-found'), want: 'silent' },
    { name: 'a refusal', of: outcome('rejected', 'bad-request'), want: 'alive' },
    {
      name: 'a rate limit',
      of: { kind: 'deferred', reason: 'rate-limited', message: '', until: { afterMs: 1 } } as Outcome,
      want: 'alive',
    },
    { name: 'a missing secret', of: { kind: 'deferred', reason: 'auth', message: '', until: 'target-change' } as Outcome, want: 'silent' },
  ]) {
    it(`reads ${name} as ${want}`, () => assert.equal(toBreakerSignal(of), want));
  }

  const open: Breaker = { failures: 5, pausedUntilMs: 10_000, probeDelayMs: 10_000 };
  const steps = [
    {
      name: 'a 4th failure',
      from: { ...CLOSED_BREAKER, failures: 3 },
      signal: 'failing',
      isProbe: false,
      want: { failures: 4, pausedUntilMs: null, probeDelayMs: 0 },
      change: 'closed',
    },
    {
      name: 'a 5th failure',
      from: { ...CLOSED_BREAKER, failures: 4 },
      signal: 'failing',
      isProbe: false,
      want: { failures: 5, pausedUntilMs: 11_000, probeDelayMs: 10_000 },
      change: 'opened',
    },
    {
      name: 'a success after 4',
      from: { ...CLOSED_BREAKER, failures: 4 },
      signal: 'alive',
      isProbe: false,
      want: CLOSED_BREAKER,
      change: 'closed',
    },
    {
      name: 'silence',
      from: { ...CLOSED_BREAKER, failures: 4 },
      signal: 'silent',
      isProbe: false,
      want: { ...CLOSED_BREAKER, failures: 4 },
      change: 'closed',
    },
    { name: 'a straggler fails', from: open, signal: 'failing', isProbe: false, want: { ...open, failures: 6 }, change: 'open' },
    { name: 'a straggler succeeds', from: open, signal: 'alive', isProbe: false, want: CLOSED_BREAKER, change: 'recovered' },
    {
      name: 'a probe fails',
      from: open,
      signal: 'failing',
      isProbe: true,
      want: { failures: 6, pausedUntilMs: 21_000, probeDelayMs: 20_000 },
      change: 'open',
    },
    {
      name: 'a late probe fails',
      from: { ...open, probeDelayMs: 200_000 },
      signal: 'failing',
      isProbe: true,
      want: { failures: 6, pausedUntilMs: 301_000, probeDelayMs: 300_000 },
      change: 'open',
    },
    {
      name: 'a probe says nothing',
      from: open,
      signal: 'silent',
      isProbe: true,
      want: { failures: 5, pausedUntilMs: 11_000, probeDelayMs: 10_000 },
      change: 'open',
    },
    { name: 'a probe succeeds', from: open, signal: 'alive', isProbe: true, want: CLOSED_BREAKER, change: 'recovered' },
  ] as const;
  for (const { name, from, signal, isProbe, want, change } of steps) {
    it(name, () => assert.deepEqual(nextBreaker(from, signal, { nowMs: 1_000, isProbe }), { breaker: want, change }));
  }
});

describe('backlog', () => {
  it('begins after 15 minutes', () => {
    assert.equal(isBacklog(BACKLOG_MS), false);
    assert.equal(isBacklog(BACKLOG_MS + 1), true);
  });

  it('sends the newest in the place of all', () => {
    const [old, older, newest] = [
      { position: 2, precededBy: 3 },
      { position: 1, precededBy: 0 },
      { position: 9, precededBy: 1 },
    ] as const;
    assert.deepEqual(foldBacklog([old, older, newest]), { send: newest, precededBy: 6, superseded: [old, older] });
    assert.deepEqual(foldBacklog([old]), { send: old, precededBy: 3, superseded: [] });
    assert.equal(foldBacklog([]), null);
  });
});

describe('lane order', () => {
  it('goes by event time, then by sequence', () => {
    const cases = [
      { a: { orderMs: 1, sequence: 9 }, b: { orderMs: 2, sequence: 1 }, want: true },
      { a: { orderMs: 2, sequence: 1 }, b: { orderMs: 1, sequence: 9 }, want: false },
      { a: { orderMs: 1, sequence: 1 }, b: { orderMs: 1, sequence: 2 }, want: true },
      { a: { orderMs: 1, sequence: 1 }, b: { orderMs: 1, sequence: 1 }, want: false },
    ];
    for (const { a, b, want } of cases) assert.equal(isOlder(a, b), want, JSON.stringify([a, b]));
  });
});

describe('dedup window', () => {
  const windowMs = 100;
  const cases = [
    { name: 'first', row: undefined, nowMs: 1_000, isDuplicate: false, startMs: 1_000, resetAtMs: 1_100 },
    { name: 'within', row: { startMs: 1_000, acceptedMs: 1_000 }, nowMs: 1_099, isDuplicate: true, startMs: 1_000, resetAtMs: 1_100 },
    { name: 'new tick', row: { startMs: 1_000, acceptedMs: 1_000 }, nowMs: 1_199, isDuplicate: false, startMs: 1_000, resetAtMs: 1_200 },
    {
      name: 'late, then early',
      row: { startMs: 1_000, acceptedMs: 1_199 },
      nowMs: 1_200,
      isDuplicate: false,
      startMs: 1_000,
      resetAtMs: 1_300,
    },
    {
      name: 'idle, still anchored',
      row: { startMs: 1_000, acceptedMs: 1_000 },
      nowMs: 1_250,
      isDuplicate: false,
      startMs: 1_000,
      resetAtMs: 1_300,
    },
    {
      name: 'idle for long',
      row: { startMs: 1_000, acceptedMs: 1_000 },
      nowMs: 1_350,
      isDuplicate: false,
      startMs: 1_350,
      resetAtMs: 1_450,
    },
    { name: 'clock went back', row: { startMs: 1_000, acceptedMs: 1_050 }, nowMs: 500, isDuplicate: true, startMs: 500, resetAtMs: 600 },
    {
      name: 'clock went back within the window',
      row: { startMs: 1_000, acceptedMs: 1_150 },
      nowMs: 1_050,
      isDuplicate: true,
      startMs: 1_000,
      resetAtMs: 1_100,
    },
  ];
  for (const { name, row, nowMs, isDuplicate, startMs, resetAtMs } of cases) {
    it(name, () => {
      const got = takeDedup(row, windowMs, nowMs);
      assert.deepEqual([got.isDuplicate, got.row.startMs, got.resetAtMs], [isDuplicate, startMs, resetAtMs]);
    });
  }
});

function outcome(kind: 'retry' | 'rejected', reason: 'server' | 'timeout' | 'network' | 'auth' | 'bad-request' | 'not-found'): Outcome {
  return { kind, reason, message: '' };
}
