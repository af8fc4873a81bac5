// The custom resources as Flux's own CRDs define them, made from ours by taking away what is wider: the recorded answers of
// an API server with the real ones say whether the result is the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { FLUX_PROVIDER_TYPES, FLUX_SOURCE_KINDS } from '../../internal/dialects/flux/schema.ts';
import type { CrdManifest, Schema } from './crd-validator.ts';

type CrdVersion = CrdManifest['spec']['versions'][number];
type Change = (schema: Schema) => Schema;

const FOLDER = join(import.meta.dirname, '../../manifests/crds');

/** Ours, as `manifests/crds` holds them. */
export function ownCrds(): readonly CrdManifest[] {
  return ['alerts', 'providers', 'receivers'].map((plural) => parse(readFileSync(join(FOLDER, `${plural}.yaml`), 'utf8')) as CrdManifest);
}

/** Flux's. */
export function fluxCrds(): readonly CrdManifest[] {
  return ownCrds().map((crd) => ({
    ...crd,
    spec: { ...crd.spec, versions: crd.spec.versions.map(VERSION_OF[crd.spec.names.kind] ?? keep) },
  }));
}

const fluxKind: Change = (schema) => {
  const { pattern: _, ...rest } = schema;
  return { ...rest, enum: FLUX_SOURCE_KINDS };
};
const fluxKinds: Change = inItems(inProperty('kind', fluxKind));

const VERSION_OF: Readonly<Record<string, (version: CrdVersion) => CrdVersion>> = {
  Alert: (version) => withoutStatus(withSpec(version, inProperty('eventSources', fluxKinds))),
  Provider: (version) =>
    withoutStatus(
      withSpec(
        version,
        inProperty('type', (type) => ({ ...type, enum: FLUX_PROVIDER_TYPES })),
      ),
    ),
  Receiver: (version) => withSpec(version, inProperty('resources', fluxKinds)),
};

function keep(version: CrdVersion): CrdVersion {
  return version;
}

function inItems(change: Change): Change {
  return (schema) => ({ ...schema, items: change(schema.items ?? {}) });
}

function inProperty(name: string, change: Change): Change {
  return (schema) => ({ ...schema, properties: { ...schema.properties, [name]: change(schema.properties?.[name] ?? {}) } });
}

function withSpec(version: CrdVersion, change: Change): CrdVersion {
  return { ...version, schema: { openAPIV3Schema: inProperty('spec', change)(version.schema.openAPIV3Schema) } };
}

function withoutStatus(whole: CrdVersion): CrdVersion {
  const { subresources: _, ...version } = whole;
  const { status: __, ...properties } = version.schema.openAPIV3Schema.properties ?? {};
  const columns = version.additionalPrinterColumns?.filter(({ name }) => name === 'Age') ?? [];
  return { ...version, additionalPrinterColumns: columns, schema: { openAPIV3Schema: { ...version.schema.openAPIV3Schema, properties } } };
}

/** A kind that takes any spec, in place of the real one. */
export function toKindCrd({ group, version, kind }: { readonly group: string; readonly version: string; readonly kind: string }): object {
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: 'Namespaced',
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}
