import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toTestEvent } from '../../test/support/routing.ts';
import { expressionVariables } from './expression-variables.ts';

test('objects are as an API server gives them: without empty fields, with a generation', () => {
  const metadata = { namespace: 'apps', name: 'a', uid: 'u', labels: {}, annotations: { a: '' } };
  const provider = {
    apiVersion: 'v1',
    kind: 'Provider',
    metadata,
    spec: { type: 'github', channel: '', suspend: false, timeout: '90s', secretRef: { name: '' } },
    status: { ready: true },
  };
  const alert = {
    apiVersion: 'v1',
    kind: 'Alert',
    metadata: { ...metadata, generation: 3 },
    spec: {
      eventMetadata: { a: '' },
      eventSources: [{ kind: 'Bucket', name: '*', namespace: '', matchLabels: {} }],
      inclusionList: [],
      providerRef: { name: 'p' },
    },
  };

  const variables = expressionVariables({ event: toTestEvent().flux, provider, alert });

  const kept = { namespace: 'apps', name: 'a', uid: 'u', annotations: { a: '' } };
  assert.deepEqual(variables['provider'], {
    apiVersion: 'v1',
    kind: 'Provider',
    metadata: { generation: 1n, ...kept },
    spec: { type: 'github', timeout: '1m30s', secretRef: { name: '' } },
  });
  assert.deepEqual(variables['alert'], {
    apiVersion: 'v1',
    kind: 'Alert',
    metadata: { generation: 3n, ...kept },
    spec: { eventMetadata: { a: '' }, eventSources: [{ kind: 'Bucket', name: '*' }], providerRef: { name: 'p' } },
  });
});
