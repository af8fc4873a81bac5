// What may happen to a store, as data that fast-check can shrink: indexes stand for whatever there is at that moment.
import * as fc from 'fast-check';
import type { Outcome } from '../../../internal/sdk/outcome.ts';

export type Step =
  | {
      readonly do: 'append';
      readonly lane: number;
      readonly target: number;
      readonly backlog: 'all' | 'latest';
      readonly occurredMs: number | null;
      readonly dedup: number | null;
    }
  | { readonly do: 'lease'; readonly limit: number }
  | { readonly do: 'settle'; readonly which: number; readonly outcome: Outcome }
  | { readonly do: 'release'; readonly which: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'replay'; readonly which: number; readonly force: boolean }
  | { readonly do: 'wake'; readonly target: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'maintain' }
  | { readonly do: 'reopen'; readonly jumpMs: number };

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const OUTCOMES: readonly Outcome[] = [
  { kind: 'delivered' },
  { kind: 'retry', reason: 'server', message: '500' },
  { kind: 'retry', reason: 'bug', message: 'bug' },
  { kind: 'retry', reason: 'not-found', message: '404' },
  { kind: 'retry', reason: 'server', message: '503', afterMs: 20 * MINUTE_MS },
  { kind: 'deferred', reason: 'rate-limited', message: '429', until: { afterMs: HOUR_MS } },
  { kind: 'deferred', reason: 'config', message: 'config', until: 'target-change' },
  { kind: 'deferred', reason: 'target-gone', message: 'gone', until: 'target-change' },
  { kind: 'rejected', reason: 'bad-request', message: '400' },
];

const jumps = fc.constantFrom(-400 * DAY_MS, -3 * HOUR_MS, -20 * SECOND_MS, 20 * SECOND_MS, 3 * HOUR_MS, 400 * DAY_MS);
const which = fc.nat({ max: 30 });

/** A random story of a store, most of it ordinary. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        lane: fc.nat({ max: 3 }),
        target: fc.nat({ max: 1 }),
        backlog: fc.constantFrom('all' as const, 'latest' as const),
        occurredMs: fc.option(fc.integer({ min: 1_000, max: 1_010 })),
        dedup: fc.option(fc.nat({ max: 2 }), { freq: 4 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('lease' as const), limit: fc.constantFrom(1, 2, 100) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('settle' as const), which, outcome: fc.constantFrom(...OUTCOMES) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), which }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('replay' as const), which, force: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('wake' as const), target: fc.nat({ max: 1 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('advance' as const),
        ms: fc.constantFrom(1, 2 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 16 * MINUTE_MS, 2 * HOUR_MS, 25 * HOUR_MS),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), ms: jumps }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('maintain' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const), jumpMs: fc.oneof(fc.constant(0), jumps) }) },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
);
