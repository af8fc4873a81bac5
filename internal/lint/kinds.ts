// Alerts on kinds that the cluster does not have.
import { suggest } from '../dialects/flux/finding.ts';
import { findingAt, type LintFinding } from './finding.ts';
import type { FolderIndex } from './folder-index.ts';

/** Kinds that send events without a definition of their own: Kubernetes' and those that are told of by Tocsin itself. */
const BUILT_IN = ['Provider', 'Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Node', 'Service'];

/** Looks at every Alert; `kinds` undefined = nobody knows. */
export function findUnknownKinds(index: FolderIndex, kinds: ReadonlySet<string> | undefined): LintFinding[] {
  if (kinds === undefined) return [];
  const known = new Set([...kinds, ...BUILT_IN]);
  return index.alerts.flatMap((alert) =>
    (alert.route?.selectors ?? []).flatMap(({ kind }, position) => {
      if (known.has(kind)) return [];
      const meant = suggest(kind, [...known]);
      const hint = meant === undefined ? 'Install what defines it, or remove the entry.' : `Did you mean ${meant}?`;
      const words = { rule: 'unknown-kind', severity: 'warning', message: `the cluster has no kind ${kind}`, hint } as const;
      return [findingAt(alert, ['spec', 'eventSources', position, 'kind'], words)];
    }),
  );
}
