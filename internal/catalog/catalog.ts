// The catalog: every provider of this program, by type. The only way in which the rest of the program meets providers.
import type { ProviderCatalog, ProviderDefinition } from '../sdk/provider.ts';
import { providers } from './providers.gen.ts';

/** A catalog of these definitions; throws when two share a type. */
export function toCatalog(definitions: readonly ProviderDefinition[]): ProviderCatalog {
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  if (byType.size !== definitions.length) throw new TypeError('two providers share a type');
  return { get: (type) => byType.get(type), types: definitions.map((definition) => definition.type) };
}

/** What this program can send to. */
export const catalog: ProviderCatalog = toCatalog(providers);
