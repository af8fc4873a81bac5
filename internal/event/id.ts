// Identities: of an event by its arrival, of a manifest without uid by its name.
import { createHash, randomUUID } from 'node:crypto';

/** Namespace of stable uids. Changing it changes commit status ids and comment markers everywhere. */
const STABLE_UID_NAMESPACE = '5b0c0f6e3d7a4c58a1f29e64d7b380c1';

/** A UUIDv7: ids of later milliseconds sort behind earlier ones. */
export function newId(nowMs: number, random?: () => number): string {
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, '0').slice(-12);
  // A random UUID already has the variant bits and the 74 random ones where version 7 wants them.
  const tail = random === undefined ? randomUUID().slice(15) : randomTail(random);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail}`;
}

/** The UUIDv5 of an object that has no uid: the same for ever for the same kind, namespace and name. */
export function stableUid(kind: string, namespace: string, name: string): string {
  const digest = createHash('sha1').update(Buffer.from(STABLE_UID_NAMESPACE, 'hex')).update(`${kind}/${namespace}/${name}`).digest('hex');
  const variant = (0x8 | (Number.parseInt(digest.charAt(16), 16) & 0x3)).toString(16);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `5${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}

function randomTail(random: () => number): string {
  const digits = (count: number): string =>
    Math.floor(random() * 16 ** count)
      .toString(16)
      .padStart(count, '0');
  const variant = (8 + Math.floor(random() * 4)).toString(16);
  return `${digits(3)}-${variant}${digits(3)}-${digits(12)}`;
}
