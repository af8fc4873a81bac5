// Edited Alerts over events that happened: every kind of difference, and how fast a hundred thousand are compared.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { toLabels, toMetadata, toRef, toSelector, toTestEvent, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import { toPattern } from '../expr/pattern.ts';
import type { Route, Target, Verdict } from '../routing/route.ts';
import { emptySnapshot, nextSnapshot } from '../routing/snapshot.ts';
import { toKey } from '../sdk/target.ts';
import { type Before, type Comparison, createBacktest, type Totals } from './backtest.ts';

const CONTEXT = { labels: toLabels({ 'Kustomization/foo-ns/foo': null }), noCrossNamespaceRefs: false };
const KEY = toKey(toRef('foo-ns', 'provider'));
const EVENTS = 100_000;

function toSnapshot(route: Route, targets: readonly Target[] = [toTestTarget()]) {
  return nextSnapshot(emptySnapshot(), { upsertRoutes: [route], upsertTargets: targets, removeRoutes: [], removeTargets: [] });
}

const names = { route: toRef('foo-ns', 'alert'), targetKey: KEY };
const matched: Verdict = { ...names, kind: 'matched' };
const dropped: Verdict = { ...names, kind: 'dropped', reason: 'severity' };
const sent = (changes: Partial<NonNullable<Before['delivery']>> = {}): Before => ({
  delivery: { targetKey: KEY, metadata: {}, state: 'delivered', ...changes },
});

interface Case {
  readonly name: string;
  readonly route?: Partial<Route>;
  readonly targets?: readonly Target[];
  readonly before: Before | undefined;
  readonly want: readonly [keyof Totals, now: string, before: string] | undefined;
}

const CASES: readonly Case[] = [
  { name: 'sent both times', before: sent(), want: ['same', 'sent to foo-ns/provider', 'delivered, to foo-ns/provider'] },
  { name: 'its delivery was pruned', before: { verdict: matched }, want: ['same', 'sent to foo-ns/provider', 'sent to foo-ns/provider'] },
  { name: 'dropped before', before: { verdict: dropped }, want: ['added', 'sent to foo-ns/provider', 'dropped (severity)'] },
  { name: 'no candidate before', before: {}, want: ['added', 'sent to foo-ns/provider', 'not a candidate'] },
  { name: 'nobody knows what was', before: undefined, want: ['added', 'sent to foo-ns/provider', 'not known'] },
  {
    name: 'no longer sent',
    route: { severity: 'error' },
    before: sent({ state: 'dead' }),
    want: ['removed', 'dropped (severity)', 'dead, to foo-ns/provider'],
  },
  { name: 'never sent', route: { severity: 'error' }, before: { verdict: dropped }, want: undefined },
  {
    name: 'other metadata',
    route: { metadata: toMetadata({ cluster: 'prod' }) },
    before: sent(),
    want: ['changed', 'sent to foo-ns/provider with other metadata', 'delivered, to foo-ns/provider'],
  },
  {
    name: 'another Provider',
    before: sent({ targetKey: 'flux//foo-ns/old' }),
    want: ['changed', 'sent to foo-ns/provider', 'delivered, to foo-ns/old'],
  },
  {
    name: 'labels that nobody knows',
    route: { selectors: [toSelector({ matchLabels: { a: 'b' } })] },
    before: sent(),
    want: ['unknown', 'pending (labels-unknown)', 'delivered, to foo-ns/provider'],
  },
  { name: 'no such Provider', targets: [], before: {}, want: ['unknown', 'pending (provider-missing)', 'not a candidate'] },
];

for (const { name, route = {}, targets, before, want } of CASES) {
  test(`backtest: ${name}`, () => {
    const found: Comparison[] = [];
    const run = createBacktest({
      snapshot: toSnapshot(toTestRoute('alert', route), targets),
      context: CONTEXT,
      onComparison: (one) => found.push(one),
    });

    run.add(toTestEvent(), () => before);

    assert.deepEqual(
      found.map((one) => [one.change, one.now, one.before]),
      want === undefined ? [] : [want],
    );
    assert.equal(run.totals.events, 1);
    if (want !== undefined) assert.equal(run.totals[want[0]], 1);
  });
}

test(`backtest: ${EVENTS} events are compared in seconds`, async (context) => {
  const route = toTestRoute('alert', { exclusions: [toPattern('waiting.*socket')], inclusions: [toPattern('^some|timeout')] });
  const run = createBacktest({ snapshot: toSnapshot(route), context: CONTEXT, onComparison: () => undefined });
  const events = [toTestEvent(), toTestEvent({ flux: { message: 'nothing of it' } }), toTestEvent({ subject: { kind: 'HelmRelease' } })];

  const spentMs = await cpuMs(() => {
    for (let index = 0; index < EVENTS; index += 1) {
      const event = events[index % events.length];
      if (event !== undefined) run.add(event, () => ({ verdict: matched }));
    }
  });

  const seconds = spentMs / 1000;
  context.diagnostic(`${Math.round(EVENTS / seconds)} events a second`);
  assert.deepEqual([run.totals.events, run.totals.same, run.totals.removed], [EVENTS, 33_334, 66_666]);
  assert.ok(seconds < 20, `${seconds} s`);
});
