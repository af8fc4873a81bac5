// The CustomResourceDefinitions: Flux's field for field, with the same version served and stored, wider only where a kind or
// a type of ours needs it, plus a `status` of Alert and Provider that notification-controller leaves out.
import { stringify } from 'yaml';
import { RECEIVER_RULES, ReceiverSpec } from '../../dialects/flux/receiver-schema.ts';
import { AlertSpec, ProviderSpec } from '../../dialects/flux/schema.ts';
import type { ProviderDefinition } from '../../sdk/provider.ts';
import { allTypes, commitStatusTypes } from './provider-types.ts';
import { type JsonSchema, toSpecSchema, withProperty } from './spec-schema.ts';
import { RECEIVER_STATUS, STATUS } from './status-schema.ts';

/** The API group of all of them. */
export const GROUP = 'notification.toolkit.fluxcd.io';

/** What `kubectl get` shows. */
const COLUMNS = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
] as const;

/** A custom resource definition before it is written. */
export interface Crd {
  readonly kind: string;
  readonly plural: string;
  /** The one version that is served and stored. */
  readonly version: string;
  readonly description: string;
  readonly spec: JsonSchema;
  readonly status: JsonSchema;
}

/** Every resource of ours, in order of its kind. */
export function crds(definitions: readonly ProviderDefinition[]): readonly Crd[] {
  return [
    {
      kind: 'Alert',
      plural: 'alerts',
      version: 'v1beta3',
      description: 'Says which events are sent to a Provider.',
      spec: toSpecSchema(AlertSpec),
      status: STATUS,
    },
    {
      kind: 'Provider',
      plural: 'providers',
      version: 'v1beta3',
      description: 'Says where messages are sent.',
      spec: providerSpec(definitions),
      status: STATUS,
    },
    {
      kind: 'Receiver',
      plural: 'receivers',
      version: 'v1',
      description: 'Says which webhooks reconcile which objects.',
      spec: { ...toSpecSchema(ReceiverSpec), 'x-kubernetes-validations': RECEIVER_RULES },
      status: RECEIVER_STATUS,
    },
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

function toManifest(crd: Crd): object {
  const { kind, plural } = crd;
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
          name: crd.version,
          served: true,
          storage: true,
          additionalPrinterColumns: COLUMNS,
          subresources: { status: {} },
          schema: { openAPIV3Schema: objectSchema(crd) },
        },
      ],
    },
  };
}

function objectSchema({ description, spec, status }: Crd): JsonSchema {
  return {
    description,
    type: 'object',
    properties: {
      apiVersion: { type: 'string', description: 'The group and version of this object.' },
      kind: { type: 'string', description: 'The kind of this object.' },
      metadata: { type: 'object' },
      spec,
      status,
    },
  };
}
