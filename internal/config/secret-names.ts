// Which Secrets a Provider names.
import type { ProviderSpec, Target } from '../routing/route.ts';

/** The fields of a Provider's spec that name Secrets. */
export const SECRET_FIELDS = ['secretRef', 'certSecretRef', 'proxySecretRef'] as const satisfies readonly (keyof ProviderSpec)[];

/** As `namespace/name`; a Provider only names Secrets of its own namespace. */
export function secretsOf({ ref, spec }: Target): string[] {
  return SECRET_FIELDS.flatMap((field) => (spec[field] === undefined ? [] : [`${ref.namespace}/${spec[field]}`]));
}
