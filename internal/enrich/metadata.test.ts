import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Metadata } from '../event/event.ts';
import { combineMetadata } from './metadata.ts';

const GROUP = 'kustomize.toolkit.fluxcd.io';
const OBJECT = 'event.toolkit.fluxcd.io';
const FROM_OBJECT = 'involved object annotations';
const FROM_ALERT = 'Alert object .spec.eventMetadata';
const FROM_SUMMARY = 'Alert object .spec.summary';
const FROM_CONTROLLER = 'involved object controller metadata';

interface Row {
  readonly name: string;
  readonly event?: Record<string, string>;
  readonly route?: Record<string, string>;
  readonly summary?: string;
  readonly group?: string;
  readonly want: Record<string, string>;
  readonly conflicts?: Record<string, string>;
}

const ROWS: readonly Row[] = [
  { name: 'nothing', want: {} },
  {
    name: 'four disjoint sources',
    event: { [`${OBJECT}/a`]: '1', [`${GROUP}/b`]: '2' },
    route: { c: '3' },
    summary: 'sum',
    want: { a: '1', b: '2', c: '3', summary: 'sum' },
  },
  {
    name: "the Alert's summary over the annotation",
    event: { [`${OBJECT}/summary`]: 'object' },
    summary: 'alert',
    want: { summary: 'alert' },
    conflicts: { summary: `${FROM_OBJECT}, ${FROM_SUMMARY}` },
  },
  {
    name: "the Alert's summary over eventMetadata",
    route: { summary: 'metadata' },
    summary: 'alert',
    want: { summary: 'alert' },
    conflicts: { summary: `${FROM_ALERT}, ${FROM_SUMMARY}` },
  },
  {
    name: "the controller's summary over the Alert's",
    event: { [`${GROUP}/summary`]: 'controller' },
    summary: 'alert',
    want: { summary: 'controller' },
    conflicts: { summary: `${FROM_SUMMARY}, ${FROM_CONTROLLER}` },
  },
  {
    name: 'all four',
    event: { [`${OBJECT}/summary`]: 'object', [`${GROUP}/summary`]: 'controller' },
    route: { summary: 'alert' },
    summary: 'sum',
    want: { summary: 'controller' },
    conflicts: { summary: `${FROM_OBJECT}, ${FROM_ALERT}, ${FROM_SUMMARY}, ${FROM_CONTROLLER}` },
  },
  {
    name: 'the matrix of RFC 0008',
    event: {
      [`${OBJECT}/k1`]: 'o',
      [`${OBJECT}/k2`]: 'o',
      [`${OBJECT}/k3`]: 'o',
      [`${GROUP}/k3`]: 'c',
      [`${GROUP}/k5`]: 'c',
      [`${GROUP}/k6`]: 'c',
    },
    route: { k2: 'a', k4: 'a', k5: 'a' },
    want: { k1: 'o', k2: 'a', k3: 'c', k4: 'a', k5: 'c', k6: 'c' },
    conflicts: { k2: `${FROM_OBJECT}, ${FROM_ALERT}`, k3: `${FROM_OBJECT}, ${FROM_CONTROLLER}`, k5: `${FROM_ALERT}, ${FROM_CONTROLLER}` },
  },
  {
    name: 'equal values are a conflict too',
    event: { [`${OBJECT}/a`]: 'same', [`${GROUP}/a`]: 'same' },
    want: { a: 'same' },
    conflicts: { a: `${FROM_OBJECT}, ${FROM_CONTROLLER}` },
  },
  { name: 'an empty value', route: { a: '' }, want: { a: '' } },
  {
    name: 'eventMetadata verbatim',
    route: { [`${OBJECT}/a`]: '1', [`${GROUP}/b`]: '2', token: 't' },
    want: { [`${OBJECT}/a`]: '1', [`${GROUP}/b`]: '2', token: 't' },
  },
  { name: 'only the prefix goes', event: { [`${OBJECT}/x/y`]: '1', [`${GROUP}/`]: '2' }, want: { 'x/y': '1', '': '2' } },
  { name: 'no group', group: '', event: { '/a': '1', [`${OBJECT}/b`]: '2' }, want: { a: '1', b: '2' } },
  {
    name: 'hostile keys are data',
    event: { [`${OBJECT}/__proto__`]: '1', [`${GROUP}/constructor`]: '2' },
    route: { toString: '3' },
    want: { ['__proto__']: '1', constructor: '2', toString: '3' },
  },
];

function noPrototype(pairs: Record<string, string>): Metadata {
  return Object.assign(Object.create(null) as Record<string, string>, pairs);
}

describe('combineMetadata', () => {
  for (const { name, event = {}, route = {}, summary = '', group = GROUP, want, conflicts } of ROWS) {
    test(name, () => {
      const combined = combineMetadata({ event: noPrototype(event), group, route: noPrototype(route), summary });

      assert.equal(Object.getPrototypeOf(combined.metadata), null);
      assert.deepEqual(new Map(Object.entries(combined.metadata)), new Map(Object.entries(want)));
      assert.deepEqual(combined.conflicts === null ? undefined : { ...combined.conflicts }, conflicts);
    });
  }

  test('10,000 keys of each source', () => {
    const pairs = Array.from({ length: 10_000 }, (_, index) => [`${OBJECT}/k${index}`, `v${index}`] as const);
    const event = noPrototype(Object.fromEntries([...pairs, ...pairs.map(([key, value]) => [key.replace(OBJECT, GROUP), value] as const)]));

    const { metadata, conflicts } = combineMetadata({ event, group: GROUP, route: noPrototype({}), summary: '' });

    assert.equal(Object.keys(metadata).length, 10_000);
    assert.equal(Object.keys(conflicts ?? {}).length, 10_000);
  });
});
