// From an event's metadata to the commit whose status it sets.
import type { Metadata } from '../../event/event.ts';

const HASH_BYTES = 40;
/** As many digits as forges show of a commit. */
const SHORT_CHARS = 8;

/** Where a revision is looked for, best first; the first key that is there decides, even when it is empty. */
const REVISION_KEYS = ['commit', 'originRevision', 'revision'] as const;

/** The revision that the combined metadata names, if any. */
export function findRevision(metadata: Metadata): string | undefined {
  const key = REVISION_KEYS.find((candidate) => Object.hasOwn(metadata, candidate));
  return key === undefined ? undefined : metadata[key];
}

/** The 40 bytes after the last colon, or after the last slash of the form `branch/hash` of old sources; undefined for others. */
export function commitHash(revision: string): string | undefined {
  const separator = revision.includes(':') ? ':' : '/';
  const hash = revision.slice(revision.lastIndexOf(separator) + 1);
  return Buffer.byteLength(hash) === HASH_BYTES ? hash : undefined;
}

/** The start of a hash, for people. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT_CHARS);
}
