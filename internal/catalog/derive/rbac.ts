// What the controller may do in a cluster: no more than the kinds need that Flux's CRDs let an Alert name.
import { stringify } from 'yaml';
import { GROUP } from './crd.ts';
import { SOURCES } from './source-kinds.ts';

const NAME = 'notification-controller';
const REVIEWS = 'notification-controller-reviews';
const LEASE = 'notification-controller-leader-election';
const READ = ['get', 'list', 'watch'] as const;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Who somebody is that asks the admin API, and what they may see. */
const REVIEW_RULES: readonly Rule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
];

/** The text of manifests/base/rbac.yaml: everything, where nobody else gives the account any rights. */
export function toRbacYaml(): string {
  return toYaml([
    role('ClusterRole', NAME, [...configurationRules(), ...sourceRules(), ...coreRules(), ...REVIEW_RULES]),
    binding('ClusterRole', NAME),
    role('Role', LEASE, leaseRules()),
    binding('Role', LEASE),
  ]);
}

/** The text of manifests/overlays/drop-in/rbac.yaml: what Flux's own roles for the account leave out. */
export function toDropInRbacYaml(): string {
  return toYaml([role('ClusterRole', REVIEWS, REVIEW_RULES), binding('ClusterRole', REVIEWS, 'flux-system')]);
}

function toYaml(manifests: readonly object[]): string {
  const texts = manifests.map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false }));
  return `# Written by \`npm run gen\`; do not edit.\n${texts.join('---\n')}`;
}

/** The manifests that are followed, the finalizers that are taken off them, and the status that is written where there is one. */
function configurationRules(): readonly Rule[] {
  const apiGroups = [GROUP];
  return [
    { apiGroups, resources: ['alerts', 'providers', 'receivers'], verbs: [...READ, 'patch'] },
    { apiGroups, resources: ['alerts/status', 'providers/status'], verbs: ['patch'] },
  ];
}

/** The objects of events, whose labels an Alert may ask for. */
function sourceRules(): readonly Rule[] {
  const byGroup = Map.groupBy(Object.values(SOURCES), ([group]) => group);
  return [...byGroup].map(([group, sources]) => ({ apiGroups: [group], resources: sources.map(([, plural]) => plural), verbs: READ }));
}

/** Credentials, and what is reported on Alerts. */
function coreRules(): readonly Rule[] {
  return [
    { apiGroups: [''], resources: ['secrets'], verbs: READ },
    { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] },
    { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ];
}

/** Creating cannot be bound to a name. */
function leaseRules(): readonly Rule[] {
  const lease = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  return [
    { ...lease, verbs: ['create'] },
    { ...lease, resourceNames: [LEASE], verbs: ['get', 'update'] },
  ];
}

function role(kind: string, name: string, rules: readonly Rule[]): object {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name }, rules };
}

/** Without a namespace, Kustomize fills in that of the account. */
function binding(kind: string, name: string, namespace?: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ kind: 'ServiceAccount', name: NAME, ...(namespace === undefined ? {} : { namespace }) }],
  };
}
