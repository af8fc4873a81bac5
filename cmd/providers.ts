// `tocsin providers`: the provider types that this program knows, from the catalog.
import { type Command, Option } from 'commander';
import { catalog } from '../internal/catalog/catalog.ts';
import type { ProviderDefinition } from '../internal/sdk/provider.ts';
import type { Terminal } from './terminal.ts';
import { toTable } from './words.ts';

const HELP = `
Exit codes: 0 fine, 2 wrong usage.

Examples:
  tocsin providers
  tocsin providers --output json
`;

/** Adds the command to the program. */
export function addProviders(program: Command, terminal: Terminal): void {
  program
    .command('providers')
    .description('list the provider types')
    .addOption(new Option('--output <format>', 'how to print the list').choices(['json', 'table']).default('table'))
    .addHelpText('after', HELP)
    .action((flags: { output: string }) => {
      const definitions = catalog.types.flatMap((type) => catalog.get(type) ?? []);
      if (flags.output === 'json') return terminal.print(JSON.stringify({ items: definitions.map(toItem) }, null, 2));
      const rows = definitions.map(({ type, title, category, capabilities, summary }) => [
        type,
        title,
        category,
        capabilities.accepts.join(','),
        summary,
      ]);
      terminal.print(toTable(['TYPE', 'NAME', 'CATEGORY', 'TAKES', 'WHAT IT DOES'], rows));
    });
}

function toItem({ type, title, category, summary, link, since, stability, capabilities, config, secret }: ProviderDefinition) {
  return {
    type,
    title,
    category,
    summary,
    link,
    since,
    stability,
    capabilities,
    fields: Object.keys(config.shape),
    secretKeys: Object.keys(secret.shape),
  };
}
