// The Snapshot: all Routes and Targets, indexed by what a Route names. Replacing one Route copies the maps on the way to
// it and shares everything else.
import { hash } from 'node:crypto';
import { toKey } from '../sdk/target.ts';
import type { Candidate, Route, Snapshot, SnapshotChanges, Target } from './route.ts';

const WILDCARD = '*';
const NONE: readonly Candidate[] = [];

/** A Snapshot without any Route or Target: what an empty folder gives. */
export function emptySnapshot(): Snapshot {
  return new IndexedSnapshot({ routes: new Map(), targets: new Map(), index: new Map(), digest: 0n });
}

/** The Snapshot after some changes. Upserts replace by key. */
export function nextSnapshot(previous: Snapshot, changes: SnapshotChanges): Snapshot {
  const before = previous instanceof IndexedSnapshot ? previous : reindexed(previous);
  const edit = new Edit(before.parts);
  for (const key of changes.removeRoutes) edit.removeRoute(key);
  for (const route of changes.upsertRoutes) edit.upsertRoute(route);
  for (const key of changes.removeTargets) edit.removeTarget(key);
  for (const target of changes.upsertTargets) edit.upsertTarget(target);
  return new IndexedSnapshot(edit.finish());
}

/** A Snapshot of somebody else's making, indexed by this module. */
function reindexed(snapshot: Snapshot): IndexedSnapshot {
  const edit = new Edit({ routes: new Map(), targets: new Map(), index: new Map(), digest: 0n });
  for (const route of snapshot.routes.values()) edit.upsertRoute(route);
  for (const target of snapshot.targets.values()) edit.upsertTarget(target);
  return new IndexedSnapshot(edit.finish());
}

/** Routes that name one kind and namespace: all names, or one. */
class Leaf {
  readonly byRoute: ReadonlyMap<string, Candidate>;
  #list: readonly Candidate[] | undefined;

  constructor(byRoute: ReadonlyMap<string, Candidate>) {
    this.byRoute = byRoute;
  }

  get list(): readonly Candidate[] {
    this.#list ??= [...this.byRoute.values()];
    return this.#list;
  }
}

type ByName = ReadonlyMap<string, Leaf>;
type ByNamespace = ReadonlyMap<string, ByName>;
type Index = ReadonlyMap<string, ByNamespace>;

interface Parts {
  readonly routes: ReadonlyMap<string, Route>;
  readonly targets: ReadonlyMap<string, Target>;
  /** Kind, namespace, name or `*`. A Route that names both stands only under `*`. */
  readonly index: Index;
  /** Sum of the digests of all objects, so that one change costs one digest. */
  readonly digest: bigint;
}

class IndexedSnapshot implements Snapshot {
  readonly parts: Parts;
  readonly revision: string;

  constructor(parts: Parts) {
    this.parts = parts;
    this.revision = parts.digest.toString(16).padStart(16, '0');
  }

  get routes(): ReadonlyMap<string, Route> {
    return this.parts.routes;
  }

  get targets(): ReadonlyMap<string, Target> {
    return this.parts.targets;
  }

  candidates(subject: { readonly kind: string; readonly namespace: string; readonly name: string }): readonly Candidate[] {
    const names = this.parts.index.get(subject.kind)?.get(subject.namespace);
    if (names === undefined) return NONE;
    const any = names.get(WILDCARD)?.list ?? NONE;
    // An object cannot be called `*`, but an event can say so.
    const exact = subject.name === WILDCARD ? NONE : (names.get(subject.name)?.list ?? NONE);
    if (exact.length === 0) return any;
    return any.length === 0 ? exact : [...any, ...exact];
  }
}

/** Collects one set of changes; a map is copied when it is first written to. */
class Edit {
  readonly #parts: Parts;
  #routes: Map<string, Route> | undefined;
  #targets: Map<string, Target> | undefined;
  #index: Map<string, ByNamespace> | undefined;
  readonly #owned = new Set<unknown>();
  #digest: bigint;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#digest = parts.digest;
  }

  finish(): Parts {
    const { routes, targets, index } = this.#parts;
    return { routes: this.#routes ?? routes, targets: this.#targets ?? targets, index: this.#index ?? index, digest: this.#digest };
  }

  upsertRoute(route: Route): void {
    const key = toKey(route.ref);
    const routes = this.#ownRoutes();
    const old = routes.get(key);
    if (old !== undefined) this.#forget(key, old);
    routes.set(key, route);
    this.#count('route', key, route.hash);
    for (const [place, candidate] of placesOf(route)) this.#leaf(place).set(key, candidate);
  }

  removeRoute(key: string): void {
    const old = (this.#routes ?? this.#parts.routes).get(key);
    if (old === undefined) return;
    this.#forget(key, old);
    this.#ownRoutes().delete(key);
  }

  upsertTarget(target: Target): void {
    this.removeTarget(target.key);
    this.#ownTargets().set(target.key, target);
    this.#count('target', target.key, target.hash);
  }

  removeTarget(key: string): void {
    const old = (this.#targets ?? this.#parts.targets).get(key);
    if (old === undefined) return;
    this.#ownTargets().delete(key);
    this.#discount('target', key, old.hash);
  }

  #ownRoutes(): Map<string, Route> {
    this.#routes ??= new Map(this.#parts.routes);
    return this.#routes;
  }

  #ownTargets(): Map<string, Target> {
    this.#targets ??= new Map(this.#parts.targets);
    return this.#targets;
  }

  #ownIndex(): Map<string, ByNamespace> {
    this.#index ??= new Map(this.#parts.index);
    return this.#index;
  }

  #forget(key: string, route: Route): void {
    this.#discount('route', key, route.hash);
    for (const [place] of placesOf(route)) {
      const leaf = this.#leaf(place);
      leaf.delete(key);
      if (leaf.size === 0) this.#prune(place);
    }
  }

  /** The writable candidates of a place. */
  #leaf(place: Place): Map<string, Candidate> {
    const names = this.#names(place);
    const leaf = names.get(place.name);
    if (leaf !== undefined && this.#owned.has(leaf)) return leaf.byRoute as Map<string, Candidate>;
    const copy = new Map(leaf?.byRoute);
    const fresh = new Leaf(copy);
    this.#owned.add(fresh);
    names.set(place.name, fresh);
    return copy;
  }

  #names(place: Place): Map<string, Leaf> {
    return this.#own(this.#own(this.#ownIndex(), place.kind), place.namespace);
  }

  /** The writable copy of a map within a map. */
  #own<Value>(parent: Map<string, ReadonlyMap<string, Value>>, key: string): Map<string, Value> {
    const child = parent.get(key);
    if (child !== undefined && this.#owned.has(child)) return child as Map<string, Value>;
    const copy = new Map(child);
    this.#owned.add(copy);
    parent.set(key, copy);
    return copy;
  }

  #prune(place: Place): void {
    const names = this.#names(place);
    names.delete(place.name);
    if (names.size > 0) return;
    const namespaces = this.#own(this.#ownIndex(), place.kind);
    namespaces.delete(place.namespace);
    if (namespaces.size === 0) this.#ownIndex().delete(place.kind);
  }

  #count(kind: string, key: string, contentHash: string): void {
    this.#digest = BigInt.asUintN(64, this.#digest + digestOf(kind, key, contentHash));
  }

  #discount(kind: string, key: string, contentHash: string): void {
    this.#digest = BigInt.asUintN(64, this.#digest - digestOf(kind, key, contentHash));
  }
}

function digestOf(kind: string, key: string, contentHash: string): bigint {
  return BigInt(`0x${hash('sha256', `${kind}\n${key}\n${contentHash}`, 'hex').slice(0, 16)}`);
}

interface Place {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Where a Route stands in the index, each with the selectors that name that kind and namespace. */
function placesOf(route: Route): (readonly [Place, Candidate])[] {
  const groups = Map.groupBy(route.selectors, (selector) => JSON.stringify([selector.kind, selector.namespace]));
  return [...groups.values()].flatMap((selectors) => {
    const [first] = selectors;
    if (first === undefined) return [];
    const names = new Set(selectors.map((selector) => selector.name));
    const candidate: Candidate = { route, selectors };
    const places = names.has(WILDCARD) ? [WILDCARD] : [...names];
    return places.map((name) => [{ kind: first.kind, namespace: first.namespace, name }, candidate] as const);
  });
}
