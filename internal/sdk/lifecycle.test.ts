import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from './example-event.ts';
import { asideLane, RESOLVE_ANNOTATION, turnOf, wantsResolution } from './lifecycle.ts';

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

test('an aside lane belongs to one Provider, object and reason', () => {
  const target = { namespace: 'apps', name: 'p', uid: '1' };
  const lane = (event = exampleEvent(), name = 'p') => asideLane({ target: { ...target, name }, address: '', channel: '', event });

  assert.deepEqual(lane(), lane());
  assert.notDeepEqual(lane(), lane(exampleEvent({ reason: 'Progressing' })));
  assert.notDeepEqual(lane(), lane(exampleEvent(), 'q'));
});
