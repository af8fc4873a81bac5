// With the annotation one object is one alert that its recovery ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { NOW_MS, toRenderInput } from '../../test/support/provider-run.ts';
import alertmanager from './alertmanager.provider.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const FAILURE = exampleEvent({
  severity: 'error',
  reason: 'HealthCheckFailed',
  message: 'unready',
  metadata: { cluster: 'prod-1', revision: 'main@sha1:1', summary: 'Production' },
});
const RECOVERY = exampleEvent({ metadata: { cluster: 'prod-1', revision: 'main@sha1:2', commit: '2' }, timestamp: '2026-01-02T03:09:05Z' });

interface Alert {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

function alertsOf(event: FluxEvent, annotations: Readonly<Record<string, string>> = { 'tocsin.dev/resolve': 'enabled' }): readonly Alert[] {
  const input = toRenderInput({ spec: { type: 'alertmanager', address: 'http://alertmanager:9093/api/v2/alerts' }, event });
  const requests = alertmanager.render?.({ ...input, config: { ...input.config, annotations } }) ?? [];
  return requests.flatMap(({ body }) => JSON.parse(String(body)) as readonly Alert[]);
}

test('failure and recovery are one alert for Alertmanager', () => {
  const [failure] = alertsOf(FAILURE);
  const [recovery] = alertsOf(RECOVERY);

  assert.deepEqual(failure?.labels, {
    alertname: 'FluxKustomizationFailed',
    cluster: 'prod-1',
    kind: 'Kustomization',
    name: 'webapp',
    namespace: 'apps',
    severity: 'error',
  });
  assert.deepEqual(recovery?.labels, failure?.labels);
});

test('a failure fires until it is over', () => {
  const [failure] = alertsOf(FAILURE);

  assert.equal(failure?.status, 'firing');
  assert.equal(Date.parse(failure?.startsAt ?? ''), Date.parse('2026-01-02T03:04:05Z'));
  assert.equal(Date.parse(failure?.endsAt ?? ''), NOW_MS + DAY_MS);
  assert.deepEqual(failure?.annotations, {
    message: 'unready',
    reason: 'HealthCheckFailed',
    reportingcontroller: 'kustomize-controller',
    revision: 'main@sha1:1',
    summary: 'Production',
  });
});

test('a recovery ends it when it happened', () => {
  const [recovery] = alertsOf(RECOVERY);

  assert.equal(recovery?.status, 'resolved');
  assert.equal(Date.parse(recovery?.endsAt ?? ''), Date.parse('2026-01-02T03:09:05Z'));
  assert.ok(Date.parse(recovery?.startsAt ?? '') <= Date.parse(recovery?.endsAt ?? ''), 'Alertmanager refuses an end before the start');
});

test('an event without a time ends it now', () => {
  const [recovery] = alertsOf({ ...RECOVERY, timestamp: null });

  assert.equal(Date.parse(recovery?.endsAt ?? ''), Math.floor(NOW_MS / 1_000) * 1_000);
});

test('what says neither sends nothing', () => {
  assert.deepEqual(alertsOf(exampleEvent({ reason: 'Progressing' })), []);
});

test('without the annotation reason and revision are labels and nothing ever ends, as with Flux', () => {
  const [alert] = alertsOf(RECOVERY, {});

  assert.equal(alert?.labels['alertname'], 'FluxKustomizationReconciliationsucceeded');
  assert.equal(alert?.labels['revision'], 'main@sha1:2');
  assert.equal(alert?.endsAt, '0001-01-01T00:00:00Z');
});
