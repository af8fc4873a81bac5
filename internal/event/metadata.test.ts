import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { cleanMetadata, dedupKeyOf, groupOf, withoutToken } from './metadata.ts';
import type { Metadata, ObjectReference } from './event.ts';

const GROUP = 'kustomize.toolkit.fluxcd.io';
const API_VERSION = `${GROUP}/v1`;

function metadataOf(entries: Record<string, string>): Metadata {
  return Object.assign(Object.create(null) as Record<string, string>, entries);
}

test('the group of an apiVersion', () => {
  const cases = [
    ['kustomize.toolkit.fluxcd.io/v1', 'kustomize.toolkit.fluxcd.io'],
    ['v1', ''],
    ['', ''],
    ['/', ''],
    ['/v1', ''],
    ['g/', 'g'],
    ['a/b/c', ''],
  ] as const;
  for (const [apiVersion, want] of cases) assert.equal(groupOf(apiVersion), want, apiVersion);
});

test('metadata is cleaned as Flux does', () => {
  const cases: { name: string; apiVersion?: string; in: Record<string, string>; want: string[] }[] = [
    { name: 'nothing', in: {}, want: [] },
    { name: 'own group', in: { [`${GROUP}/foo`]: '', [`${GROUP}/aa/bb`]: '' }, want: [`${GROUP}/foo`, `${GROUP}/aa/bb`] },
    { name: 'annotations', in: { 'event.toolkit.fluxcd.io/a': '' }, want: ['event.toolkit.fluxcd.io/a'] },
    { name: 'other groups and bare keys', in: { 'source.toolkit.fluxcd.io/baz': '', c: '' }, want: [] },
    { name: 'the group has a case', in: { 'Kustomize.toolkit.fluxcd.io/a': '', 'Event.toolkit.fluxcd.io/b': '' }, want: [] },
    {
      name: 'nothing behind the prefix',
      in: { 'event.toolkit.fluxcd.io/': '', [`${GROUP}/`]: '' },
      want: ['event.toolkit.fluxcd.io/', `${GROUP}/`],
    },
    {
      name: 'checksum and digest in any case, of the group alone',
      in: {
        [`${GROUP}/checksum`]: '',
        [`${GROUP}/Chec\u212A\u017Fum`]: '',
        [`${GROUP}/DIGEST`]: '',
        [`${GROUP}/checksums`]: '',
        'event.toolkit.fluxcd.io/checksum': '',
      },
      want: [`${GROUP}/checksums`, 'event.toolkit.fluxcd.io/checksum'],
    },
    { name: 'no group', apiVersion: 'a/b/c', in: { '/a': '', 'a/b': '', 'a/b/d': '' }, want: ['/a'] },
    { name: 'core group', apiVersion: 'v1', in: { '/checksum': '', '/x': '' }, want: ['/x'] },
  ];
  for (const { name, apiVersion = API_VERSION, in: entries, want } of cases) {
    assert.deepEqual(Object.keys(cleanMetadata(metadataOf(entries), apiVersion)), want, name);
  }
});

test('a hostile key is data', () => {
  const metadata = metadataOf({ [`${GROUP}/__proto__`]: 'x' });
  Object.defineProperty(metadata, '__proto__', { value: 'y', enumerable: true });

  const cleaned = cleanMetadata(metadata, API_VERSION);

  assert.deepEqual(Object.entries(cleaned), [[`${GROUP}/__proto__`, 'x']]);
  assert.equal(Object.getPrototypeOf(cleaned), null);
});

test('the token of the group is taken out, other tokens stay', () => {
  const metadata = metadataOf({ [`${GROUP}/token`]: 't', [`${GROUP}/Token`]: 'v', 'event.toolkit.fluxcd.io/token': 'u' });

  assert.deepEqual(Object.keys(withoutToken(metadata, API_VERSION)), [`${GROUP}/Token`, 'event.toolkit.fluxcd.io/token']);
  assert.equal(metadata[`${GROUP}/token`], 't');
});

const EMPTY: ObjectReference = { apiVersion: '', kind: '', namespace: '', name: '', uid: '', resourceVersion: '', fieldPath: '' };

interface Sample {
  readonly object?: string;
  readonly message?: string;
  readonly metadata?: Record<string, string>;
  readonly cluster?: string;
  readonly windowMs?: number;
}

function keyOf(sample: Sample): string {
  return dedupOf(sample).key;
}

function dedupOf(sample: Sample): { readonly key: string; readonly windowMs: number } {
  const object = sample.object ?? '1';
  return dedupKeyOf({
    subject: { ...EMPTY, apiVersion: API_VERSION, kind: 'Kustomization', namespace: object, name: object },
    message: sample.message ?? 'Health check passed',
    metadata: metadataOf(sample.metadata ?? {}),
    windowMs: sample.windowMs ?? 600_000,
    cluster: sample.cluster ?? '',
  });
}

function revision(name: string, value: string): Sample {
  return { object: '4', metadata: { [`${GROUP}/${name}`]: value } };
}

test('events are the same or not as in the reference, one after the other', () => {
  const steps: { in: Sample; isNew: boolean }[] = [
    { in: {}, isNew: true },
    { in: {}, isNew: false },
    { in: { message: 'Health check timed out' }, isNew: true },
    { in: { object: '2' }, isNew: true },
    { in: { object: '3' }, isNew: true },
    { in: { object: '2' }, isNew: false },
    { in: revision('revision', 'rev1'), isNew: true },
    { in: revision('revision', 'rev1'), isNew: false },
    { in: revision('revision', 'rev2'), isNew: true },
    { in: revision('originRevision', 'orev1'), isNew: true },
    { in: revision('originRevision', 'orev1'), isNew: false },
    { in: revision('originRevision', 'orev2'), isNew: true },
    { in: revision('token', 'token1'), isNew: true },
    { in: revision('token', 'token1'), isNew: false },
    { in: revision('token', 'token2'), isNew: true },
  ];
  const seen = new Set<string>();
  for (const [index, { in: sample, isNew }] of steps.entries()) {
    const key = keyOf(sample);
    assert.equal(!seen.has(key), isNew, `step ${index}`);
    seen.add(key);
  }
});

test('the key is the SHA-256 of the parts in their order', () => {
  const metadata = { [`${GROUP}/token`]: 't', [`${GROUP}/revision`]: 'r', [`${GROUP}/originRevision`]: 'o', [`${GROUP}/other`]: 'x' };
  const text = 'event/name=1/namespace=1/kind=Kustomization/message=é/originRevision=o/revision=r/token=t';

  assert.equal(keyOf({ message: 'é', metadata }), createHash('sha256').update(text).digest('hex'));
});

test('what the key distinguishes', () => {
  const cases: { name: string; a: Sample; b: Sample; isSame: boolean }[] = [
    { name: 'empty and absent revision', a: { metadata: { [`${GROUP}/revision`]: '' } }, b: {}, isSame: false },
    { name: 'other metadata', a: { metadata: { [`${GROUP}/checksum`]: 'c' } }, b: {}, isSame: true },
    { name: 'revision of another group', a: { metadata: { 'event.toolkit.fluxcd.io/revision': 'r' } }, b: {}, isSame: true },
    {
      name: 'a message that imitates',
      a: { message: 'm/originRevision=a' },
      b: { message: 'm', metadata: { [`${GROUP}/originRevision`]: 'a' } },
      isSame: true,
    },
    { name: 'clusters', a: { cluster: 'east' }, b: { cluster: 'west' }, isSame: false },
  ];
  for (const { name, a, b, isSame } of cases) assert.equal(keyOf(a) === keyOf(b), isSame, name);
});

test('a window of nothing is one second', () => {
  for (const [windowMs, want] of [
    [0, 1000],
    [-5, 1000],
    [1, 1],
    [300_000, 300_000],
  ] as const) {
    assert.equal(dedupOf({ windowMs }).windowMs, want);
  }
});
