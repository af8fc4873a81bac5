// Metadata of Flux events: known keys, which entries an event keeps, and what makes two events the same.
import { hash } from 'node:crypto';
import { foldName } from './go-text.ts';
import type { DedupKey, Metadata, ObjectReference } from './event.ts';

/** Prefix of the metadata that comes from the object's annotations. */
export const EVENT_PREFIX = 'event.toolkit.fluxcd.io/';

/** Keys with a meaning, as they stand behind a prefix. */
export const METADATA_KEYS = {
  revision: 'revision',
  originRevision: 'originRevision',
  checksum: 'checksum',
  digest: 'digest',
  token: 'token',
  commit: 'commit',
  commitStatus: 'commit_status',
  changeRequest: 'change_request',
  summary: 'summary',
} as const;

/** Value of `commit_status` that marks an event as nothing but a commit status update. */
export const COMMIT_STATUS_UPDATE = 'update';

const SMALLEST_WINDOW_MS = 1000;

/** The group of an apiVersion; empty for the core group and for what is not one. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  if (slash < 0 || apiVersion.indexOf('/', slash + 1) >= 0) return '';
  return apiVersion.slice(0, slash);
}

/** Keeps annotations and the entries of the object's own group, but neither its checksum nor its digest. */
export function cleanMetadata(metadata: Metadata, apiVersion: string): Metadata {
  const groupPrefix = `${groupOf(apiVersion)}/`;
  const excluded = [groupPrefix + METADATA_KEYS.checksum, groupPrefix + METADATA_KEYS.digest];
  const kept = Object.create(null) as Record<string, string>;
  for (const key of Object.keys(metadata)) {
    if (!key.startsWith(EVENT_PREFIX) && !key.startsWith(groupPrefix)) continue;
    if (excluded.some((name) => equalsFolded(name, key))) continue;
    kept[key] = metadata[key] ?? '';
  }
  return kept;
}

/** Equal without regard to case, for a name that ends in `m` or `t`: only their other case folds to these two. */
function equalsFolded(name: string, key: string): boolean {
  const last = name.length - 1;
  return key.length === name.length && key.charAt(last).toLowerCase() === name.charAt(last) && foldName(key) === foldName(name);
}

/** The metadata without the token, which counts for the dedup key and is shown to nobody. */
export function withoutToken(metadata: Metadata, apiVersion: string): Metadata {
  const tokenKey = `${groupOf(apiVersion)}/${METADATA_KEYS.token}`;
  if (!(tokenKey in metadata)) return metadata;
  const rest = Object.assign(Object.create(null) as Record<string, string>, metadata);
  delete rest[tokenKey];
  return rest;
}

/**
 * What makes two Flux events the same one. The parts are joined without escaping, as Flux does, so a message can imitate
 * a revision. Events of different clusters are never the same.
 */
export function dedupKeyOf(event: {
  readonly subject: ObjectReference;
  readonly message: string;
  /** After clean-up, the token still in it. */
  readonly metadata: Metadata;
  readonly windowMs: number;
  readonly cluster: string;
}): DedupKey {
  const { subject, metadata } = event;
  const group = groupOf(subject.apiVersion);
  const parts = ['event', `name=${subject.name}`, `namespace=${subject.namespace}`, `kind=${subject.kind}`, `message=${event.message}`];
  for (const name of [METADATA_KEYS.originRevision, METADATA_KEYS.revision, METADATA_KEYS.token]) {
    const value = metadata[`${group}/${name}`];
    if (value !== undefined) parts.push(`${name}=${value}`);
  }
  if (event.cluster !== '') parts.unshift(`cluster=${event.cluster}`);
  const windowMs = event.windowMs > 0 ? event.windowMs : SMALLEST_WINDOW_MS;
  return { key: hash('sha256', parts.join('/'), 'hex'), windowMs };
}
