// Configuration from a cluster: Alerts and Providers as they are, Secrets and labels when they are asked for. What was known
// when the API server went away goes on serving.
import type { SecretSource } from '../../credentials/source.ts';
import type { LabelSource, SnapshotSource } from '../../routing/route.ts';
import type { Clock, Logger } from '../../sdk/ports.ts';
import type { ManifestDialect, ManifestFault } from '../manifest.ts';
import { CustomObjects } from './custom-objects.ts';
import { Finalizers } from './finalizers.ts';
import { KindWatch } from './kind-watch.ts';
import { API_VERSIONS, GROUP } from './kinds.ts';
import { ClusterLabels } from './labels.ts';
import type { ClusterObject, ClusterReader, ClusterWriter, FollowListener } from './ports.ts';
import type { ReadObject } from './read-object.ts';
import { SecretWatch } from './secret-watch.ts';
import { ClusterSecrets } from './secrets.ts';

const CONFIGURING = ['Alert', 'Provider'];
/** Not served by this program, but held back by a finalizer when somebody deletes one. */
const RECEIVER = 'Receiver';
/** Of many answers that come together one is announced. */
const ANNOUNCE_AFTER_MS = 50;

export interface ClusterOptions {
  readonly client: ClusterReader & ClusterWriter;
  /** Only objects of this namespace; all when absent. */
  readonly namespace?: string | undefined;
  readonly dialect: ManifestDialect;
  readonly secrets: {
    /** The feature gate CacheSecretsAndConfigMaps. */
    readonly isCaching: boolean;
    /** Not with the feature gate DisableConfigWatchers. */
    readonly isWatching: boolean;
    /** `--watch-configs-label-selector`; empty = everything. */
    readonly labelSelector: string;
  };
  /** Told of every Alert and Provider as it was read, by `Kind/namespace/name`; null = it is gone. */
  readonly onRead?: (key: string, object: ClusterObject | null, read: ReadObject | null) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A cluster that is followed until it is closed. */
export interface Cluster {
  readonly snapshots: SnapshotSource;
  readonly secrets: SecretSource;
  readonly labels: LabelSource;
  /** Everything that is wrong now. */
  faults(): readonly ManifestFault[];
  /** Why nothing, or nothing new, is heard of Alerts or Providers. */
  obstacle(): string | undefined;
  /** A delivery of this Target waits until its Provider or a Secret changes. */
  waits(targetKey: string): void;
  /** The Target takes messages. */
  works(targetKey: string): void;
  close(): void;
}

/** Begins to follow a cluster; its Snapshot is null until all Alerts and Providers have been listed. */
export function openCluster(options: ClusterOptions): Cluster {
  const cluster = new FollowedCluster(options);
  cluster.start();
  return cluster;
}

class FollowedCluster implements Cluster {
  readonly snapshots: CustomObjects;
  readonly secrets: ClusterSecrets;
  readonly labels: ClusterLabels;
  readonly #options: ClusterOptions;
  readonly #secretWatch: SecretWatch;
  readonly #finalizers: Finalizers;
  readonly #watches: readonly KindWatch[];
  #cancelAnnouncement: (() => void) | undefined;

  constructor(options: ClusterOptions) {
    const { client, clock, dialect, log, namespace, onRead, secrets } = options;
    this.#options = options;
    this.snapshots = new CustomObjects({ dialect, kinds: CONFIGURING, clock, log, ...(onRead === undefined ? {} : { onRead }) });
    const currentVersion = (key: string): string | undefined => (secrets.isCaching ? this.#secretWatch.currentVersion(key) : undefined);
    const onChanged = (key: string): void => this.#secretWatch.changed(key);
    this.secrets = new ClusterSecrets({ cluster: client, clock, currentVersion, onChanged });
    this.#secretWatch = new SecretWatch({
      cluster: client,
      namespace,
      labelSelector: secrets.isCaching || secrets.labelSelector === '' ? undefined : secrets.labelSelector,
      isWatching: secrets.isCaching || secrets.isWatching,
      secrets: this.secrets,
      snapshot: () => this.snapshots.current(),
      onChanged: (targets) => this.snapshots.announce(targets),
      clock,
      log,
    });
    this.labels = new ClusterLabels({ cluster: client, namespace, onKnown: () => this.#announceLabels(), clock, log });
    this.#finalizers = new Finalizers({ cluster: client, clock, log });
    this.#watches = [...CONFIGURING.map((kind) => this.#watchObjects(kind)), this.#watchReceivers()];
  }

  start(): void {
    for (const watch of this.#watches) watch.start();
    this.#secretWatch.start();
  }

  faults(): readonly ManifestFault[] {
    return [...this.snapshots.faults(), ...this.#watches.flatMap(missingKind), ...this.#unreadableLabels()];
  }

  obstacle(): string | undefined {
    return this.#watches.flatMap(missingKind)[0]?.message;
  }

  waits(targetKey: string): void {
    this.#secretWatch.waits(targetKey);
  }

  works(targetKey: string): void {
    this.#secretWatch.works(targetKey);
  }

  close(): void {
    for (const watch of this.#watches) watch.stop();
    this.#secretWatch.stop();
    this.#finalizers.stop();
    this.#cancelAnnouncement?.();
    this.labels.close();
    this.snapshots.close();
  }

  #watchObjects(kind: string): KindWatch {
    const listener = this.#releasing(this.snapshots.listenerFor(kind));
    return this.#watch(kind, { listener });
  }

  #watchReceivers(): KindWatch {
    const nobody = { replaced: ignore, upserted: ignore, deleted: ignore };
    return this.#watch(RECEIVER, { listener: this.#releasing(nobody), metadataOnly: true });
  }

  #watch(kind: string, how: Pick<ConstructorParameters<typeof KindWatch>[0], 'listener' | 'metadataOnly'>): KindWatch {
    const { client, clock, log, namespace } = this.#options;
    return new KindWatch({ cluster: client, kind, apiVersions: API_VERSIONS, namespace, clock, log, ...how });
  }

  #releasing(listener: Omit<FollowListener, 'state'>): Omit<FollowListener, 'state'> {
    return {
      replaced: (objects) => {
        for (const object of objects) this.#finalizers.note(object);
        listener.replaced(objects);
      },
      upserted: (object) => {
        this.#finalizers.note(object);
        listener.upserted(object);
      },
      deleted: (object) => listener.deleted(object),
    };
  }

  /** Whoever asked is asked again soon; together, since labels become known of many objects at once. */
  #announceLabels(): void {
    this.#cancelAnnouncement ??= this.#options.clock.schedule(ANNOUNCE_AFTER_MS, () => {
      this.#cancelAnnouncement = undefined;
      this.snapshots.announce([]);
    });
  }

  #unreadableLabels(): ManifestFault[] {
    return this.labels.faults().map(({ kind, message }) => ({
      ...PLACE,
      object: kind,
      message: `the labels of ${kind} objects cannot be read: ${message}`,
      hint: 'Alerts that ask for labels of this kind wait until they can; grant get, list and watch of it.',
      severity: 'error',
    }));
  }
}

const PLACE = { file: 'cluster', line: 0, column: 0, field: '' } as const;

function missingKind(watch: KindWatch): ManifestFault[] {
  const { kind, state } = watch;
  if (kind === RECEIVER) return [];
  if (state.kind === 'absent') {
    const hint = 'Install the CRDs of Flux or of Tocsin; events are kept until they are there.';
    return [{ ...PLACE, object: kind, message: `the cluster serves no kind ${kind} of ${GROUP}`, hint, severity: 'error' }];
  }
  if (state.kind === 'disconnected') {
    const hint = 'What is known of it goes on serving.';
    return [{ ...PLACE, object: kind, message: `${kind} objects cannot be followed: ${state.message}`, hint, severity: 'error' }];
  }
  return [];
}

function ignore(): void {}
