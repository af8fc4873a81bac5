// A folder of manifests, or what is in a cluster, for commands that need no server: read once, watched by nobody.
import { catalog } from '../internal/catalog/catalog.ts';
import { openDirectory } from '../internal/config/directory/directory.ts';
import { readObjects } from '../internal/config/directory/read-folder.ts';
import { groupOf, labelKey, type ManifestFault } from '../internal/config/manifest.ts';
import { createResolver } from '../internal/credentials/resolver.ts';
import type { SecretSource } from '../internal/credentials/source.ts';
import { createFluxDialect } from '../internal/dialects/flux/dialect.ts';
import type { DecideContext } from '../internal/routing/decide.ts';
import type { LabelSource, Snapshot, Target } from '../internal/routing/route.ts';
import { emptySnapshot, nextSnapshot } from '../internal/routing/snapshot.ts';
import type { ResolvedTarget } from '../internal/sdk/credentials.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';
import type { Redactor } from '../internal/sdk/transport.ts';
import { createRedactor } from '../internal/telemetry/redactor.ts';
import { readConnectedCluster } from './cluster-objects.ts';
import type { FolderFlags } from './folder-flags.ts';
import { SILENT } from './silent-log.ts';
import { systemClock } from './system-clock.ts';

/** What a folder says, as a server that serves it would know it. */
export interface OpenFolder {
  readonly snapshot: Snapshot;
  readonly context: DecideContext;
  /** Objects that are not used, because of what is wrong with them. */
  readonly faults: readonly ManifestFault[];
  readonly redactor: Redactor;
  resolve(target: Target): Promise<ResolvedTarget>;
  /** Names of the keys of a Secret; undefined when there is none. */
  secretKeys(namespace: string, name: string): Promise<readonly string[] | undefined>;
}

/** Reads the folder; rejects with ConfigFault, or with StartupError when a cluster cannot be read. */
export async function openFolder(flags: FolderFlags): Promise<OpenFolder> {
  const { kubeconfig, manifests, noCrossNamespaceRefs } = flags;
  if (kubeconfig !== undefined && manifests.length > 0)
    throw new ConfigFault('name either a folder with --manifests or a cluster with --kubeconfig');
  const redactor = createRedactor();
  const { faults, labels, secrets, snapshot } =
    kubeconfig === undefined ? await readManifests(flags) : await readObjectsOf(kubeconfig, redactor);
  const resolver = createResolver({ secrets, redactor, featureGates: { objectLevelWorkloadIdentity: true } });
  return {
    snapshot,
    context: { labels, noCrossNamespaceRefs },
    faults: faults.filter(({ severity }) => severity === 'error'),
    redactor,
    resolve: (target) => resolver.resolve(target),
    secretKeys: async (namespace, name) => {
      // A Secret that is broken is told of by whoever resolves it.
      const data = await secrets.get(namespace, name).catch(() => undefined);
      return data === undefined ? undefined : Object.keys(data);
    },
  };
}

interface Read {
  readonly snapshot: Snapshot;
  readonly labels: LabelSource;
  readonly secrets: SecretSource;
  readonly faults: readonly ManifestFault[];
}

async function readManifests({ manifests, secrets }: FolderFlags): Promise<Read> {
  const directory = await openDirectory({
    paths: manifests,
    ...(secrets === undefined ? {} : { secretsPath: secrets }),
    dialect: createFluxDialect({ catalog }),
    clock: systemClock,
    log: SILENT,
    watch: false,
  });
  directory.close();
  return {
    snapshot: directory.snapshots.current() ?? emptySnapshot(),
    labels: directory.labels,
    secrets: directory.secrets,
    faults: directory.faults(),
  };
}

async function readObjectsOf(kubeconfig: string, redactor: Redactor): Promise<Read> {
  const { objects: read } = await readConnectedCluster(kubeconfig, redactor);
  const { objects, faults } = readObjects('cluster', read, createFluxDialect({ catalog }));
  const secrets = new Map(
    objects.flatMap(({ namespace, name, secret }) => (secret === null ? [] : [[`${namespace}/${name}`, secret.data]])),
  );
  const known = new Map(objects.map((object) => [labelKey(object), object.labels]));
  return {
    snapshot: nextSnapshot(emptySnapshot(), {
      upsertRoutes: objects.flatMap(({ route }) => route ?? []),
      removeRoutes: [],
      upsertTargets: objects.flatMap(({ target }) => target ?? []),
      removeTargets: [],
    }),
    labels: {
      lookup: ({ apiVersion, kind, namespace, name }) => {
        const labels = known.get(labelKey({ group: groupOf(apiVersion), kind, namespace, name }));
        return labels === undefined ? { state: 'missing' } : { state: 'labels', labels };
      },
    },
    secrets: { get: async (namespace, name) => secrets.get(`${namespace}/${name}`) },
    faults,
  };
}
