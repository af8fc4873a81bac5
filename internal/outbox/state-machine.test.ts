import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Outcome } from '../sdk/outcome.ts';
import { LIFETIME_MS, NOT_FOUND_GRACE_MS, TARGET_GONE_GRACE_MS } from './schedule.ts';
import { settle, TRANSITIONS, type Transition, type TransitionName, type Tried } from './state-machine.ts';

const NOW_MS = 1_000_000_000;
const FRESH: Tried = {
  nowMs: NOW_MS,
  expiresAtMs: NOW_MS + LIFETIME_MS,
  attempts: 0,
  firstTryMs: null,
  goneSinceMs: null,
  isOutdated: false,
  random: 0.5,
};
const RETRY: Outcome = { kind: 'retry', reason: 'server', message: 'm' };
const NOT_FOUND: Outcome = { kind: 'retry', reason: 'not-found', message: 'm' };
const GONE: Outcome = { kind: 'deferred', reason: 'target-gone', message: 'm', until: 'target-change' };
const LATER: Outcome = { kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: 5_000 } };
const MOMENT: Outcome = { kind: 'deferred', reason: 'server', message: 'm', until: { afterMs: 0 } };
const REJECTED: Outcome = { kind: 'rejected', reason: 'bad-request', message: 'm' };

describe('settling a try', () => {
  const cases: readonly {
    readonly name: string;
    readonly outcome: Outcome;
    readonly tried?: Partial<Tried>;
    readonly want: TransitionName;
    readonly dueInMs: number | null;
  }[] = [
    { name: 'delivered', outcome: { kind: 'delivered' }, want: 'delivered', dueInMs: null },
    { name: 'delivered though outdated', outcome: { kind: 'delivered' }, tried: { isOutdated: true }, want: 'delivered', dueInMs: null },
    { name: 'retry', outcome: RETRY, want: 'retry', dueInMs: 2_000 },
    { name: 'the third retry', outcome: RETRY, tried: { attempts: 2 }, want: 'retry', dueInMs: 30_000 },
    { name: 'retry at its earliest', outcome: RETRY, tried: { random: 0 }, want: 'retry', dueInMs: 1_500 },
    {
      name: 'retry past the end of its life',
      outcome: RETRY,
      tried: { attempts: 9, expiresAtMs: NOW_MS + 60_000 },
      want: 'retry',
      dueInMs: 60_000,
    },
    { name: 'retry after a time', outcome: { ...RETRY, afterMs: 90_000 }, want: 'retryAfter', dueInMs: 90_000 },
    { name: 'retry after a second at least', outcome: { ...RETRY, afterMs: -4 }, want: 'retryAfter', dueInMs: 1_000 },
    { name: 'retry after an hour at most', outcome: { ...RETRY, afterMs: 9e12 }, want: 'retryAfter', dueInMs: 3_600_000 },
    { name: 'the 199th retry', outcome: RETRY, tried: { attempts: 198 }, want: 'retry', dueInMs: 3_600_000 },
    { name: 'the 200th retry', outcome: RETRY, tried: { attempts: 199 }, want: 'exhausted', dueInMs: null },
    { name: 'retry, outdated', outcome: RETRY, tried: { isOutdated: true }, want: 'outdated', dueInMs: null },
    { name: 'not found at first', outcome: NOT_FOUND, want: 'retryNotFound', dueInMs: 2_000 },
    {
      name: 'not found, still young',
      outcome: NOT_FOUND,
      tried: { firstTryMs: NOW_MS - NOT_FOUND_GRACE_MS + 1 },
      want: 'retryNotFound',
      dueInMs: 2_000,
    },
    {
      name: 'not found for 10 minutes',
      outcome: NOT_FOUND,
      tried: { firstTryMs: NOW_MS - NOT_FOUND_GRACE_MS },
      want: 'notFound',
      dueInMs: null,
    },
    { name: 'deferred for a time', outcome: LATER, want: 'defer', dueInMs: 5_000 },
    { name: 'deferred beyond 200 attempts', outcome: LATER, tried: { attempts: 199 }, want: 'defer', dueInMs: 5_000 },
    { name: 'deferred for a moment, the fifth time', outcome: MOMENT, tried: { deferrals: 4 }, want: 'defer', dueInMs: 1_000 },
    { name: 'deferred for a moment, the sixth time', outcome: MOMENT, tried: { deferrals: 5 }, want: 'defer', dueInMs: 2_000 },
    { name: 'deferred for a moment, the ninth time', outcome: MOMENT, tried: { deferrals: 8 }, want: 'defer', dueInMs: 120_000 },
    { name: 'deferred for a moment, again and again', outcome: MOMENT, tried: { deferrals: 90 }, want: 'defer', dueInMs: 300_000 },
    {
      name: 'deferred for longer than that',
      outcome: { ...MOMENT, until: { afterMs: 600_000 } },
      tried: { deferrals: 90 },
      want: 'defer',
      dueInMs: 600_000,
    },
    { name: 'rate-limited again and again', outcome: LATER, tried: { deferrals: 90 }, want: 'defer', dueInMs: 5_000 },
    { name: 'deferred past the end of its life', outcome: LATER, tried: { expiresAtMs: NOW_MS + 10 }, want: 'defer', dueInMs: 10 },
    { name: 'deferred, outdated', outcome: LATER, tried: { isOutdated: true }, want: 'outdated', dueInMs: null },
    { name: 'Target gone', outcome: GONE, want: 'deferChange', dueInMs: 900_000 },
    {
      name: 'Target gone, less than an hour',
      outcome: GONE,
      tried: { goneSinceMs: NOW_MS - TARGET_GONE_GRACE_MS + 1 },
      want: 'deferChange',
      dueInMs: 900_000,
    },
    {
      name: 'Target gone for an hour',
      outcome: GONE,
      tried: { goneSinceMs: NOW_MS - TARGET_GONE_GRACE_MS },
      want: 'targetGone',
      dueInMs: null,
    },
    { name: 'rejected', outcome: REJECTED, want: 'rejected', dueInMs: null },
    { name: 'rejected though outdated', outcome: REJECTED, tried: { isOutdated: true }, want: 'rejected', dueInMs: null },
  ];
  for (const { name, outcome, tried, want, dueInMs } of cases) {
    it(name, () => {
      const step = settle(outcome, { ...FRESH, ...tried });

      assert.equal(step.name, want);
      assert.equal(step.state, TRANSITIONS[want].to);
      assert.equal(step.dueAtMs, dueInMs === null ? null : NOW_MS + dueInMs);
      assert.equal(step.attempts, (tried?.attempts ?? 0) + (outcome.kind === 'deferred' ? 0 : 1));
    });
  }

  it('takes every way out of leased that a try can take', () => {
    const reached = new Set<string>(cases.map(({ want }) => want));
    const notByTry = ['release', 'cancelLeased'];
    const table: [string, Transition][] = Object.entries(TRANSITIONS);
    const missed = table.filter(([name, { from }]) => from === 'leased' && !reached.has(name) && !notByTry.includes(name));

    assert.deepEqual(missed, []);
  });

  it('remembers since when the Target is gone, and forgets it when it is back', () => {
    assert.equal(settle(GONE, FRESH).goneSinceMs, NOW_MS);
    assert.equal(settle(GONE, { ...FRESH, goneSinceMs: NOW_MS - 5 }).goneSinceMs, NOW_MS - 5);
    assert.equal(settle(RETRY, { ...FRESH, goneSinceMs: NOW_MS - 5 }).goneSinceMs, null);
  });
});

describe('STATES.md', () => {
  const page = readFileSync(new URL('./STATES.md', import.meta.url), 'utf8');

  it('shows the table as it is', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (step|---)/.test(line));
    const want = Object.entries(TRANSITIONS).map(([name, { from, event, to, due }]) => `| ${name} | ${from} | ${event} | ${to} | ${due} |`);
    assert.deepEqual(rows, want);
  });

  it('draws every step of the table and no other', () => {
    const drawn = new Set([...page.matchAll(/^ {2}(\w+) --> (\w+)/gm)].map(([, from, to]) => `${from} ${to}`));
    const table: Transition[] = Object.values(TRANSITIONS);
    const ends = ['delivered', 'superseded', 'cancelled', 'dead'];
    const want = new Set(table.flatMap(({ from, to }) => (from === 'end' ? ends : [from]).map((state) => `${state} ${to}`)));
    assert.deepEqual([...drawn].toSorted(), [...want].toSorted());
  });
});
