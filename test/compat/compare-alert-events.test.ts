import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AlertEvent, compareAlertEvents } from './compare-alert-events.ts';

const FAILED: AlertEvent = {
  alert: 'apps/alert',
  type: 'Warning',
  reason: 'NotificationDispatchFailed',
  message: 'answered 500',
  annotations: {},
  component: 'notification-controller',
};
const RECORDED = { alert: 'apps/alert', type: 'Warning', reason: 'NotificationDispatchFailed' };
const CONFLICT = { ...RECORDED, reason: 'MetadataAppendFailed', annotations: { a: 'b' } };

for (const { name, wanted, observed, isTriedAgain = false, want } of [
  { name: 'nothing and nothing', wanted: [], observed: [], want: [] },
  { name: 'the same', wanted: [RECORDED], observed: [FAILED], want: [] },
  { name: 'more often than recorded', wanted: [RECORDED], observed: [FAILED, FAILED], want: [] },
  { name: 'less often than recorded', wanted: [RECORDED, RECORDED], observed: [FAILED], want: [] },
  { name: 'none', wanted: [RECORDED], observed: [], want: [/^missing Event Warning NotificationDispatchFailed on apps\/alert$/] },
  { name: 'another reason', wanted: [], observed: [FAILED], want: [/^unexpected Event .* answered 500$/] },
  { name: 'a failure that is tried again', wanted: [], observed: [FAILED], isTriedAgain: true, want: [] },
  {
    name: 'something else beside a failure that is tried again',
    wanted: [],
    observed: [{ ...FAILED, reason: 'InvalidConfig' }],
    isTriedAgain: true,
    want: [/^unexpected/],
  },
  { name: 'on another Alert', wanted: [RECORDED], observed: [{ ...FAILED, alert: 'apps/other' }], want: [/^missing/, /^unexpected/] },
  { name: 'annotations', wanted: [CONFLICT], observed: [{ ...FAILED, reason: 'MetadataAppendFailed', annotations: { a: 'b' } }], want: [] },
  {
    name: 'other annotations',
    wanted: [CONFLICT],
    observed: [{ ...FAILED, reason: 'MetadataAppendFailed' }],
    want: [/^missing .*"a":"b"/, /^unexpected/],
  },
  { name: 'from another component', wanted: [RECORDED], observed: [{ ...FAILED, component: 'x' }], want: [/comes from "x"$/] },
]) {
  test(`Events on Alerts: ${name}`, () => {
    const differences = compareAlertEvents(wanted, observed, isTriedAgain);

    assert.equal(differences.length, want.length, differences.join('; '));
    want.forEach((pattern, index) => assert.match(differences[index] ?? '', pattern));
  });
}
