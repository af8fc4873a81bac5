// The kinds that events are about, served without a schema: what an API server needs to hold objects with labels.
import { SOURCES } from '../../internal/catalog/derive/source-kinds.ts';

const VERSIONS: Readonly<Record<string, string>> = {
  'source.extensions.fluxcd.io': 'v1beta1',
  'helm.toolkit.fluxcd.io': 'v2',
};

/** One definition per kind that Flux's CRDs let an Alert name. */
export function sourceCrds(): readonly object[] {
  return Object.entries(SOURCES).map(([kind, [group, plural]]) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: 'Namespaced',
      versions: [
        {
          name: VERSIONS[group] ?? 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }));
}
