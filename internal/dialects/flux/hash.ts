// Tells two states of an object apart.
import { createHash } from 'node:crypto';
import type { ManifestObject } from '../../routing/route.ts';

/** Changes when anything of the object changes, also the order of its fields. */
export function hashOf(object: ManifestObject): string {
  return createHash('sha256').update(JSON.stringify(object)).digest('base64url').slice(0, 22);
}
