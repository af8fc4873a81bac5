// The CustomResourceDefinitions: Flux's field for field, with the same version served and stored, wider only where a kind or
// a type of ours needs it, plus a `status` that notification-controller leaves out.
import { stringify } from 'yaml';
import { AlertSpec, ProviderSpec } from '../../dialects/flux/schema.ts';
import type { ProviderDefinition } from '../../sdk/provider.ts';
import { allTypes, commitStatusTypes } from './provider-types.ts';
import { type JsonSchema, toSpecSchema, withProperty } from './spec-schema.ts';

const GROUP = 'notification.toolkit.fluxcd.io';
const STORAGE_VERSION = 'v1beta3';

export interface Crd {
  readonly kind: string;
  readonly plural: string;
  readonly description: string;
  readonly spec: JsonSchema;
}

/** Every resource of ours, in order of its kind. */
export function crds(definitions: readonly ProviderDefinition[]): readonly Crd[] {
  return [
    { kind: 'Alert', plural: 'alerts', description: 'Says which events are sent to a Provider.', spec: toSpecSchema(AlertSpec) },
    { kind: 'Provider', plural: 'providers', description: 'Says where messages are sent.', spec: providerSpec(definitions) },
  ];
}

/** The manifest of one resource. */
export function toCrdYaml(crd: Crd): string {
  return `# Written by \`npm run gen\`; do not edit.\n${stringify(toManifest(crd), { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function providerSpec(definitions: readonly ProviderDefinition[]): JsonSchema {
  const types = commitStatusTypes(definitions);
  const quoted = types.map((type) => `'${type}'`).join(', ');
  const schema = withProperty(toSpecSchema(ProviderSpec), 'type', (property) => ({ ...property, enum: allTypes(definitions) }));
  return {
    ...schema,
    'x-kubernetes-validations': [
      {
        message: `spec.commitStatusExpr is only supported for the ${quoted} provider types`,
        rule: [...types.map((type) => `self.type == '${type}'`), '!has(self.commitStatusExpr)'].join(' || '),
      },
    ],
  };
}

function toManifest({ kind, plural, description, spec }: Crd): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}`, annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        categories: ['all', 'fluxcd', 'fluxcd-notifications'],
      },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      versions: [
        {
          name: STORAGE_VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
          subresources: { status: {} },
          schema: { openAPIV3Schema: objectSchema(description, spec) },
        },
      ],
    },
  };
}

function objectSchema(description: string, spec: JsonSchema): JsonSchema {
  return {
    description,
    type: 'object',
    properties: {
      apiVersion: { type: 'string', description: 'The group and version of this object.' },
      kind: { type: 'string', description: 'The kind of this object.' },
      metadata: { type: 'object' },
      spec,
      status: STATUS,
    },
  };
}

const MAX_NAME = 316;
const MAX_MESSAGE = 32_768;
const MAX_REASON = 1_024;

/** Kubernetes' own shape of a condition, and the generation that the conditions speak of. */
const STATUS: JsonSchema = {
  description: 'What was observed of this object.',
  type: 'object',
  properties: {
    conditions: {
      description: 'The latest conditions, one per type.',
      type: 'array',
      items: {
        type: 'object',
        required: ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
        properties: {
          lastTransitionTime: { description: 'When the status changed last.', type: 'string', format: 'date-time' },
          message: { description: 'What there is to know, for people.', type: 'string', maxLength: MAX_MESSAGE },
          observedGeneration: { description: 'The generation that was looked at.', type: 'integer', format: 'int64', minimum: 0 },
          reason: {
            description: 'One word for the cause.',
            type: 'string',
            minLength: 1,
            maxLength: MAX_REASON,
            pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
          },
          status: { description: 'Whether it holds.', type: 'string', enum: ['True', 'False', 'Unknown'] },
          type: {
            description: 'What is said to hold.',
            type: 'string',
            maxLength: MAX_NAME,
            pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
          },
        },
      },
    },
    observedGeneration: { description: 'The generation that was looked at last.', type: 'integer', format: 'int64' },
  },
};
