// What would have passed, in which order people read it, and how long ten thousand Alerts take.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMs } from '../../test/support/cpu-time.ts';
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
import type { Event } from '../event/event.ts';
import { toPattern } from '../expr/pattern.ts';
import { toKey } from '../sdk/target.ts';
import { explainEvent, explainRoute, tryRoute } from './explain.ts';
import type { Route, Target } from './route.ts';
import { emptySnapshot, nextSnapshot } from './snapshot.ts';

const CONTEXT = { labels: toLabels(), noCrossNamespaceRefs: false };
const WITHIN_MS = 200;

function toSnapshot(routes: readonly Route[], targets: readonly Target[] = [toTestTarget()]) {
  return nextSnapshot(emptySnapshot(), { upsertRoutes: routes, upsertTargets: targets, removeRoutes: [], removeTargets: [] });
}

interface Case {
  readonly name: string;
  readonly route?: Partial<Route>;
  readonly targets?: readonly Target[];
  readonly context?: Partial<typeof CONTEXT>;
  /** What the event says otherwise of its object. */
  readonly subject?: Partial<Event['subject']>;
  readonly want: RegExp | undefined;
}

const statuses = toDefinition({ accepts: ['commit-status'] });
const requests = toDefinition({ accepts: ['change-request'], commitStatusUpdates: true });

const CASES: readonly Case[] = [
  { name: 'a match', want: undefined },
  { name: 'suspended', route: { suspended: true }, want: /without spec\.suspend of the Alert/ },
  {
    name: 'a namespace that is nothing like it',
    route: { selectors: [toSelector({ namespace: 'elsewhere' })] },
    want: /^an entry of spec\.eventSources with kind: Kustomization and namespace: foo-ns would pass$/,
  },
  {
    name: 'a mistyped namespace',
    route: { selectors: [toSelector({ namespace: 'fo-ns' })] },
    want: /is "fo-ns" a mistyped "foo-ns"\?/,
  },
  {
    name: 'a kind in lower case',
    route: { selectors: [toSelector({ kind: 'kustomization' })] },
    want: /is "kustomization" a mistyped "Kustomization"\?/,
  },
  {
    name: 'an event of a mistyped kind, made up by a person',
    subject: { apiVersion: '', kind: 'Kustomisation' },
    want: /is "Kustomisation" a mistyped "Kustomization"\?/,
  },
  {
    name: 'an event that names no object',
    subject: { apiVersion: '', kind: '', namespace: '', name: '' },
    want: /^its sender has to say in involvedObject what it is about/,
  },
  { name: 'severity', route: { severity: 'error' }, want: /spec\.eventSeverity: info would pass/ },
  {
    name: 'another name',
    route: { selectors: [toSelector({ name: 'fo' })] },
    want: /name: foo or name: '\*' would pass; is "fo" a mistyped "foo"\?/,
  },
  { name: 'labels', route: { selectors: [toSelector({ matchLabels: { a: 'b' } })] }, want: /without matchLabels/ },
  {
    name: 'labels that nobody knows yet',
    route: { selectors: [toSelector({ matchLabels: { a: 'b' } })] },
    context: { labels: toLabels({ 'Kustomization/foo-ns/foo': null }) },
    want: /as soon as the labels/,
  },
  { name: 'inclusion', route: { inclusions: [toPattern('^nothing$')] }, want: /such as "some excluded message"/ },
  { name: 'exclusion', route: { exclusions: [toPattern('excluded')] }, want: /without that expression/ },
  {
    name: 'another namespace',
    route: { ref: toRef('other', 'alert') },
    context: { noCrossNamespaceRefs: true },
    want: /an Alert in namespace "foo-ns" would pass/,
  },
  { name: 'no Provider', targets: [], want: /^a Provider "provider" in namespace "foo-ns" would pass$/ },
  {
    name: 'a Provider elsewhere',
    targets: [toTestTarget('provider', { ref: toRef('flux-system', 'provider') })],
    want: /there is one in namespace "flux-system", but/,
  },
  { name: 'a mistyped Provider', targets: [toTestTarget('provder')], want: /is "provider" a mistyped "provder"\?/ },
  { name: 'a suspended Provider', targets: [toTestTarget('provider', { suspended: true })], want: /without spec\.suspend of the Provider/ },
  { name: 'no commit', targets: [toTestTarget('provider', { definition: statuses })], want: /commit_status: update/ },
  { name: 'no change request', targets: [toTestTarget('provider', { definition: requests })], want: /change_request on the object/ },
];

for (const { name, route = {}, targets, context = {}, subject = {}, want } of CASES) {
  test(`what would have passed: ${name}`, () => {
    const snapshot = toSnapshot([toTestRoute('alert', route)], targets);

    const event = toTestEvent();

    const [explained] = explainEvent({ ...event, subject: { ...event.subject, ...subject } }, snapshot, { ...CONTEXT, ...context });

    if (want === undefined) assert.deepEqual([explained?.kind, explained?.remedy], ['matched', undefined]);
    else assert.match(explained?.remedy ?? '', want);
  });
}

test('the nearest to a match comes first, and each says what it says alone', () => {
  const far = toTestRoute('far', { selectors: [toSelector({ namespace: 'elsewhere' })] });
  const typo = toTestRoute('typo', { selectors: [toSelector({ namespace: 'foo-nz' })] });
  const severe = toTestRoute('severe', { severity: 'error' });
  const excluded = toTestRoute('excluded', { exclusions: [toPattern('excluded')] });
  const snapshot = toSnapshot([far, typo, severe, excluded, toTestRoute('all')]);

  const explained = explainEvent(toTestEvent(), snapshot, CONTEXT);

  assert.deepEqual(
    explained.map(({ route }) => route.name),
    ['all', 'excluded', 'severe', 'typo', 'far'],
  );
  for (const { remedy: _, closeness: __, ...verdict } of explained) {
    const route = snapshot.routes.get(toKey(verdict.route));
    assert.ok(route !== undefined);
    assert.deepEqual(verdict, explainRoute(toTestEvent(), route, snapshot, CONTEXT));
  }
});

test('what a Route would owe is planned although it is no candidate', () => {
  const route = toTestRoute('alert', { metadata: toMetadata({ cluster: 'prod' }) });

  const { delivery } = tryRoute(toTestEvent(), route, toSnapshot([]), CONTEXT);

  assert.deepEqual({ ...delivery?.metadata }, { cluster: 'prod' });
});

test('ten thousand ordinary expressions on a long message are all searched', () => {
  const inclusions = [toPattern('^.*(?:rollback|upgrade) of [a-z-]+ failed$')];
  const routes = Array.from({ length: 10_000 }, (_, index) => toTestRoute(`alert-${index}`, { inclusions }));

  const explained = explainEvent(toTestEvent({ flux: { message: 'x'.repeat(500) } }), toSnapshot(routes), CONTEXT);

  assert.ok(explained.every((verdict) => verdict.kind === 'dropped' && verdict.reason === 'inclusion'));
});

test(`ten thousand Alerts are explained in less than ${WITHIN_MS} ms`, async (context) => {
  const routes = Array.from({ length: 10_000 }, (_, index) => {
    const ref = toRef(`team-${index % 500}`, `alert-${index}`);
    const selectors = [toSelector({ namespace: index % 100 === 0 ? 'foo-ns' : `team-${index % 500}` })];
    const inclusions = index % 2 === 0 ? [toPattern('^.*rollback of [a-z]+$')] : [];
    const targetKey = toKey(toRef(ref.namespace, 'provider'));
    return toTestRoute(ref.name, { ref, selectors, inclusions, severity: index % 3 === 0 ? 'error' : 'info', targetKey });
  });
  const targets = Array.from({ length: 500 }, (_, index) => toTestTarget('provider', { ref: toRef(`team-${index}`, 'provider') }));
  const snapshot = toSnapshot(routes, targets);
  const runs: number[] = [];
  for (let run = 0; run < 5; run++) {
    runs.push(await cpuMs(() => assert.equal(explainEvent(toTestEvent(), snapshot, CONTEXT).length, 10_000)));
  }

  context.diagnostic(`the runs took ${runs.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  assert.ok(Math.min(...runs) < WITHIN_MS, `${Math.min(...runs)} ms`);
});
