// JSON Schemas for editors: stricter than the CRDs about unknown fields, and with each type's own words on the fields it uses.
import type { z } from 'zod';
import type { ProviderDefinition } from '../../sdk/provider.ts';
import { type Crd, GROUP } from './crd.ts';
import { type JsonSchema, mapValues, withProperty } from './spec-schema.ts';

/** Alerts and Providers are read from a folder in every version; a cluster serves v1beta3. */
const FOLDER_VERSIONS = ['v1beta1', 'v1beta2', 'v1beta3', 'v1'];

/** The text of manifests/schemas/<kind>.json. */
export function toEditorSchema(crd: Crd, definitions: readonly ProviderDefinition[]): string {
  const spec = closed(crd.spec);
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Written by npm run gen; do not edit.',
    title: crd.kind,
    description: crd.description,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { enum: versionsOf(crd).map((version) => `${GROUP}/${version}`) },
      kind: { const: crd.kind },
      metadata: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, namespace: { type: 'string' } } },
      spec: crd.kind === 'Provider' ? perType(spec, definitions) : spec,
      status: { type: 'object' },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function versionsOf({ kind, version }: Crd): readonly string[] {
  return kind === 'Receiver' ? [version] : FOLDER_VERSIONS;
}

/** Editors show the words of the chosen type beside its fields. */
function perType(spec: JsonSchema, definitions: readonly ProviderDefinition[]): JsonSchema {
  const described = withProperty(spec, 'type', (property) => ({
    ...property,
    description: [property.description, ...definitions.map((definition) => `- ${definition.type}: ${definition.summary}`)].join('\n'),
  }));
  const cases = definitions.map((definition) => ({
    if: { properties: { type: { const: definition.type } }, required: ['type'] },
    // oxlint-disable-next-line unicorn/no-thenable
    then: { properties: mapValues(definition.config.shape, (field) => ({ description: (field as z.ZodType).description })) },
  }));
  return { ...described, allOf: cases };
}

/** Refuses unknown fields at every depth, which is how an editor points out a slip of the keyboard. What only an API server reads is left out. */
function closed(whole: JsonSchema): JsonSchema {
  const schema: JsonSchema = Object.fromEntries(Object.entries(whole).filter(([keyword]) => !keyword.startsWith('x-kubernetes-')));
  const items = schema['items'] as JsonSchema | undefined;
  return {
    ...schema,
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(schema.properties === undefined ? {} : { properties: mapValues(schema.properties, closed), additionalProperties: false }),
  };
}
