// The generated CRDs against what Flux's were recorded accepting, and against what Kubernetes lets a CRD be.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { catalog } from '../../internal/catalog/catalog.ts';
import { toManifests } from '../../internal/catalog/derive/docs.ts';
import { COMMIT_STATUS_RULE_MESSAGE, FLUX_PROVIDER_TYPES, FLUX_SOURCE_KINDS } from '../../internal/dialects/flux/schema.ts';
import { admit, type CrdManifest, type Schema } from '../support/crd-validator.ts';
import { ownCrds } from '../support/flux-crds.ts';
import { recordedObjects } from '../support/recorded-crds.ts';

const root = join(import.meta.dirname, '../..');
const GROUP = 'notification.toolkit.fluxcd.io';

const crds = new Map(ownCrds().map((crd) => [crd.spec.names.kind, crd]));
const recorded = recordedObjects().filter(({ given, isDeviating }) => crds.has(given.manifest.kind) && !isDeviating);

test('there is enough that was recorded', () => {
  assert.ok(recorded.length > 200, `${recorded.length} cases`);
});

for (const { name, note, given, then } of recorded) {
  test(`${name}: ${note}`, () => {
    const { faults, object } = admit(crdOf(given.manifest.kind), given.manifest);

    assert.equal(faults.length === 0, then.accepted, faults.join('; ') || then.message);
    if (then.defaulted?.['spec'] !== undefined) assert.deepEqual(object['spec'], then.defaulted['spec']);
  });
}

/** What ours let through beyond Flux's: kinds that look like one. */
const WIDER: readonly (readonly [kind: string, isAccepted: boolean])[] = [
  ['Deployment', true],
  ['FluxInstance', true],
  ['ResourceSet', true],
  ['Terraform', true],
  ['kustomization', false],
  ['*', false],
  ['', false],
  ['A B', false],
  ['X'.repeat(64), false],
];

for (const [kind, isAccepted] of WIDER) {
  test(`the source kind ${JSON.stringify(kind)} is ${isAccepted ? 'accepted' : 'refused'}`, () => {
    const spec = { providerRef: { name: 'p' }, eventSources: [{ kind, name: '*' }] };

    assert.equal(admit(crdOf('Alert'), manifest('Alert', spec)).faults.length === 0, isAccepted);
  });
}

test('every type of Flux and every type of ours may be named, and every kind of Flux', () => {
  for (const type of [...FLUX_PROVIDER_TYPES, ...catalog.types]) {
    assert.deepEqual(admit(crdOf('Provider'), manifest('Provider', { type })).faults, [], type);
  }
  for (const kind of FLUX_SOURCE_KINDS) {
    const spec = { providerRef: { name: 'p' }, eventSources: [{ kind, name: '*' }] };
    assert.deepEqual(admit(crdOf('Alert'), manifest('Alert', spec)).faults, [], kind);
  }
});

test('the rule of commitStatusExpr speaks Flux words', () => {
  const { faults } = admit(crdOf('Provider'), manifest('Provider', { type: 'slack', commitStatusExpr: "'x'" }));

  assert.deepEqual(faults, [`.spec: ${COMMIT_STATUS_RULE_MESSAGE}`]);
});

test('an example of any provider passes the CRD', () => {
  for (const type of catalog.types) {
    const definition = catalog.get(type);
    for (const example of definition?.examples ?? []) {
      const [provider] = toManifests(definition as NonNullable<typeof definition>, example);
      assert.deepEqual(admit(crdOf('Provider'), provider as Record<string, unknown>).faults, [], example.title);
    }
  }
});

test('the samples pass the CRDs, and every Alert and Provider finds what it names', () => {
  const objects = globSync('manifests/samples/*.yaml', { cwd: root })
    .flatMap((path) => parseAllDocuments(readFileSync(join(root, path), 'utf8')))
    .map((document) => document.toJS() as Sample);
  const names = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`));

  for (const object of objects) {
    const { namespace, name } = object.metadata;
    const crd = crds.get(object.kind);
    if (crd !== undefined) assert.deepEqual(admit(crd, object).faults, [], name);
    for (const [field, kind] of [
      ['providerRef', 'Provider'],
      ['secretRef', 'Secret'],
    ] as const) {
      const reference = (object.spec?.[field] as { readonly name: string } | undefined)?.name;
      if (reference !== undefined) assert.ok(names.has(`${kind}/${namespace}/${reference}`), `${name}: ${kind} ${reference}`);
    }
  }
  assert.ok(objects.length >= 8);
});

for (const [kind, crd] of crds) {
  test(`${kind}: versions, names and subresource`, () => {
    assert.deepEqual(
      crd.spec.versions.map(({ name, served, storage }) => [name, served, storage]),
      [[kind === 'Receiver' ? 'v1' : 'v1beta3', true, true]],
    );
    assert.equal(crd.metadata.name, `${String(crd.spec.names['plural'])}.${GROUP}`);
    assert.equal(crd.metadata.annotations['kustomize.toolkit.fluxcd.io/substitute'], 'disabled');
    assert.deepEqual([crd.spec.scope, crd.spec.conversion.strategy], ['Namespaced', 'None']);
    assert.deepEqual(crd.spec.names['categories'], ['all', 'fluxcd', 'fluxcd-notifications']);
    assert.equal(crd.spec.names['shortNames'], undefined);
    assert.deepEqual(crd.spec.versions[0]?.subresources, { status: {} });
  });

  test(`${kind}: the schema is structural, and every field is described in a sentence`, () => {
    const schema = crd.spec.versions[0]?.schema.openAPIV3Schema;
    assert.ok(schema);

    assert.deepEqual(structureFaults(schema, ''), []);
    assert.equal(schema.required, undefined, 'Flux does not require a spec');
  });
}

interface Sample {
  readonly [field: string]: unknown;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: Readonly<Record<string, unknown>>;
}

const KEYWORDS = new Set(
  (
    'description type default enum format minLength maxLength pattern minimum minItems ' +
    'items properties additionalProperties required x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys'
  ).split(' '),
);

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
function structureFaults(schema: Schema, path: string): string[] {
  const faults = Object.keys(schema)
    .filter((keyword) => !KEYWORDS.has(keyword))
    .map((keyword) => `${path}: ${keyword} may not stand in a CRD`);
  if (schema.type === undefined) faults.push(`${path}: the type is missing`);
  if (schema.properties !== undefined && schema.additionalProperties !== undefined)
    faults.push(`${path}: properties and additionalProperties`);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (path !== '' && !field.description?.endsWith('.')) faults.push(`${path}.${name}: the description is no sentence`);
    faults.push(...structureFaults(field, `${path}.${name}`));
  }
  if (schema.items !== undefined) faults.push(...structureFaults(schema.items, `${path}[]`));
  if (schema.additionalProperties !== undefined) faults.push(...structureFaults(schema.additionalProperties, `${path}{}`));
  return faults;
}

function crdOf(kind: string): CrdManifest {
  const crd = crds.get(kind);
  assert.ok(crd, kind);
  return crd;
}

function manifest(kind: string, spec: object): Readonly<Record<string, unknown>> {
  return { apiVersion: `${GROUP}/v1beta3`, kind, metadata: { name: 'x', namespace: 'apps' }, spec };
}
