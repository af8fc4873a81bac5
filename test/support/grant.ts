// Rights in a namespace, as an administrator gives them.
import type { Cluster } from './cluster.ts';

/** Binds a Role of its own, with these rules, to a service account. */
export async function grant(cluster: Cluster, namespace: string, account: string, rules: readonly object[]): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: account, namespace };
  await cluster.apply([
    { apiVersion, kind: 'Role', metadata, rules },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  ]);
}
