import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { toKey } from '../sdk/target.ts';
import { toRef, toSelector, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import type { Route, Selector, Snapshot, SnapshotChanges } from './route.ts';
import { emptySnapshot, nextSnapshot } from './snapshot.ts';

function change(snapshot: Snapshot, changes: Partial<SnapshotChanges>): Snapshot {
  return nextSnapshot(snapshot, { upsertRoutes: [], removeRoutes: [], upsertTargets: [], removeTargets: [], ...changes });
}

function toRoute(name: string, selectors: readonly Selector[]): Route {
  return toTestRoute(name, { selectors });
}

function names(snapshot: Snapshot, name = 'foo', namespace = 'foo-ns', kind = 'Kustomization'): string[] {
  return snapshot.candidates({ kind, namespace, name }).map(({ route }) => route.ref.name);
}

describe('candidates', () => {
  const snapshot = change(emptySnapshot(), {
    upsertRoutes: [
      toRoute('any', [toSelector()]),
      toRoute('foo', [toSelector({ name: 'foo' })]),
      toRoute('both', [toSelector({ name: 'foo' }), toSelector(), toSelector({ kind: 'Bucket' })]),
      toRoute('bar', [toSelector({ name: 'bar' })]),
      toRoute('elsewhere', [toSelector({ namespace: 'elsewhere' })]),
      toRoute('hostile', [toSelector({ kind: '__proto__', namespace: 'constructor', name: 'toString' })]),
      toRoute('none', []),
    ],
  });
  const rows = [
    { subject: ['foo', 'foo-ns', 'Kustomization'], want: ['any', 'both', 'foo'] },
    { subject: ['bar', 'foo-ns', 'Kustomization'], want: ['any', 'bar', 'both'] },
    { subject: ['other', 'foo-ns', 'Kustomization'], want: ['any', 'both'] },
    { subject: ['*', 'foo-ns', 'Kustomization'], want: ['any', 'both'] },
    { subject: ['foo', 'elsewhere', 'Kustomization'], want: ['elsewhere'] },
    { subject: ['foo', 'foo-ns', 'Bucket'], want: ['both'] },
    { subject: ['foo', '', ''], want: [] },
    { subject: ['toString', 'constructor', '__proto__'], want: ['hostile'] },
  ] as const;
  for (const { subject, want } of rows) {
    test(subject.join(' '), () => {
      assert.deepEqual(names(snapshot, ...subject).sort(), want);
    });
  }

  test('come with the selectors that name the kind and namespace', () => {
    const candidate = snapshot
      .candidates({ kind: 'Kustomization', namespace: 'foo-ns', name: 'foo' })
      .find(({ route }) => route.ref.name === 'both');

    assert.deepEqual(
      candidate?.selectors.map(({ kind, name }) => `${kind} ${name}`),
      ['Kustomization foo', 'Kustomization *'],
    );
  });

  test('are found without looking at any other Route', () => {
    const others = Array.from({ length: 1000 }, (_, index) => toRoute(`other-${index}`, [toSelector({ namespace: `ns-${index}` })]));
    let reads = 0;
    const watched = others.map(
      (route) =>
        new Proxy(route, {
          get(target, field) {
            reads += 1;
            return Reflect.get(target, field) as unknown;
          },
        }),
    );
    const large = change(snapshot, { upsertRoutes: watched });
    reads = 0;

    assert.deepEqual(names(large).sort(), ['any', 'both', 'foo']);
    assert.equal(reads, 0);
  });
});

describe('nextSnapshot', () => {
  const route = toRoute('a', [toSelector(), toSelector({ kind: 'Bucket' })]);
  const other = toRoute('b', [toSelector({ namespace: 'other' })]);
  const base = change(emptySnapshot(), { upsertRoutes: [route, other], upsertTargets: [toTestTarget()] });

  test('leaves the previous one as it was', () => {
    const next = change(base, { removeRoutes: [toKey(route.ref)], removeTargets: [toTestTarget().key] });

    assert.deepEqual(names(base), ['a']);
    assert.equal(base.targets.size, 1);
    assert.deepEqual(names(next), []);
    assert.equal(next.targets.size, 0);
  });

  test('a changed selector moves a Route', () => {
    const next = change(base, { upsertRoutes: [toRoute('a', [toSelector({ namespace: 'moved' })])] });

    assert.deepEqual(names(next), []);
    assert.deepEqual(names(next, 'foo', 'moved'), ['a']);
    assert.deepEqual(names(next, 'foo', 'foo-ns', 'Bucket'), []);
  });

  test('shares what did not change', () => {
    const next = change(base, { upsertRoutes: [toRoute('a', [toSelector({ name: 'x' })])] });
    const elsewhere = { kind: 'Kustomization', namespace: 'other', name: 'foo' };

    assert.equal(next.candidates(elsewhere), base.candidates(elsewhere));
  });

  test('removing what is not there does nothing', () => {
    assert.equal(change(base, { removeRoutes: ['nothing'], removeTargets: ['nothing'] }).revision, base.revision);
  });

  test('takes a Snapshot of another kind', () => {
    const foreign: Snapshot = { revision: 'x', routes: base.routes, targets: base.targets, candidates: () => [] };

    assert.equal(change(foreign, {}).revision, base.revision);
    assert.deepEqual(names(change(foreign, {})), ['a']);
  });
});

describe('revision', () => {
  const a = toTestRoute('a', { hash: '1' });
  const b = toTestRoute('b', { hash: '1' });
  const target = toTestTarget('provider', { hash: '1' });

  test('depends on the content, not on the way to it', () => {
    const forth = change(change(emptySnapshot(), { upsertRoutes: [a] }), { upsertRoutes: [b], upsertTargets: [target] });
    const back = change(emptySnapshot(), { upsertTargets: [target], upsertRoutes: [b, a] });
    const around = change(change(back, { removeRoutes: [toKey(a.ref)] }), { upsertRoutes: [a] });

    assert.equal(forth.revision, back.revision);
    assert.equal(around.revision, back.revision);
  });

  test('changes with every part', () => {
    const base = change(emptySnapshot(), { upsertRoutes: [a], upsertTargets: [target] });
    const revisions = [
      emptySnapshot(),
      base,
      change(base, { upsertRoutes: [b] }),
      change(base, { upsertRoutes: [{ ...a, hash: '2' }] }),
      change(base, { upsertTargets: [{ ...target, hash: '2' }] }),
      change(base, { removeTargets: [target.key] }),
    ].map(({ revision }) => revision);

    assert.equal(new Set(revisions).size, revisions.length);
  });
});

test('any series of changes gives what a scan of all Routes gives', () => {
  const word = fc.constantFrom('a', 'b', '*');
  const selector = fc.record({ kind: word, namespace: word, name: word, matchLabels: fc.constant(null) });
  const step = fc.record({ name: fc.constantFrom('r1', 'r2', 'r3', 'r4'), selectors: fc.option(fc.array(selector, { maxLength: 4 })) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), word, word, word, (steps, kind, namespace, name) => {
      let snapshot = emptySnapshot();
      for (const { name: route, selectors } of steps) {
        const changes =
          selectors === null ? { removeRoutes: [toKey(toRef('foo-ns', route))] } : { upsertRoutes: [toRoute(route, selectors)] };
        snapshot = change(snapshot, changes);
      }
      const scanned = [...snapshot.routes.values()].filter((route) =>
        route.selectors.some((item) => item.kind === kind && item.namespace === namespace && (item.name === '*' || item.name === name)),
      );

      assert.deepEqual(names(snapshot, name, namespace, kind).sort(), scanned.map(({ ref }) => ref.name).sort());
    }),
  );
});
