// Wakes what waits for a Secret: at once where the Secret can be watched (those that carry Flux's label, or all of them with
// the feature gate CacheSecretsAndConfigMaps), and by looking again and again where not.
import type { Snapshot } from '../../routing/route.ts';
import type { Clock, Logger } from '../../sdk/ports.ts';
import { secretsOf } from '../secret-names.ts';
import { KindWatch } from './kind-watch.ts';
import { type ClusterObject, type ClusterReader, type FollowListener, placeOf } from './ports.ts';
import { type ClusterSecrets, versionOf } from './secrets.ts';

const LOOK_EVERY_MS = 15_000;
/** Secrets looked at in one round; the others have their turn in the next. */
const MAX_LOOKS = 200;
/** Nothing waits longer than this for anything. */
const LONGEST_WAIT_MS = 24 * 3_600_000;
const MAX_WAITING = 10_000;

export interface SecretWatchOptions {
  readonly cluster: Pick<ClusterReader, 'follow' | 'resourceFor'>;
  readonly namespace?: string | undefined;
  /** undefined: every Secret is watched, and the versions that are seen spare reads. */
  readonly labelSelector: string | undefined;
  /** False with the feature gate DisableConfigWatchers. */
  readonly isWatching: boolean;
  readonly secrets: Pick<ClusterSecrets, 'expire' | 'lastVersion' | 'look'>;
  readonly snapshot: () => Snapshot | null;
  /** Told of Targets whose Secrets changed. */
  readonly onChanged: (targets: readonly string[]) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Follows the Secrets of Targets. */
export class SecretWatch {
  readonly #options: SecretWatchOptions;
  /** By `namespace/name`, of the Secrets that are watched. */
  readonly #versions = new Map<string, string>();
  readonly #watch: KindWatch;
  /** Targets with a delivery that waits until somebody changes something, and since when. */
  readonly #waiting = new Map<string, number>();
  /** Where the next round begins. */
  #turn = 0;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: SecretWatchOptions) {
    this.#options = options;
    const { clock, cluster, labelSelector, log, namespace } = options;
    this.#watch = new KindWatch({
      cluster,
      kind: 'Secret',
      apiVersions: ['v1'],
      namespace,
      labelSelector,
      metadataOnly: true,
      trim: ({ apiVersion, kind, metadata: { name, namespace: place = '', uid = '', resourceVersion = '' } }) => ({
        apiVersion,
        kind,
        metadata: { name, namespace: place, uid, resourceVersion },
      }),
      listener: this.#listener(),
      clock,
      log,
    });
  }

  start(): void {
    if (this.#options.isWatching) this.#watch.start();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#watch.stop();
    this.#cancel?.();
  }

  /** A delivery of the Target waits for a change. */
  waits(targetKey: string): void {
    if (this.#waiting.size < MAX_WAITING) this.#waiting.set(targetKey, this.#options.clock.monotonicMs());
  }

  /** The Target takes messages. */
  works(targetKey: string): void {
    this.#waiting.delete(targetKey);
  }

  /** Somebody read another version than before. */
  changed(key: string): void {
    this.#tell(new Set([key]));
  }

  /** The version that is in the cluster; undefined where that is not known without asking. */
  readonly currentVersion = (key: string): string | undefined => {
    const isKnown = this.#options.isWatching && this.#options.labelSelector === undefined && this.#watch.state.kind === 'synced';
    return isKnown ? (this.#versions.get(key) ?? '') : undefined;
  };

  #listener(): Omit<FollowListener, 'state'> {
    return {
      replaced: (objects) => {
        const gone = new Set(this.#versions.keys());
        for (const object of objects) gone.delete(placeOf(object));
        for (const key of gone) this.#versions.delete(key);
        this.#note(objects);
      },
      upserted: (object) => this.#note([object]),
      deleted: (object) => {
        this.#versions.delete(placeOf(object));
        this.#options.secrets.expire(placeOf(object));
      },
    };
  }

  #note(objects: readonly ClusterObject[]): void {
    const changed = new Set<string>();
    for (const object of objects) {
      const key = placeOf(object);
      const version = versionOf(object);
      this.#versions.set(key, version);
      const last = this.#options.secrets.lastVersion(key);
      // What nobody has read yet is read when it is needed.
      if (last === undefined || last === version) continue;
      this.#options.secrets.expire(key);
      changed.add(key);
    }
    this.#tell(changed);
  }

  #tell(changed: ReadonlySet<string>): void {
    if (changed.size === 0) return;
    const targets = [...(this.#options.snapshot()?.targets.values() ?? [])];
    const affected = targets.filter((target) => secretsOf(target).some((key) => changed.has(key)));
    if (affected.length > 0) this.#options.onChanged(affected.map(({ key }) => key));
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.schedule(LOOK_EVERY_MS, () => {
      void this.#look().finally(() => this.#schedule());
    });
  }

  /** One after the other: what waits for a person can wait a little longer. */
  async #look(): Promise<void> {
    const keys = this.#awaited();
    const start = this.#turn < keys.length ? this.#turn : 0;
    const round = keys.slice(start, start + MAX_LOOKS);
    this.#turn = start + round.length;
    for (const key of round) {
      if (this.#isStopped) return;
      const slash = key.indexOf('/');
      // Whoever needs the Secret says why it cannot be read; here it is looked for again with the next round.
      await this.#options.secrets.look(key.slice(0, slash), key.slice(slash + 1)).catch(() => undefined);
    }
  }

  /** The Secrets of Targets that wait, except those whose changes are seen anyway. */
  #awaited(): string[] {
    const targets = this.#options.snapshot()?.targets;
    if (targets === undefined) return [];
    const nowMs = this.#options.clock.monotonicMs();
    const keys = new Set<string>();
    for (const [targetKey, sinceMs] of this.#waiting) {
      const target = targets.get(targetKey);
      if (target === undefined || nowMs - sinceMs > LONGEST_WAIT_MS) this.#waiting.delete(targetKey);
      else for (const key of secretsOf(target)) if (!this.#isSeen(key)) keys.add(key);
    }
    return [...keys];
  }

  #isSeen(key: string): boolean {
    return this.#watch.state.kind === 'synced' && (this.#options.labelSelector === undefined || this.#versions.has(key));
  }
}
