// The objects of a folder by what rules look them up with.
import type { Folder, FolderObject } from '../config/directory/read-folder.ts';
import { fieldOf } from '../config/manifest.ts';

/** Kustomize's own build file is no object of a cluster, although its kind is called like Flux's. */
const BUILD_GROUP = 'kustomize.config.k8s.io';

/** Looks objects up by kind, namespace and name. */
export interface FolderIndex {
  readonly alerts: readonly FolderObject[];
  readonly providers: readonly FolderObject[];
  findProvider(namespace: string, name: string): FolderObject | undefined;
  providersNamed(name: string): readonly FolderObject[];
  findSecret(namespace: string, name: string): FolderObject | undefined;
  secretsNamed(name: string): readonly FolderObject[];
  /** True when another object of the folder is there to create this Secret. */
  isSecretMade(namespace: string, name: string): boolean;
  /** Objects of a kind by namespace and name; undefined when the folder has none of the kind. */
  objectsOf(kind: string): ReadonlyMap<string, ReadonlyMap<string, FolderObject>> | undefined;
}

/** Indexes the objects; of two definitions of one object the first counts. */
export function indexFolder({ objects }: Folder): FolderIndex {
  const byKind = new Map<string, Map<string, Map<string, FolderObject>>>();
  const named = new Map<string, FolderObject[]>();
  const made = new Set<string>();
  for (const object of objects) {
    if (object.group === BUILD_GROUP) continue;
    for (const name of secretsMadeBy(object)) made.add(`${object.namespace}/${name}`);
    const namespaces = entryOf(byKind, object.kind, () => new Map<string, Map<string, FolderObject>>());
    const names = entryOf(namespaces, object.namespace, () => new Map<string, FolderObject>());
    if (names.has(object.name)) continue;
    names.set(object.name, object);
    entryOf(named, `${object.kind}/${object.name}`, (): FolderObject[] => []).push(object);
  }
  const find = (kind: string, namespace: string, name: string) => byKind.get(kind)?.get(namespace)?.get(name);
  const all = (kind: string) => [...(byKind.get(kind)?.values() ?? [])].flatMap((names) => [...names.values()]);
  return {
    alerts: all('Alert').filter(({ route }) => route !== null),
    providers: all('Provider').filter(({ target }) => target !== null),
    findProvider: (namespace, name) => find('Provider', namespace, name),
    providersNamed: (name) => named.get(`Provider/${name}`) ?? [],
    findSecret: (namespace, name) => find('Secret', namespace, name),
    secretsNamed: (name) => named.get(`Secret/${name}`) ?? [],
    isSecretMade: (namespace, name) => made.has(`${namespace}/${name}`),
    objectsOf: (kind) => byKind.get(kind),
  };
}

/** Sealed and external secrets, certificates: the names of the Secrets that an operator makes of an object. */
function secretsMadeBy({ kind, group, name, raw }: FolderObject): string[] {
  if (group === '') return [];
  const spec = fieldOf(raw, 'spec');
  const candidates = [kind.endsWith('Secret') ? name : undefined, fieldOf(spec, 'secretName'), fieldOf(fieldOf(spec, 'target'), 'name')];
  return candidates.filter((candidate) => typeof candidate === 'string');
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
