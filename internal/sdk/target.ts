// How a Target and a Route are referred to, everywhere.

/** A named object of a dialect; the key is stable over restarts, the uid tells a re-created object from the old one. */
export interface ObjectRef {
  readonly dialect: string;
  readonly tenant: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** `dialect/tenant/namespace/name`: what Snapshot and outbox index by; the uid is not part of it. */
export function toKey(ref: Omit<ObjectRef, 'uid'>): string {
  return `${ref.dialect}/${ref.tenant}/${ref.namespace}/${ref.name}`;
}
