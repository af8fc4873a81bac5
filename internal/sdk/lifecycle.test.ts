import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from './example-event.ts';
import { RESOLVE_ANNOTATION, stateLane, turnOf, wantsResolution } from './lifecycle.ts';

for (const { severity, reason, want } of [
  { severity: 'error', reason: 'HealthCheckFailed', want: 'failed' },
  { severity: 'ERROR', reason: 'Progressing', want: 'failed' },
  { severity: 'warning', reason: 'Anything', want: 'failed' },
  { severity: 'info', reason: 'ReconciliationSucceeded', want: 'recovered' },
  { severity: 'Info', reason: 'UpgradeSucceeded', want: 'recovered' },
  { severity: 'info', reason: 'NewArtifact', want: 'recovered' },
  { severity: 'info', reason: '', want: 'recovered' },
  { severity: 'info', reason: 'Progressing', want: 'unfinished' },
  { severity: 'info', reason: 'ProgressingWithRetry', want: 'unfinished' },
  { severity: 'info', reason: 'DependencyNotReady', want: 'unfinished' },
  { severity: 'info', reason: 'HealthCheckCanceled', want: 'unfinished' },
  { severity: 'info', reason: 'ArtifactFailed', want: 'unfinished' },
  { severity: 'trace', reason: 'ReconciliationSucceeded', want: 'unfinished' },
]) {
  test(`${severity} ${reason} is ${want}`, () => {
    assert.equal(turnOf(exampleEvent({ severity, reason })), want);
  });
}

for (const { name, annotations, want } of [
  { name: 'enabled', annotations: { [RESOLVE_ANNOTATION]: 'enabled' }, want: true },
  { name: 'another value', annotations: { [RESOLVE_ANNOTATION]: 'disabled' }, want: false },
  { name: 'absent', annotations: {}, want: false },
]) {
  test(`resolution is wanted: ${name}`, () => {
    const config = { address: '', channel: '', username: '', password: '', token: '', headers: {}, secret: {}, annotations };

    assert.equal(wantsResolution(config), want);
  });
}

test('the lane of a state belongs to one Provider and object, whatever the reason', () => {
  const target = { namespace: 'apps', name: 'p', uid: '1' };
  const lane = ({ event = exampleEvent(), name = 'p', isPassedOver = false }) =>
    stateLane({ target: { ...target, name }, address: '', channel: '', event }, isPassedOver);

  assert.deepEqual(lane({}), lane({ event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed' }) }));
  assert.notDeepEqual(lane({}), lane({ name: 'q' }));
  assert.notDeepEqual(lane({}), lane({ isPassedOver: true }));
  assert.notDeepEqual(lane({}), lane({ event: exampleEvent({ involvedObject: { ...exampleEvent().involvedObject, name: 'other' } }) }));
});
