// Lint of what is in a cluster: there is no elsewhere, and its kinds are known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toAlert, toProvider } from '../../test/support/flux-objects.ts';
import { createRedactor } from '../../test/support/plain-redactor.ts';
import { catalog } from '../catalog/catalog.ts';
import { readObjects } from '../config/directory/read-folder.ts';
import { createFluxDialect } from '../dialects/flux/dialect.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { lintFolder } from './lint.ts';

async function lint(objects: readonly object[], facts?: ClusterFacts): Promise<readonly string[]> {
  const folder = readObjects('cluster', objects, createFluxDialect({ catalog }));
  const findings = await lintFolder(folder, createRedactor(), facts);
  return findings.map(({ severity, rule, file, line, object, message }) => `${severity} ${rule} ${file}:${line} ${object}: ${message}`);
}

const FACTS: ClusterFacts = { kinds: new Set(['Kustomization', 'HelmRelease', 'Widget']), unreadSecrets: new Set() };
const address = 'https://hooks.example.com/flux';

const cases: readonly {
  readonly name: string;
  readonly objects: readonly object[];
  readonly facts?: ClusterFacts;
  readonly want: readonly string[];
}[] = [
  { name: 'everything is there', objects: [toProvider('provider', { address }), toAlert('alert')], facts: FACTS, want: [] },
  {
    name: 'a kind that the cluster does not have',
    objects: [toProvider('provider', { address }), toAlert('alert', { eventSources: [{ kind: 'Kustomisation', name: '*' }] })],
    facts: FACTS,
    want: ['warning unknown-kind cluster:0 Alert/apps/alert: the cluster has no kind Kustomisation'],
  },
  {
    name: 'a kind of somebody else that the cluster has',
    objects: [toProvider('provider', { address }), toAlert('alert', { eventSources: [{ kind: 'Widget', name: '*' }] })],
    facts: FACTS,
    want: [],
  },
  {
    name: 'kinds that nobody may read',
    objects: [toProvider('provider', { address }), toAlert('alert', { eventSources: [{ kind: 'Gadget', name: '*' }] })],
    facts: { ...FACTS, kinds: undefined },
    want: [],
  },
  {
    name: 'a Secret that is not there, in a cluster',
    objects: [toProvider('provider', { address, secretRef: { name: 'token' } }), toAlert('alert')],
    facts: FACTS,
    want: ['error missing-secret cluster:0 Provider/apps/provider: there is no Secret token in the namespace apps'],
  },
  {
    name: 'a Secret that nobody may read',
    objects: [toProvider('provider', { address, secretRef: { name: 'token' } }), toAlert('alert')],
    facts: { ...FACTS, unreadSecrets: new Set(['apps/token']) },
    want: [],
  },
  {
    name: 'a cluster without CRDs',
    objects: [],
    facts: FACTS,
    want: ['warning nothing-to-check :0 : there is no Alert and no Provider in the cluster'],
  },
  {
    name: 'a Secret that is not there, in a folder',
    objects: [toProvider('provider', { address, secretRef: { name: 'token' } }), toAlert('alert')],
    want: ['warning missing-secret cluster:0 Provider/apps/provider: there is no Secret token in the namespace apps'],
  },
];

for (const { name, objects, facts, want } of cases) {
  test(name, async () => {
    assert.deepEqual(await lint(objects, facts), want, name);
  });
}
