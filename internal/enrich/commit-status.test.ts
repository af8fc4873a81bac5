import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileExpression } from '../expr/cel.ts';
import { toMetadata, toRef, toTestEvent, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import { annotatedChangeRequest, annotatedCommit, isCommitStatusUpdate, statusId } from './commit-status.ts';

const UID = '0c9c2e41-d2f9-4f9b-9c41-bebc1984d67a';
const PREFIX = 'failed to create commit status: failed to evaluate the spec.commitStatusExpr CEL expression for the event: ';

const SUBJECT = { kind: 'Kustomization', namespace: 'apps', name: 'gitops-system' };

const ROWS: readonly { name: string; expression?: string; subject?: Partial<typeof SUBJECT>; want: string | { error: RegExp } }[] = [
  { name: 'default', want: 'kustomization/gitops-system/0c9c2e41' },
  { name: 'default of a HelmRelease', subject: { kind: 'HelmRelease' }, want: 'helmrelease/gitops-system/0c9c2e41' },
  {
    name: 'kind, name, metadata, uid',
    expression:
      'event.involvedObject.kind + "/" + event.involvedObject.name + "/" + event.metadata.environment + "/" + provider.metadata.uid',
    want: `Kustomization/gitops-system/production/${UID}`,
  },
  {
    name: 'first part of the uid',
    expression: 'event.involvedObject.kind + "/" + provider.metadata.uid.split("-").first().value()',
    want: 'Kustomization/0c9c2e41',
  },
  { name: 'name of the Alert', expression: 'provider.metadata.uid + "/" + alert.metadata.name', want: `${UID}/test-alert` },
  { name: 'generation, which a manifest need not have', expression: 'string(provider.metadata.generation)', want: '1' },
  { name: 'generation is a whole number', expression: 'string(provider.metadata.generation + 1)', want: '2' },
  { name: 'a switch that is off is not there', expression: 'has(provider.spec.suspend) ? "yes" : "no"', want: 'no' },
  {
    name: 'an empty optional field is not there',
    expression: 'has(event.reportingInstance) || has(event.involvedObject.uid) ? "yes" : "no"',
    want: 'no',
  },
  { name: 'a blank result', expression: '" "', want: ' ' },
  { name: 'an empty result', expression: '""', want: { error: /^commit status cannot be empty$/ } },
  {
    name: 'a missing key',
    expression: 'event.metadata.missing + ""',
    want: { error: /^failed to create commit status: failed to evaluate .*: no such key: missing$/ },
  },
  {
    name: 'a bool',
    expression: 'event.severity == "info"',
    want: { error: new RegExp(`^${PREFIX}failed to compile expression: CEL expression output type mismatch: expected string, got bool$`) },
  },
  { name: 'an unknown variable', expression: 'notification.name + ""', want: { error: /undeclared reference to 'notification'/ } },
  { name: 'another unknown variable', expression: 'kustomization.name + ""', want: { error: /undeclared reference to 'kustomization'/ } },
];

describe('statusId', () => {
  for (const { name, expression, subject, want } of ROWS) {
    test(name, () => {
      const ref = { ...toRef('apps', 'test-provider'), uid: UID };
      const statusExpression =
        expression === undefined ? null : compileExpression(expression, { result: 'string', variables: ['event', 'provider', 'alert'] });
      const object = {
        apiVersion: 'v1',
        kind: 'Provider',
        metadata: { namespace: 'apps', name: 'test-provider', uid: UID },
        spec: { suspend: false },
      };
      const target = toTestTarget('test-provider', { ref, statusExpression, object });
      const alert = toTestRoute('test-alert').object;
      const event = toTestEvent({ subject: { ...SUBJECT, ...subject }, flux: { metadata: toMetadata({ environment: 'production' }) } });

      const result = statusId(target, alert, event.flux);

      if (typeof want === 'string') assert.deepEqual(result, { id: want });
      else assert.match('error' in result ? result.error : '', want.error);
    });
  }
});

test('what is asked of uncombined metadata', () => {
  const group = 'kustomize.toolkit.fluxcd.io';
  const metadata = toMetadata({
    [`${group}/commit_status`]: 'update',
    'event.toolkit.fluxcd.io/commit': 'abc',
    'event.toolkit.fluxcd.io/change_request': '7',
  });

  assert.equal(isCommitStatusUpdate(metadata, group), true);
  assert.equal(isCommitStatusUpdate(metadata, 'helm.toolkit.fluxcd.io'), false);
  assert.equal(annotatedCommit(metadata), 'abc');
  assert.equal(annotatedChangeRequest(metadata), '7');
  assert.equal(annotatedCommit(toMetadata({ commit: 'abc' })), '');
});
