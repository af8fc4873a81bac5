// The source of providers.gen.ts: an import list, so that bundlers and editors see what a folder scan would hide.

import type { ProviderDefinition } from '../../sdk/provider.ts';

/** Where a definition was found, relative to the repository: `providers/slack/slack.provider.ts`. */
export interface ProviderFile {
  readonly path: string;
  readonly type: string;
}

/** The type that a definition's file must have: its base name. */
export function typeOfFile(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/\.provider\.ts$/, '');
}

/** Why the module of a provider file cannot be taken into the catalog; undefined when it can. */
export function fileFault(path: string, definition: ProviderDefinition | undefined): string | undefined {
  if (definition === undefined) return `${path}: the default export is missing`;
  return definition.type === typeOfFile(path) ? undefined : `${path}: the file must be named ${definition.type}.provider.ts after its type`;
}

/** The text of internal/catalog/providers.gen.ts. */
export function toProviderList(files: readonly ProviderFile[]): string {
  const sorted = files.toSorted((a, b) => (a.type < b.type ? -1 : 1));
  return [
    '// Written by `npm run gen` from the files providers/*/*.provider.ts; do not edit.',
    "import type { ProviderDefinition } from '../sdk/provider.ts';",
    ...sorted.map((file) => `import ${identifier(file.type)} from '../../${file.path}';`),
    '',
    '/** Every provider, in order of its type. */',
    `export const providers: readonly ProviderDefinition[] = [${sorted.map((file) => identifier(file.type)).join(', ')}];`,
    '',
  ].join('\n');
}

function identifier(type: string): string {
  return type.replace(/[.-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
