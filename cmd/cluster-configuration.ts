// Configuration from the cluster that the server runs in, or that --kubeconfig names.
import { catalog } from '../internal/catalog/catalog.ts';
import { openCluster } from '../internal/config/cluster/cluster.ts';
import { createFluxDialect } from '../internal/dialects/flux/dialect.ts';
import { createServiceAccounts } from '../internal/kube/service-accounts.ts';
import { toKey } from '../internal/sdk/target.ts';
import { connectCluster } from './cluster-access.ts';
import { createAuthority } from './cluster-authority.ts';
import { startClusterReports } from './cluster-reports.ts';
import type { Configuration, ConfigurationOptions } from './configuration.ts';
import type { Environment } from './environment.ts';
import { StartupError } from './listen.ts';
import type { ServeSettings } from './serve-flags.ts';
import { systemClock } from './system-clock.ts';

/** True when the flags and the place where this runs name a cluster. */
export function hasCluster(settings: Pick<ServeSettings, 'kubeconfig'>, environment: Pick<Environment, 'kubernetes'>): boolean {
  return settings.kubeconfig !== undefined || environment.kubernetes !== undefined;
}

/** Begins to follow the cluster; nothing is known of it yet when this resolves. */
export async function openClusterConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  const { settings, environment, redactor, metrics, log } = options;
  const { featureGates, kubeApiBurst: burst, kubeApiQps: perSecond, kubeconfig, watchAllNamespaces, watchConfigsLabelSelector } = settings;
  const logger = log.child({ logger: 'cluster' });
  const conceal = (secret: string): void => redactor.add(secret);
  const rate = perSecond > 0 ? { perSecond, burst } : undefined;
  const { client, namespace: own } = await connectCluster({ kubeconfig, environment, conceal, observer: metrics, rate, log: logger });
  const namespace = watchAllNamespaces ? undefined : requireNamespace(environment.runtimeNamespace ?? own);
  const reports = startClusterReports({
    settings,
    environment,
    redactor,
    metrics,
    client,
    namespace: environment.runtimeNamespace ?? own,
    snapshot: () => cluster.snapshots.current(),
    log: logger,
  });
  const cluster = openCluster({
    client,
    namespace,
    onRead: (key, object, read) => reports.onRead(key, object, read),
    dialect: createFluxDialect({ catalog }),
    secrets: {
      isCaching: featureGates.CacheSecretsAndConfigMaps,
      isWatching: !featureGates.DisableConfigWatchers,
      labelSelector: watchConfigsLabelSelector,
    },
    clock: systemClock,
    log: logger,
  });
  cluster.snapshots.subscribe((_snapshot, changed) => reports.onTargets(changed));
  return {
    snapshots: cluster.snapshots,
    secrets: cluster.secrets,
    labels: cluster.labels,
    accounts: createServiceAccounts({ client, conceal }),
    authority: createAuthority(client),
    isCluster: true,
    faults: () => cluster.faults(),
    obstacle: () => cluster.obstacle(),
    onNotice: reports.onNotice,
    onFailure: reports.onFailure,
    onEnded: reports.onEnded,
    onVolatileStore: reports.onVolatileStore,
    onSettled: (settled) => {
      reports.onSettled(settled);
      const { outcome } = settled.settlement;
      const target = toKey(settled.lease.delivery.target);
      if (outcome.kind === 'delivered') cluster.works(target);
      else if (outcome.kind === 'deferred' && outcome.until === 'target-change') cluster.waits(target);
    },
    close: async () => {
      cluster.close();
      await reports.close();
      await client.close();
    },
  };
}

function requireNamespace(namespace: string | undefined): string {
  if (namespace !== undefined && namespace !== '') return namespace;
  throw new StartupError('set RUNTIME_NAMESPACE to the namespace that --watch-all-namespaces=false leaves');
}
