// Which Provider types a manifest may name: everything that Flux knows, so that its manifests apply, and everything of ours.
import { FLUX_COMMIT_STATUS_TYPES, FLUX_PROVIDER_TYPES } from '../../dialects/flux/schema.ts';
import type { ProviderDefinition } from '../../sdk/provider.ts';

/** Flux's order first, then ours by name. */
export function allTypes(definitions: readonly ProviderDefinition[]): readonly string[] {
  return union(FLUX_PROVIDER_TYPES, definitions);
}

/** The types whose Providers may have a `commitStatusExpr`. */
export function commitStatusTypes(definitions: readonly ProviderDefinition[]): readonly string[] {
  return union(
    FLUX_COMMIT_STATUS_TYPES,
    definitions.filter((definition) => definition.capabilities.accepts.includes('commit-status')),
  );
}

function union(known: readonly string[], definitions: readonly ProviderDefinition[]): readonly string[] {
  const own = definitions.map((definition) => definition.type).filter((type) => !known.includes(type));
  return [...known, ...own.toSorted()];
}
