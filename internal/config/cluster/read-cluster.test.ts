import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toAlert, toProvider, toSecretObject } from '../../../test/support/flux-objects.ts';
import type { ClusterObject, ClusterResource } from './ports.ts';
import { type ClusterLister, readCluster } from './read-cluster.ts';

const KUSTOMIZATIONS = { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', plural: 'kustomizations', kind: 'Kustomization' };

function toDefinition({ group, version, plural, kind }: Omit<ClusterResource, 'namespaced'>): ClusterObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, kind },
      scope: 'Namespaced',
      versions: [
        { name: 'v1beta1', served: false },
        { name: version, served: true },
      ],
    },
  };
}

/** What is listed, by plural; an Error is what listing or getting rejects with. */
function listerOf(content: Readonly<Record<string, readonly ClusterObject[] | Error>>): ClusterLister & { readonly listed: string[] } {
  const listed: string[] = [];
  const read = (plural: string): readonly ClusterObject[] => {
    const found = content[plural] ?? [];
    if (found instanceof Error) throw found;
    return found;
  };
  return {
    listed,
    resourceFor: async (apiVersion, kind) => {
      const [group = '', version = ''] = apiVersion.split('/');
      return version === 'v1beta3' ? { group, version, plural: `${kind.toLowerCase()}s`, kind, namespaced: true } : undefined;
    },
    list: async ({ plural }, { metadataOnly = false } = {}) => {
      listed.push(metadataOnly ? `${plural} (metadata)` : plural);
      return { items: read(plural) };
    },
    get: async ({ plural }, { namespace, name }) =>
      read(plural).find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  };
}

function titles({ objects }: { readonly objects: readonly ClusterObject[] }): string[] {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
}

const web: ClusterObject = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { namespace: 'apps', name: 'web' },
};

test('what Alerts and Providers refer to is read, and nothing else', async () => {
  const client = listerOf({
    alerts: [toAlert('alert')],
    providers: [toProvider('provider', { secretRef: { name: 'token' }, certSecretRef: { name: 'absent' } })],
    secrets: [toSecretObject('token', { token: 'a' }), toSecretObject('of-somebody', { token: 'b' })],
    customresourcedefinitions: [toDefinition(KUSTOMIZATIONS), toDefinition({ ...KUSTOMIZATIONS, plural: 'widgets', kind: 'Widget' })],
    kustomizations: [web],
  });

  const read = await readCluster(client);

  assert.deepEqual(titles(read), ['Alert/alert', 'Kustomization/web', 'Provider/provider', 'Secret/token']);
  assert.deepEqual([...(read.kinds ?? [])], ['Kustomization', 'Widget']);
  assert.deepEqual(client.listed, ['alerts', 'providers', 'customresourcedefinitions', 'kustomizations (metadata)']);
  assert.deepEqual(read.unread, []);
});

test('what may not be read is said and costs nothing else', async () => {
  const client = listerOf({
    alerts: [toAlert('alert')],
    providers: [toProvider('provider', { secretRef: { name: 'token' } })],
    secrets: new Error('secrets is forbidden'),
    customresourcedefinitions: new Error('definitions are forbidden'),
  });

  const read = await readCluster(client);

  assert.deepEqual(titles(read), ['Alert/alert', 'Provider/provider']);
  assert.equal(read.kinds, undefined);
  assert.deepEqual([...read.unreadSecrets], ['apps/token']);
  assert.deepEqual(read.unread, [
    { what: 'Secret apps/token', message: 'secrets is forbidden' },
    { what: 'CustomResourceDefinitions', message: 'definitions are forbidden' },
  ]);
});

test('without the Alerts themselves there is nothing to judge', async () => {
  await assert.rejects(readCluster(listerOf({ alerts: new Error('alerts is forbidden') })), /alerts is forbidden/);
});
