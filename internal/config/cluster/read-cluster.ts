// Reads a cluster once, for those who judge what is in it: Alerts, Providers, the Secrets that these name, and name and labels
// of the objects that Alerts may be about.
import { fieldOf } from '../manifest.ts';
import { SECRET_FIELDS } from '../secret-names.ts';
import { API_VERSIONS } from './kinds.ts';
import { type ClusterKey, type ClusterObject, type ClusterResource, messageOf } from './ports.ts';
import { SECRETS } from './secrets.ts';

const CONCURRENT_READS = 8;
/** Where the definitions of kinds are; every API server has it. */
const DEFINITIONS: ClusterResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/** What reading needs of a client. */
export interface ClusterLister {
  resourceFor(apiVersion: string, kind: string): Promise<ClusterResource | undefined>;
  list(resource: ClusterResource, selection?: { readonly metadataOnly?: boolean }): Promise<{ readonly items: readonly ClusterObject[] }>;
  get(resource: ClusterResource, key: ClusterKey): Promise<ClusterObject | undefined>;
}

/** A cluster at one moment. */
export interface ReadCluster {
  readonly objects: readonly ClusterObject[];
  /** Every kind that has a definition; undefined when they may not be read. */
  readonly kinds: ReadonlySet<string> | undefined;
  /** As `namespace/name`: whether there are such Secrets could not be found out. */
  readonly unreadSecrets: ReadonlySet<string>;
  /** What could not be read, and why; it is not judged. */
  readonly unread: readonly { readonly what: string; readonly message: string }[];
}

/** Rejects when the Alerts and Providers themselves cannot be read. */
export async function readCluster(client: ClusterLister): Promise<ReadCluster> {
  const unread: { what: string; message: string }[] = [];
  const orTold = async <Value>(what: string, reading: Promise<Value>, onUnread?: () => void): Promise<Value | undefined> => {
    try {
      return await reading;
    } catch (error) {
      unread.push({ what, message: messageOf(error) });
      onUnread?.();
      return undefined;
    }
  };
  const alerts = await listKind(client, 'Alert');
  const providers = await listKind(client, 'Provider');
  const secrets: ClusterObject[] = [];
  const unreadSecrets = new Set<string>();
  await each(secretsOf(providers), async (key) => {
    const name = `${key.namespace}/${key.name}`;
    const secret = await orTold(`Secret ${name}`, client.get(SECRETS, key), () => unreadSecrets.add(name));
    if (secret !== undefined) secrets.push(secret);
  });
  const definitions = (await orTold('CustomResourceDefinitions', client.list(DEFINITIONS)))?.items.flatMap(toDefinition);
  const named = new Set(alerts.flatMap(kindsOf));
  const subjects: ClusterObject[] = [];
  await each(
    (definitions ?? []).filter(({ kind }) => named.has(kind)),
    async (resource) => {
      const listed = await orTold(`${resource.kind} objects`, client.list(resource, { metadataOnly: true }));
      subjects.push(...(listed?.items ?? []));
    },
  );
  const kinds = definitions === undefined ? undefined : new Set(definitions.map(({ kind }) => kind));
  return { objects: [...alerts, ...providers, ...secrets, ...subjects], kinds, unreadSecrets, unread };
}

async function listKind(client: ClusterLister, kind: string): Promise<readonly ClusterObject[]> {
  for (const apiVersion of API_VERSIONS) {
    const resource = await client.resourceFor(apiVersion, kind);
    if (resource !== undefined) return (await client.list(resource)).items.map(withoutStatus);
  }
  return [];
}

/** What a person did not write is not theirs to mend. */
function withoutStatus(object: ClusterObject): ClusterObject {
  const { status: _status, ...rest } = object;
  return rest;
}

interface SecretKey {
  readonly namespace: string;
  readonly name: string;
}

function secretsOf(providers: readonly ClusterObject[]): SecretKey[] {
  const keys = new Map<string, SecretKey>();
  for (const { metadata, spec } of providers) {
    for (const field of SECRET_FIELDS) {
      const name = fieldOf(fieldOf(spec, field), 'name');
      const { namespace = '' } = metadata;
      if (typeof name === 'string' && name !== '') keys.set(`${namespace}/${name}`, { namespace, name });
    }
  }
  return [...keys.values()];
}

function kindsOf({ spec }: ClusterObject): string[] {
  const sources = fieldOf(spec, 'eventSources');
  return Array.isArray(sources) ? sources.map((source) => fieldOf(source, 'kind')).filter((kind) => typeof kind === 'string') : [];
}

function toDefinition({ spec }: ClusterObject): ClusterResource[] {
  const names = fieldOf(spec, 'names');
  const [group, plural, kind] = [fieldOf(spec, 'group'), fieldOf(names, 'plural'), fieldOf(names, 'kind')];
  const versions = fieldOf(spec, 'versions');
  const served: unknown = Array.isArray(versions) ? versions.find((version) => fieldOf(version, 'served') === true) : undefined;
  const version = fieldOf(served, 'name');
  if (typeof group !== 'string' || typeof plural !== 'string' || typeof kind !== 'string' || typeof version !== 'string') return [];
  return [{ group, version, plural, kind, namespaced: fieldOf(spec, 'scope') === 'Namespaced' }];
}

async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, worker));
}
