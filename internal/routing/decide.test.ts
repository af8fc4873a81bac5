import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type Event, OWN_ORIGIN } from '../event/event.ts';
import { compileExpression } from '../expr/cel.ts';
import { toPattern } from '../expr/pattern.ts';
import { ConfigFault } from '../sdk/provider.ts';
import { toKey } from '../sdk/target.ts';
import {
  toDefinition,
  toLabels,
  toMetadata,
  toRef,
  toSelector,
  toTestEvent,
  toTestRoute,
  toTestTarget,
} from '../../test/support/routing.ts';
import { type DecideContext, decide, isWholeEvent } from './decide.ts';
import { explainRoute } from './explain.ts';
import type { Decision } from './decision.ts';
import type { Notice, Route, Snapshot, Target, Verdict } from './route.ts';
import { emptySnapshot, nextSnapshot } from './snapshot.ts';

const CONTEXT: DecideContext = { labels: toLabels(), noCrossNamespaceRefs: false };
const GROUP = 'kustomize.toolkit.fluxcd.io';

function snapshotOf(routes: readonly Route[], targets: readonly Target[] = [toTestTarget()]): Snapshot {
  return nextSnapshot(emptySnapshot(), { upsertRoutes: routes, removeRoutes: [], upsertTargets: targets, removeTargets: [] });
}

function summary(verdict: Verdict | undefined): string {
  if (verdict === undefined) return 'no candidate';
  return 'reason' in verdict ? `${verdict.kind} ${verdict.reason}` : verdict.kind;
}

function patterns(...sources: string[]): ReturnType<typeof toPattern>[] {
  return sources.map(toPattern);
}

interface Row {
  readonly name: string;
  readonly event?: Parameters<typeof toTestEvent>[0];
  readonly route?: Partial<Route>;
  readonly target?: Partial<Target>;
  readonly context?: Partial<DecideContext>;
  readonly want: string;
  /** Of explainRoute, where the index gives no candidate. */
  readonly explained?: string;
  readonly detail?: RegExp;
  readonly notices?: readonly string[];
}

const MATCHING: readonly Row[] = [
  { name: 'everything of the namespace', want: 'matched' },
  { name: 'suspended', route: { suspended: true }, want: 'dropped suspended' },
  {
    name: 'another namespace',
    event: { subject: { namespace: 'bar' } },
    want: 'no candidate',
    explained: 'dropped kind-or-namespace',
    detail: /a Kustomization in "bar", spec.eventSources names Kustomization in "foo-ns"/,
  },
  { name: 'another kind', event: { subject: { kind: 'Bucket' } }, want: 'no candidate', explained: 'dropped kind-or-namespace' },
  {
    name: 'no selector at all',
    route: { selectors: [] },
    want: 'no candidate',
    explained: 'dropped kind-or-namespace',
    detail: /names nothing/,
  },
  {
    name: 'kind in another case',
    event: { subject: { kind: 'kustomization' } },
    want: 'no candidate',
    explained: 'dropped kind-or-namespace',
  },
  {
    name: 'explicit source namespace',
    route: { selectors: [toSelector({ namespace: 'foo-bar' })] },
    want: 'no candidate',
    explained: 'dropped kind-or-namespace',
  },
  { name: 'explicit name', route: { selectors: [toSelector({ name: 'foo' })] }, want: 'matched' },
  {
    name: 'another name',
    route: { selectors: [toSelector({ name: 'bar' }), toSelector({ name: 'baz' })] },
    want: 'no candidate',
    explained: 'dropped name',
    detail: /called "foo", spec.eventSources names "bar", "baz"/,
  },
  { name: 'a glob is no wildcard', route: { selectors: [toSelector({ name: 'fo*' })] }, want: 'no candidate', explained: 'dropped name' },
  { name: 'both sources match', route: { selectors: [toSelector(), toSelector({ name: 'foo' })] }, want: 'matched' },
  { name: 'info for info', want: 'matched' },
  { name: 'trace for info', event: { flux: { severity: 'trace' } }, want: 'matched' },
  { name: 'any severity for info', event: { flux: { severity: '' } }, want: 'matched' },
  { name: 'error for info', event: { flux: { severity: 'error' } }, want: 'matched' },
  {
    name: 'info for error',
    route: { severity: 'error' },
    want: 'dropped severity',
    detail: /severity is "info", spec.eventSeverity is "error"/,
  },
  { name: 'warning for error', route: { severity: 'error' }, event: { flux: { severity: 'warning' } }, want: 'dropped severity' },
  { name: 'error for error', route: { severity: 'error' }, event: { flux: { severity: 'error' } }, want: 'matched' },
  {
    name: 'inclusion misses',
    route: { inclusions: patterns('some unmatch include') },
    want: 'dropped inclusion',
    detail: /"some excluded message" matches nothing/,
  },
  { name: 'inclusion hits', route: { inclusions: patterns('some') }, want: 'matched' },
  { name: 'the second inclusion hits', route: { inclusions: patterns('x', 'ex') }, want: 'matched' },
  { name: 'an empty inclusion hits', route: { inclusions: patterns('') }, want: 'matched' },
  {
    name: 'bad inclusion',
    route: { inclusions: patterns('[') },
    want: 'dropped inclusion',
    notices: ['InvalidConfig failed to compile inclusion regex: ['],
  },
  {
    name: 'bad and good inclusion',
    route: { inclusions: patterns('[', 'some') },
    want: 'matched',
    notices: ['InvalidConfig failed to compile inclusion regex: ['],
  },
  { name: 'good and bad inclusion', route: { inclusions: patterns('some', '[') }, want: 'matched' },
  {
    name: 'exclusion hits',
    route: { exclusions: patterns('doesnotoccur', 'excluded message') },
    want: 'dropped exclusion',
    detail: /matches "excluded message"/,
  },
  {
    name: 'bad exclusion',
    route: { exclusions: patterns('[') },
    want: 'matched',
    notices: ['InvalidConfig failed to compile exclusion regex: ['],
  },
  {
    name: 'exclusion beats inclusion',
    route: { inclusions: patterns('some'), exclusions: patterns('excluded') },
    want: 'dropped exclusion',
  },
  {
    name: 'too much to search',
    route: { inclusions: patterns('[', 'a.{30}b') },
    context: { searchBudget: 100 },
    want: 'pending too-much-work',
    explained: 'dropped inclusion',
  },
];

const LABELS: readonly Row[] = [
  { name: 'labels equal', context: labelled({ app: 'podinfo', tier: 'x' }), want: 'matched' },
  {
    name: 'labels differ',
    context: labelled({ app: 'other' }),
    want: 'dropped labels',
    detail: /"app" of the object is "other", matchLabels wants "podinfo"/,
  },
  { name: 'no labels', context: labelled({}), want: 'dropped labels', detail: /is not there/ },
  { name: 'no such object', want: 'dropped labels', notices: ['SourceFetchFailed error getting source object Kustomization/foo-ns/foo'] },
  {
    name: 'no apiVersion',
    event: { subject: { apiVersion: '' } },
    context: labelled({ app: 'podinfo' }),
    want: 'dropped labels',
    notices: ['SourceFetchFailed error getting source object Kustomization/foo-ns/foo'],
  },
  {
    name: 'not known yet',
    context: { labels: toLabels({ 'Kustomization/foo-ns/foo': null }) },
    want: 'pending labels-unknown',
    detail: /could not be read yet/,
  },
  {
    name: 'also with an explicit name',
    route: { selectors: [toSelector({ name: 'foo', matchLabels: { app: 'podinfo' } })] },
    context: labelled({ app: 'x' }),
    want: 'dropped labels',
  },
  { name: 'empty matchLabels', route: { selectors: [toSelector({ matchLabels: {} })] }, context: labelled({}), want: 'matched' },
  {
    name: 'empty matchLabels without the object',
    route: { selectors: [toSelector({ matchLabels: {} })] },
    want: 'dropped labels',
    notices: ['SourceFetchFailed error getting source object Kustomization/foo-ns/foo'],
  },
  {
    name: 'a bad label value names the source',
    route: { selectors: [toSelector({ matchLabels: { app: 'not valid!' } })] },
    context: labelled({ app: 'x' }),
    want: 'dropped labels',
    notices: ['InvalidConfig error using matchLabels from event source Kustomization/foo-ns/*'],
  },
  {
    name: 'a failing lookup is told even when a later source matches',
    route: { selectors: [toSelector({ matchLabels: { app: 'podinfo' } }), toSelector({ name: 'foo' })] },
    want: 'matched',
    notices: ['SourceFetchFailed error getting source object Kustomization/foo-ns/foo'],
  },
  {
    name: 'no lookup once an earlier source matches',
    route: { selectors: [toSelector(), toSelector({ matchLabels: { app: 'podinfo' } })] },
    want: 'matched',
  },
].map((row) => ({ ...row, route: row.route ?? { selectors: [toSelector({ matchLabels: { app: 'podinfo' } })] } }));

const STATUS = { definition: toDefinition({ accepts: ['commit-status'], commitStatusUpdates: true }) };
const COMMENT = { definition: toDefinition({ accepts: ['change-request'] }) };
const UPDATE = toMetadata({ [`${GROUP}/commit_status`]: 'update' });

const GATES: readonly Row[] = [
  { name: 'another namespace is allowed', route: { ref: toRef('bar', 'alert') }, want: 'matched' },
  {
    name: 'another namespace is blocked',
    route: { ref: toRef('bar', 'alert') },
    context: { noCrossNamespaceRefs: true },
    want: 'dropped cross-namespace',
    notices: [
      "NotificationDispatchFailed failed to dispatch notification for Kustomization/foo-ns/foo: discarding event, access denied to cross-namespace sources: alert 'bar/alert' can't process event from 'Kustomization/foo-ns/foo', cross-namespace references have been blocked",
    ],
  },
  {
    name: 'no such Provider',
    route: { targetKey: toKey(toRef('foo-ns', 'missing')) },
    want: 'pending provider-missing',
    notices: [
      'NotificationDispatchFailed failed to dispatch notification for Kustomization/foo-ns/foo: failed to read provider: Provider.notification.toolkit.fluxcd.io "missing" not found',
    ],
  },
  { name: 'suspended Provider', target: { suspended: true }, want: 'dropped provider-suspended' },
  { name: 'unknown type', target: { definition: null }, want: 'matched' },
  { name: 'status update for chat', event: { flux: { metadata: UPDATE } }, want: 'dropped commit-status-update' },
  { name: 'status update for an unknown type', event: { flux: { metadata: UPDATE } }, target: { definition: null }, want: 'matched' },
  {
    name: 'status update for what takes it',
    event: { flux: { metadata: UPDATE } },
    target: { definition: toDefinition({ commitStatusUpdates: true }) },
    want: 'matched',
  },
  { name: 'status update for a forge', event: { flux: { metadata: UPDATE } }, target: STATUS, want: 'matched' },
  {
    name: 'another value is no update',
    event: { flux: { metadata: toMetadata({ [`${GROUP}/commit_status`]: 'no' }) } },
    target: STATUS,
    want: 'dropped no-commit',
  },
  {
    name: 'an annotation is no update',
    event: { flux: { metadata: toMetadata({ 'event.toolkit.fluxcd.io/commit_status': 'update' }) } },
    target: STATUS,
    want: 'dropped no-commit',
  },
  { name: 'no commit', target: STATUS, want: 'dropped no-commit', detail: /event.toolkit.fluxcd.io\/commit is empty/ },
  { name: 'no commit, but an error', event: { flux: { severity: 'error' } }, target: STATUS, want: 'matched' },
  {
    name: 'a commit',
    event: { flux: { metadata: toMetadata({ 'event.toolkit.fluxcd.io/commit': 'c' }) } },
    target: STATUS,
    want: 'matched',
  },
  {
    name: 'an empty commit',
    event: { flux: { metadata: toMetadata({ 'event.toolkit.fluxcd.io/commit': '' }) } },
    target: STATUS,
    want: 'dropped no-commit',
  },
  {
    name: "a controller's commit does not count",
    event: { flux: { metadata: toMetadata({ [`${GROUP}/commit`]: 'c' }) } },
    target: STATUS,
    want: 'dropped no-commit',
  },
  { name: "an Alert's commit does not count", route: { metadata: toMetadata({ commit: 'c' }) }, target: STATUS, want: 'dropped no-commit' },
  { name: 'no change request', target: COMMENT, want: 'dropped no-change-request' },
  {
    name: 'a change request',
    event: { flux: { metadata: toMetadata({ 'event.toolkit.fluxcd.io/change_request': '1' }) } },
    target: COMMENT,
    want: 'matched',
  },
];

function labelled(labels: Readonly<Record<string, string>>): Partial<DecideContext> {
  return { labels: toLabels({ 'Kustomization/foo-ns/foo': labels }) };
}

describe('decide and explainRoute', () => {
  for (const row of [...MATCHING, ...LABELS, ...GATES]) {
    test(row.name, () => {
      const event = toTestEvent(row.event);
      const route = toTestRoute('alert', row.route);
      const snapshot = snapshotOf([route], [toTestTarget('provider', row.target)]);
      const context = { ...CONTEXT, ...row.context };

      const decision = decide(event, snapshot, context);
      const explained = explainRoute(event, route, snapshot, context);

      assert.equal(summary(decision.verdicts[0]), row.want);
      assert.equal(summary(explained), row.explained ?? row.want);
      assert.equal(decision.deliveries.length, row.want === 'matched' ? 1 : 0);
      assert.deepEqual(decision.notices.map(line), row.notices ?? []);
      assert.equal(decision.revision, snapshot.revision);
      if (row.detail !== undefined) assert.match(explained.detail ?? '', row.detail);
      if (row.want !== 'matched' && row.want !== 'no candidate')
        assert.ok((decision.verdicts[0]?.detail ?? '') !== '', 'a reason has words');
    });
  }

  test('without a Snapshot one verdict stands for the whole event', () => {
    const decision = decide(toTestEvent(), null, CONTEXT);

    assert.deepEqual(decision.verdicts.map(summary), ['pending no-snapshot']);
    assert.equal(decision.verdicts.every(isWholeEvent), true);
    assert.deepEqual(decision.deliveries, []);
  });

  test('a message of 3 MiB is searched later, or not at all when nothing asks for it', () => {
    const event = toTestEvent({ flux: { message: 'some excluded message '.repeat(150_000) } });
    const routes = [toTestRoute('plain'), toTestRoute('searching', { exclusions: patterns('(?i)excluded') })];

    const { verdicts } = decide(event, snapshotOf(routes), CONTEXT);

    assert.deepEqual(verdicts.map(summary), ['matched', 'pending too-much-work']);
    assert.ok(verdicts.every(({ detail }) => (detail ?? '').length < 1000));
  });

  test('10,000 metadata keys are combined once for all Alerts that add none', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => [`event.toolkit.fluxcd.io/k${index}`, 'v'] as const);
    const event = toTestEvent({ flux: { metadata: toMetadata(Object.fromEntries(keys)) } });
    const routes = Array.from({ length: 50 }, (_, index) => toTestRoute(`alert-${index}`));

    const { deliveries } = decide(event, snapshotOf(routes), CONTEXT);

    assert.equal(deliveries.length, 50);
    assert.equal(new Set(deliveries.map(({ metadata }) => metadata)).size, 1);
    assert.equal(Object.keys(deliveries[0]?.metadata ?? {}).length, 10_000);
  });

  test('the budget is one for all Routes of an event', () => {
    const routes = Array.from({ length: 20 }, (_, index) =>
      toTestRoute(`alert-${index}`, { inclusions: patterns(`x{${index + 1}}`, 'some') }),
    );

    const { verdicts } = decide(toTestEvent({ flux: { message: 'some message'.repeat(10) } }), snapshotOf(routes), {
      ...CONTEXT,
      searchBudget: 10_000,
    });

    assert.equal(summary(verdicts[0]), 'matched');
    assert.equal(summary(verdicts.at(-1)), 'pending too-much-work');
  });

  const timed = [
    { name: 'searches that are done in no time leave room for all', searchMs: 0, want: 'dropped inclusion' },
    { name: 'searches that take long do not', searchMs: 1, want: 'pending too-much-work' },
  ];
  for (const { name, searchMs, want } of timed) {
    test(`with a clock, ${name}`, () => {
      const routes = Array.from({ length: 20 }, (_, index) => toTestRoute(`alert-${index}`, { inclusions: patterns(`x{${index + 1}}`) }));
      let nowMs = 0;
      const monotonicMs = (): number => (nowMs += searchMs / 2);

      const { verdicts } = decide(toTestEvent({ flux: { message: 'some message'.repeat(10) } }), snapshotOf(routes), {
        ...CONTEXT,
        searchBudget: 10_000,
        monotonicMs,
      });

      assert.equal(summary(verdicts[0]), 'dropped inclusion');
      assert.equal(summary(verdicts.at(-1)), want);
    });
  }
});

function line(notice: Notice): string {
  return `${notice.reason} ${notice.message}`;
}

function deliveryOf(decision: Decision): Decision['deliveries'][number] {
  const [delivery] = decision.deliveries;
  assert.ok(delivery !== undefined);
  return delivery;
}

describe('the planned delivery', () => {
  const event = toTestEvent({ flux: { metadata: toMetadata({ 'event.toolkit.fluxcd.io/commit': 'abc', [`${GROUP}/revision`]: 'r' }) } });

  test('carries combined metadata, and conflicts are told', () => {
    const route = toTestRoute('alert', { metadata: toMetadata({ revision: 'mine', env: 'prod' }), summary: 'sum' });

    const decision = decide(event, snapshotOf([route]), CONTEXT);

    assert.deepEqual({ ...deliveryOf(decision).metadata }, { commit: 'abc', revision: 'r', env: 'prod', summary: 'sum' });
    assert.deepEqual(
      decision.notices.map(({ reason, annotations }) => ({ reason, annotations: { ...annotations } })),
      [
        {
          reason: 'MetadataAppendFailed',
          annotations: { revision: 'Alert object .spec.eventMetadata, involved object controller metadata' },
        },
      ],
    );
  });

  test('the ordinary lane is Target and object, in order', () => {
    const delivery = deliveryOf(decide(event, snapshotOf([toTestRoute()]), CONTEXT));

    assert.deepEqual(delivery.lane, {
      key: 'ordered|flux//foo-ns/provider||Kustomization|foo-ns|foo',
      policy: 'ordered',
      backlog: 'latest',
    });
    assert.deepEqual(delivery.policy, { concurrency: 8 });
    assert.equal(delivery.destination, '');
    assert.equal(delivery.statusId, undefined);
  });

  test('a lane of the provider supersedes, and its parts cannot imitate one another', () => {
    const definition = toDefinition({ accepts: ['commit-status'], concurrency: 2, limits: { ratePerSecond: 5 } }, { lane: laneByStatus });

    const delivery = deliveryOf(decide(event, snapshotOf([toTestRoute()], [toTestTarget('provider', { definition })]), CONTEXT));

    assert.deepEqual(delivery.lane, { key: 'newest|https://x%7Cy|a%257Cb|kustomization/foo/uid', policy: 'newest', backlog: 'latest' });
    assert.deepEqual(delivery.policy, { concurrency: 2, ratePerSecond: 5 });
    assert.equal(delivery.statusId, 'kustomization/foo/uid');
  });

  test('a lane that cannot be computed leaves the ordinary one', () => {
    const target = toTestTarget('provider', { definition: toDefinition({}, { lane: failingLane }) });

    assert.equal(deliveryOf(decide(event, snapshotOf([toTestRoute()], [target]), CONTEXT)).lane.policy, 'ordered');
  });

  for (const { annotation, want } of [
    { annotation: 'all', want: 'all' },
    { annotation: 'latest', want: 'latest' },
    { annotation: 'some', want: 'latest' },
  ]) {
    test(`backlog annotation ${annotation}`, () => {
      const target = toTestTarget('provider', { annotations: { 'tocsin.dev/backlog': annotation } });

      assert.equal(deliveryOf(decide(event, snapshotOf([toTestRoute()], [target]), CONTEXT)).lane.backlog, want);
    });
  }

  test('a status id that cannot be computed leaves the delivery, which then fails where people see it', () => {
    const statusExpression = compileExpression('"a" + event.metadata.missing', {
      result: 'string',
      variables: ['event', 'provider', 'alert'],
    });
    const definition = toDefinition({ accepts: ['commit-status'] });
    const target = toTestTarget('provider', { definition, statusExpression });

    assert.equal(deliveryOf(decide(event, snapshotOf([toTestRoute()], [target]), CONTEXT)).statusId, undefined);
  });
});

function laneByStatus({ statusId }: { readonly statusId?: string }): string[] {
  return ['https://x|y', 'a%7Cb', statusId ?? ''];
}

function failingLane(): string[] {
  throw new ConfigFault('no address');
}

describe('random input', () => {
  const name = fc.constantFrom('foo', '*', '__proto__', 'constructor', '', 'a|b', '\ud800');
  const text = fc.oneof(name, fc.string({ unit: 'binary', maxLength: 20 }));
  const pairs = fc
    .array(fc.tuple(fc.oneof(text, fc.constant('event.toolkit.fluxcd.io/__proto__'), fc.constant(`${GROUP}/__proto__`)), text))
    .map((entries) => {
      const record = Object.create(null) as Record<string, string>;
      for (const [key, value] of entries) record[key] = value;
      return record;
    });
  const selector = fc.record({ kind: name, namespace: name, name, matchLabels: fc.option(pairs) });

  test('never throws, and the index and the chain agree', () => {
    const event = fc.record({
      kind: name,
      namespace: name,
      name,
      apiVersion: fc.constantFrom('', 'v1', `${GROUP}/v1`, 'a/b/c'),
      message: text,
      severity: text,
      metadata: pairs,
    });
    const route = fc.record({
      selectors: fc.array(selector),
      severity: text,
      inclusions: fc.array(text),
      exclusions: fc.array(text),
      metadata: pairs,
      summary: text,
    });
    fc.assert(
      fc.property(event, route, fc.boolean(), (given, spec, hasTarget) => {
        const { message, severity, metadata, ...subject } = given;
        const tested = toTestRoute('alert', {
          ...spec,
          inclusions: spec.inclusions.map(toPattern),
          exclusions: spec.exclusions.map(toPattern),
        });
        const snapshot = snapshotOf([tested], hasTarget ? [toTestTarget()] : []);
        const happened = toTestEvent({ subject, flux: { message, severity, metadata } });

        const [verdict] = decide(happened, snapshot, CONTEXT).verdicts;
        const explained = explainRoute(happened, tested, snapshot, CONTEXT);

        if (verdict !== undefined) assert.deepEqual(verdict, explained);
        else assert.match(summary(explained), /kind-or-namespace|name|suspended|severity/);
        assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
      }),
      { numRuns: 300 },
    );
  });
});

function about(name: string, origin: string): Event {
  return { ...toTestEvent({ subject: { kind: 'Provider', name } }), origin };
}

describe('events of our own about a Provider', () => {
  const selectors = [toSelector({ kind: 'Provider' })];
  const rows: readonly { name: string; event: Event; want: string }[] = [
    { name: 'never go through that Provider', event: about('provider', OWN_ORIGIN), want: 'dropped own-failure' },
    { name: 'go through another one', event: about('other', OWN_ORIGIN), want: 'matched' },
    { name: 'of somebody else are like any event', event: about('provider', 'http'), want: 'matched' },
  ];
  for (const { name, event, want } of rows) {
    test(name, () => {
      const decision = decide(event, snapshotOf([toTestRoute('alert', { selectors })]), CONTEXT);

      assert.equal(summary(decision.verdicts[0]), want);
      assert.equal(decision.deliveries.length, want === 'matched' ? 1 : 0);
    });
  }
});
