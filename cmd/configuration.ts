// Where Alerts, Providers, Secrets and labels come from while the server runs.
import type { Authority } from '../internal/admin/visitor.ts';
import { catalog } from '../internal/catalog/catalog.ts';
import { openDirectory } from '../internal/config/directory/directory.ts';
import type { ManifestDialect, ManifestFault } from '../internal/config/manifest.ts';
import type { SecretSource } from '../internal/credentials/source.ts';
import type { ServiceAccountTokens } from '../internal/credentials/workload-identity.ts';
import type { OnFailure, Settled } from '../internal/deliver/reporting.ts';
import { createFluxDialect } from '../internal/dialects/flux/dialect.ts';
import type { StoreEnd } from '../internal/outbox/store.ts';
import type { LabelSource, Notice, SnapshotSource } from '../internal/routing/route.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import type { Redactor } from '../internal/sdk/transport.ts';
import type { ClusterMetrics } from '../internal/telemetry/cluster-metrics.ts';
import { openClusterConfiguration } from './cluster-configuration.ts';
import type { Environment } from './environment.ts';
import { inNamespace } from './namespace-scope.ts';
import type { ServeSettings } from './serve-flags.ts';
import { systemClock } from './system-clock.ts';

/** What the parts of a server ask of its configuration. */
export interface Configuration {
  readonly snapshots: SnapshotSource;
  readonly secrets: SecretSource;
  readonly labels: LabelSource;
  /** Who issues tokens of service accounts; nobody does in a folder. */
  readonly accounts?: ServiceAccountTokens;
  /** Who else may ask the admin API; nobody in a folder. */
  readonly authority?: Authority;
  /** A process of a cluster has no business with its own loopback. */
  readonly isCluster: boolean;
  /** Everything that is wrong now. */
  faults(): readonly ManifestFault[];
  /** What the first Snapshot waits for, where that is known. */
  obstacle?(): string | undefined;
  /** Told of what deciding an event brought up. */
  onNotice(notice: Notice): void;
  /** Told of every try whose result is stored. */
  onSettled(settled: Settled): void;
  onFailure: OnFailure;
  /** Told of what the store ended by itself. */
  onEnded(end: StoreEnd): void;
  /** Told, once, that the store is lost with its machine. */
  onVolatileStore(): void;
  close(): Promise<void> | void;
}

type Early = Pick<Configuration, 'labels' | 'faults' | 'obstacle' | 'authority' | 'onNotice' | 'onEnded'>;

/** Until configuration has been opened there are no labels, no faults, no Snapshot and nobody to tell. */
export const NOTHING_YET: Early & { readonly snapshots: Pick<SnapshotSource, 'current'> } = {
  labels: { lookup: () => ({ state: 'unknown' }) },
  faults: () => [],
  snapshots: { current: () => null },
  onNotice: ignore,
  onEnded: ignore,
};

export interface ConfigurationOptions {
  readonly settings: ServeSettings;
  readonly environment: Environment;
  readonly redactor: Redactor;
  readonly metrics: ClusterMetrics;
  readonly log: Logger;
}

/** Opens what the flags name; rejects with ConfigFault or StartupError when it cannot be read. */
export async function openConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  return options.settings.manifests.length > 0 ? openFolders(options) : openClusterConfiguration(options);
}

async function openFolders({ settings, environment, log }: ConfigurationOptions): Promise<Configuration> {
  const { manifests, secrets } = settings;
  const directory = await openDirectory({
    paths: manifests,
    ...(secrets === undefined ? {} : { secretsPath: secrets }),
    dialect: scopedDialect(settings, environment),
    clock: systemClock,
    log: log.child({ logger: 'manifests' }),
    watch: true,
  });
  return {
    snapshots: directory.snapshots,
    secrets: directory.secrets,
    labels: directory.labels,
    isCluster: false,
    faults: () => directory.faults(),
    // Nobody looks for news in a folder: what the log and the ledger say is all there is.
    onNotice: ignore,
    onSettled: ignore,
    onFailure: ignore,
    onEnded: ignore,
    onVolatileStore: ignore,
    close: () => directory.close(),
  };
}

function ignore(): void {}

function scopedDialect({ watchAllNamespaces }: ServeSettings, { runtimeNamespace }: Environment): ManifestDialect {
  const dialect = createFluxDialect({ catalog });
  return watchAllNamespaces ? dialect : inNamespace(dialect, runtimeNamespace ?? '');
}
