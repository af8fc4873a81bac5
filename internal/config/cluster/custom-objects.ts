// Alerts and Providers as the cluster reports them → one Snapshot after the other. What did not change stays the very same
// object, an object that is broken keeps its last good version, and a burst of changes costs one Snapshot.
import { createPace } from '../pace.ts';
import type { ManifestDialect, ManifestFault } from '../manifest.ts';
import type { Route, Snapshot, SnapshotChanges, SnapshotSource, Target } from '../../routing/route.ts';
import { emptySnapshot, nextSnapshot } from '../../routing/snapshot.ts';
import type { Clock, Logger } from '../../sdk/ports.ts';
import { toKey } from '../../sdk/target.ts';
import { type ObjectFinding, type ReadObject, readObject, toFault } from './read-object.ts';
import { type ClusterObject, type FollowListener, nameOf } from './ports.ts';

/** A lone change is in use at once; of many, the next Snapshot waits this long for more. */
const GATHER_MS = 50;

export interface CustomObjectsOptions {
  readonly dialect: ManifestDialect;
  /** Nothing is known before every one of them has been listed. */
  readonly kinds: readonly string[];
  /** Told of every object as it was read, by `Kind/namespace/name`; null = it is gone. */
  readonly onRead?: (key: string, object: ClusterObject | null, read: ReadObject | null) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

type Listener = (snapshot: Snapshot, changedTargets: readonly string[]) => void;

interface Known {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly route: Route | null;
  readonly target: Target | null;
  readonly findings: readonly ObjectFinding[];
}

interface Changes {
  readonly upsertRoutes: Map<string, Route>;
  readonly removeRoutes: Set<string>;
  readonly upsertTargets: Map<string, Target>;
  readonly removeTargets: Set<string>;
}

/** Collects what is reported and hands out Snapshots. */
export class CustomObjects implements SnapshotSource {
  readonly #options: CustomObjectsOptions;
  readonly #listeners = new Set<Listener>();
  /** By `Kind/namespace/name`. */
  readonly #known = new Map<string, Known>();
  /** Keys of those with findings. */
  readonly #faulty = new Set<string>();
  readonly #listed = new Set<string>();
  #pending = new Map<string, ClusterObject | null>();
  /** What was pending when the Snapshot under way was begun; not all of it is known yet. */
  #taking: ReadonlyMap<string, ClusterObject | null> = new Map();
  #snapshot: Snapshot = emptySnapshot();
  #isComplete = false;
  #isTaking = false;
  #takenMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(options: CustomObjectsOptions) {
    this.#options = options;
  }

  current(): Snapshot | null {
    return this.#isComplete ? this.#snapshot : null;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody that something which Snapshots do not hold has changed: Secrets of these Targets, or labels. */
  announce(changedTargets: readonly string[]): void {
    if (!this.#isComplete || this.#isClosed) return;
    for (const listener of this.#listeners) listener(this.#snapshot, changedTargets);
  }

  faults(): readonly ManifestFault[] {
    return [...this.#faulty].toSorted().flatMap((key) => {
      const known = this.#known.get(key);
      return (known?.findings ?? []).map((finding) => toFault(key, finding, known?.route !== null || known.target !== null));
    });
  }

  /** What a reflection of this kind reports to. */
  listenerFor(kind: string): Omit<FollowListener, 'state'> {
    return {
      replaced: (objects) => this.#replace(kind, objects),
      upserted: (object) => this.#note(nameOf(object), object),
      deleted: (object) => this.#note(nameOf(object), null),
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#listeners.clear();
  }

  #replace(kind: string, objects: readonly ClusterObject[]): void {
    const keys = new Set(objects.map((object) => nameOf(object)));
    const prefix = `${kind}/`;
    for (const key of [...this.#known.keys(), ...this.#taking.keys(), ...this.#pending.keys()]) {
      if (key.startsWith(prefix) && !keys.has(key)) this.#pending.set(key, null);
    }
    for (const object of objects) this.#pending.set(nameOf(object), object);
    this.#listed.add(kind);
    this.#schedule();
  }

  #note(key: string, object: ClusterObject | null): void {
    this.#pending.set(key, object);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isTaking || this.#isClosed || this.#cancel !== undefined) return;
    const { clock } = this.#options;
    const delayMs = Math.max(0, this.#takenMs + GATHER_MS - clock.monotonicMs());
    this.#cancel = clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      void this.#take();
    });
  }

  async #take(): Promise<void> {
    this.#isTaking = true;
    const { clock, kinds } = this.#options;
    const isComplete = this.#isComplete || kinds.every((kind) => this.#listed.has(kind));
    this.#taking = this.#pending;
    this.#pending = new Map();
    await this.#apply(this.#taking, isComplete);
    this.#taking = new Map();
    this.#takenMs = clock.monotonicMs();
    this.#isTaking = false;
    if (this.#pending.size > 0) this.#schedule();
  }

  async #apply(pending: ReadonlyMap<string, ClusterObject | null>, isComplete: boolean): Promise<void> {
    const pace = createPace(() => this.#options.clock.monotonicMs());
    const changes: Changes = { upsertRoutes: new Map(), removeRoutes: new Set(), upsertTargets: new Map(), removeTargets: new Set() };
    for (const [key, object] of pending) {
      this.#noteChange(key, object, changes);
      await pace.rest();
    }
    if (this.#isClosed) return;
    const changedTargets = [...changes.upsertTargets.keys(), ...changes.removeTargets];
    const count = changedTargets.length + changes.upsertRoutes.size + changes.removeRoutes.size;
    const isFirst = isComplete && !this.#isComplete;
    if (count > 0) this.#snapshot = nextSnapshot(this.#snapshot, toSnapshotChanges(changes));
    this.#isComplete = isComplete;
    if (!isComplete || (count === 0 && !isFirst)) return;
    const { routes, targets } = this.#snapshot;
    const counts = { routes: routes.size, targets: targets.size, faults: this.#faulty.size, changed: count };
    this.#options.log[isFirst ? 'info' : 'debug'](counts, 'objects of the cluster are in use');
    this.announce(isFirst ? [...targets.keys()] : changedTargets);
  }

  /** A mistake of ours costs the one object that shows it. */
  #noteChange(key: string, object: ClusterObject | null, changes: Changes): void {
    try {
      if (object === null) this.#remove(key, changes);
      else this.#upsert(key, object, changes);
    } catch (error) {
      this.#options.log.error({ error, object: key }, 'an object of the cluster could not be read');
    }
  }

  #upsert(key: string, object: ClusterObject, changes: Changes): void {
    const old = this.#known.get(key);
    const { resourceVersion = '', uid = '' } = object.metadata;
    if (old !== undefined && resourceVersion !== '' && old.resourceVersion === resourceVersion && old.uid === uid) return;
    const read = readObject(object, this.#options.dialect);
    this.#options.onRead?.(key, object, read);
    const isRefused = read.route === null && read.target === null;
    // A new object of the same name owes nothing to the one that was deleted.
    const last = old?.uid === uid ? old : undefined;
    const route = isRefused ? (last?.route ?? null) : sameOr(last?.route, read.route);
    const target = isRefused ? (last?.target ?? null) : sameOr(last?.target, read.target);
    this.#known.set(key, { uid, resourceVersion, route, target, findings: read.findings });
    this.#noteFindings(key, old?.findings ?? [], read.findings);
    if (route === null && target === null) return drop(old, changes);
    if (route !== null && route !== old?.route) put(changes.upsertRoutes, changes.removeRoutes, toKey(route.ref), route);
    if (target !== null && target !== old?.target) put(changes.upsertTargets, changes.removeTargets, target.key, target);
  }

  #remove(key: string, changes: Changes): void {
    const old = this.#known.get(key);
    this.#known.delete(key);
    this.#faulty.delete(key);
    this.#options.onRead?.(key, null, null);
    drop(old, changes);
  }

  /** Says each fault once, when it appears. */
  #noteFindings(key: string, before: readonly ObjectFinding[], now: readonly ObjectFinding[]): void {
    if (now.length > 0) this.#faulty.add(key);
    else this.#faulty.delete(key);
    const told = new Set(before.map(({ field, message }) => `${field} ${message}`));
    for (const { severity, ...finding } of now) {
      if (told.has(`${finding.field} ${finding.message}`)) continue;
      const fields = { object: key, ...finding };
      if (severity === 'error') this.#options.log.error(fields, 'an object is not used as it stands');
      else this.#options.log.warn(fields, 'an object has a fault');
    }
  }
}

/** The version that everybody holds, as long as it says the same. */
function sameOr<T extends Route | Target>(old: T | null | undefined, next: T | null): T | null {
  return old !== undefined && old !== null && next !== null && old.hash === next.hash ? old : next;
}

function put<T>(upserts: Map<string, T>, removals: Set<string>, key: string, value: T): void {
  removals.delete(key);
  upserts.set(key, value);
}

function drop(old: Known | undefined, { upsertRoutes, removeRoutes, upsertTargets, removeTargets }: Changes): void {
  if (old?.route) {
    const key = toKey(old.route.ref);
    upsertRoutes.delete(key);
    removeRoutes.add(key);
  }
  if (old?.target) {
    upsertTargets.delete(old.target.key);
    removeTargets.add(old.target.key);
  }
}

function toSnapshotChanges({ upsertRoutes, removeRoutes, upsertTargets, removeTargets }: Changes): SnapshotChanges {
  return {
    upsertRoutes: [...upsertRoutes.values()],
    removeRoutes: [...removeRoutes],
    upsertTargets: [...upsertTargets.values()],
    removeTargets: [...removeTargets],
  };
}
