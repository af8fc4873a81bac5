import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toAlert } from '../../../test/support/flux-objects.ts';
import { toRef, toTestRoute, toTestTarget } from '../../../test/support/routing.ts';
import { nextSnapshot, emptySnapshot } from '../../routing/snapshot.ts';
import type { ReadObject } from './read-object.ts';
import { type ClusterEvent, type Failure, Reports } from './reports.ts';

const SUBJECT = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  namespace: 'apps',
  name: 'web',
  uid: '',
  resourceVersion: '',
  fieldPath: '',
};
const ROUTE = toRef('foo-ns', 'alert');
const TARGET = toRef('foo-ns', 'provider');

function openReports() {
  const events: ClusterEvent[] = [];
  const statuses: string[] = [];
  const route = toTestRoute();
  const target = toTestTarget('there');
  const snapshot = nextSnapshot(emptySnapshot(), { upsertRoutes: [route], removeRoutes: [], upsertTargets: [target], removeTargets: [] });
  const reports = new Reports({
    record: (event) => events.push(event),
    status: {
      succeeded: (key) => statuses.push(`${key} succeeded`),
      failed: (key, reason, message) => statuses.push(`${key} ${reason} ${message}`),
      observe: (key, _object, { blocker }) => statuses.push(`${key} ${blocker?.()?.reason ?? 'fine'}`),
      recheck: (isConcerned) =>
        statuses.push(`recheck ${['foo-ns', 'other'].filter((namespace) => isConcerned({ kind: 'Alert', namespace })).join()}`),
    },
    snapshot: () => snapshot,
    redact: (text) => text.replaceAll('s3cret', '*****'),
  });
  return { events, statuses, reports, route };
}

const messages: readonly {
  readonly name: string;
  readonly failure: Pick<Failure, 'reason' | 'message'>;
  readonly isGivenUp: boolean;
  readonly want: string;
}[] = [
  {
    name: 'a send that failed',
    failure: { reason: 'server', message: 'the vendor answered 500 to s3cret' },
    isGivenUp: false,
    want: 'failed to send notification for Kustomization/apps/web: the vendor answered 500 to *****',
  },
  {
    name: 'a configuration with which nothing can be sent',
    failure: { reason: 'config', message: 'failed to get secret \'foo-ns/token\': secrets "token" not found' },
    isGivenUp: false,
    want: "failed to dispatch notification for Kustomization/apps/web: failed to initialize notifier for provider 'provider': failed to get secret 'foo-ns/token': secrets \"token\" not found",
  },
  {
    name: 'a message that was given up',
    failure: { reason: 'expired', message: 'not delivered within 24 hours' },
    isGivenUp: true,
    want: 'failed to send notification for Kustomization/apps/web: not delivered within 24 hours (given up: it is a dead letter)',
  },
];

for (const { name, failure, isGivenUp, want } of messages) {
  test(`the Alert is told of ${name}`, () => {
    const { events, reports, route } = openReports();

    reports.failedNotably({ route: ROUTE, target: TARGET, subject: SUBJECT, ...failure }, isGivenUp);

    const { apiVersion } = route.object;
    const object = { apiVersion, kind: 'Alert', namespace: 'foo-ns', name: 'alert', uid: 'uid-foo-ns-alert' };
    assert.deepEqual(events, [{ object, type: 'Warning', reason: 'NotificationDispatchFailed', message: want }], name);
  });
}

test('a notice keeps its reason, its annotations and no secret', () => {
  const { events, reports } = openReports();

  reports.noticed({ route: ROUTE, reason: 'MetadataAppendFailed', message: 's3cret', annotations: { team: 'a, b' }, subject: SUBJECT });

  assert.deepEqual(
    events.map(({ reason, message, annotations }) => ({ reason, message, annotations })),
    [{ reason: 'MetadataAppendFailed', message: '*****', annotations: { team: 'a, b' } }],
  );
});

test('Provider and Alert learn how sending went, in words that a condition may have', () => {
  const { statuses, reports } = openReports();
  const owed = { route: ROUTE, target: TARGET, subject: SUBJECT };

  reports.failed({ ...owed, reason: 'rate-limited', message: 'asked to wait' });
  reports.delivered(owed);

  assert.deepEqual(statuses, [
    'Provider/foo-ns/provider RateLimited asked to wait',
    'Alert/foo-ns/alert RateLimited asked to wait',
    'Provider/foo-ns/provider succeeded',
    'Alert/foo-ns/alert succeeded',
  ]);
});

function toRead(targetKey: string): ReadObject {
  return { route: toTestRoute('alert', { targetKey }), target: null, findings: [] };
}

test('an Alert whose Provider is not there says so, and is looked at again when Providers change', () => {
  const { statuses, reports } = openReports();

  reports.read('Alert/foo-ns/good', toAlert('good'), toRead('flux//foo-ns/there'));
  reports.read('Alert/foo-ns/lonely', toAlert('lonely'), toRead('flux//foo-ns/nobody'));
  reports.targetsChanged(['flux//foo-ns/nobody']);

  assert.deepEqual(statuses, ['Alert/foo-ns/good fine', 'Alert/foo-ns/lonely ProviderNotFound', 'recheck foo-ns']);
});
