// Lint of what is in a cluster: there is no elsewhere, and its kinds are known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toAlert, toProvider } from '../../test/support/flux-objects.ts';
import { createRedactor } from '../../test/support/plain-redactor.ts';
import { catalog } from '../catalog/catalog.ts';
import { readObjects } from '../config/directory/read-folder.ts';
import { createFluxDialect } from '../dialects/flux/dialect.ts';
import { type ClusterFacts, lintFolder } from './lint.ts';

async function lint(objects: readonly object[], facts?: ClusterFacts): Promise<readonly string[]> {
  const folder = readObjects('cluster', objects, createFluxDialect({ catalog }));
  const findings = await lintFolder(folder, createRedactor(), facts);
  return findings.map(({ severity, rule, file, line, object, message }) => `${severity} ${rule} ${file}:${line} ${object}: ${message}`);
}

const KINDS = new Set(['Kustomization', 'HelmRelease', 'Widget']);
const address = 'https://hooks.example.com/flux';

const cases: readonly {
  readonly name: string;
  readonly objects: readonly object[];
  readonly facts?: ClusterFacts;
  readonly want: readonly string[];
}[] = [
  { name: 'everything is there', objects: [toProvider('provider', { address }), toAlert('alert')], facts: { kinds: KINDS }, want: [] },
  {
    name: 'a kind that the cluster does not have',
    objects: [toProvider('provider', { address }), toAlert('alert', { eventSources: [{ kind: 'Kustomisation', name: '*' }] })],
    facts: { kinds: KINDS },
    want: ['warning unknown-kind cluster:0 Alert/apps/alert: the cluster has no kind Kustomisation'],
  },
  {
    name: 'a kind of somebody else that the cluster has',
    objects: [toProvider('provider', { address }), toAlert('alert', { eventSources: [{ kind: 'Widget', name: '*' }] })],
    facts: { kinds: KINDS },
    want: [],
  },
  {
    name: 'kinds that nobody may read',
    objects: [toProvider('provider', { address }), toAlert('alert', { eventSources: [{ kind: 'Gadget', name: '*' }] })],
    facts: { kinds: undefined },
    want: [],
  },
  {
    name: 'a Secret that is not there, in a cluster',
    objects: [toProvider('provider', { address, secretRef: { name: 'token' } }), toAlert('alert')],
    facts: { kinds: KINDS },
    want: ['error missing-secret cluster:0 Provider/apps/provider: there is no Secret token in the namespace apps'],
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
