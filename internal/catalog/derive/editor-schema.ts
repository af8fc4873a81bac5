// JSON Schemas for editors: stricter than the CRDs about unknown fields, and with each type's own words on the fields it uses.
import type { z } from 'zod';
import type { ProviderDefinition } from '../../sdk/provider.ts';
import type { Crd } from './crd.ts';
import { type JsonSchema, mapValues, withProperty } from './spec-schema.ts';

/** Read from a folder in every version; a cluster serves v1beta3. */
const API_VERSIONS = ['v1beta1', 'v1beta2', 'v1beta3', 'v1'].map((version) => `notification.toolkit.fluxcd.io/${version}`);

/** The text of manifests/schemas/<kind>.json. */
export function toEditorSchema(crd: Crd, definitions: readonly ProviderDefinition[]): string {
  const spec = closed(withoutRules(crd.spec));
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Written by npm run gen; do not edit.',
    title: crd.kind,
    description: crd.description,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { enum: API_VERSIONS },
      kind: { const: crd.kind },
      metadata: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, namespace: { type: 'string' } } },
      spec: 'type' in (spec.properties ?? {}) ? perType(spec, definitions) : spec,
      status: { type: 'object' },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
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

function withoutRules(schema: JsonSchema): JsonSchema {
  const { 'x-kubernetes-validations': _, ...rest } = schema;
  return rest;
}

/** Refuses unknown fields at every depth, which is how an editor points out a slip of the keyboard. */
function closed(schema: JsonSchema): JsonSchema {
  const items = schema['items'] as JsonSchema | undefined;
  return {
    ...schema,
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(schema.properties === undefined ? {} : { properties: mapValues(schema.properties, closed), additionalProperties: false }),
  };
}
