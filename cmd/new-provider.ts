// Starts a provider: `npm run new-provider -- <vendor> <type>` writes its definition, page and first case into one folder.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nameFault, toTemplate } from './provider-template.ts';

const root = join(import.meta.dirname, '..');

/** Why nothing can be written; undefined when it was. */
function write(vendor: string, type: string): string | undefined {
  const fault = nameFault(vendor, type);
  if (fault !== undefined) return fault;
  const taken = globSync(`providers/*/${type}.provider.ts`, { cwd: root })[0];
  if (taken !== undefined) return `the type "${type}" is there already: ${taken}`;
  const page = join(root, 'providers', vendor, 'README.md');
  for (const file of toTemplate(vendor, type, existsSync(page) ? readFileSync(page, 'utf8') : undefined)) {
    const path = join(root, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.text);
    process.stdout.write(`written: ${file.path}\n`);
  }
  process.stdout.write('next: replace what is an example in it, then run: npm run gen && npm test\n');
  return undefined;
}

const [vendor = '', type = ''] = process.argv.slice(2);
const fault = type === '' ? 'usage: npm run new-provider -- <vendor> <type>' : write(vendor, type);
if (fault !== undefined) {
  process.stderr.write(`${fault}\n`);
  process.exitCode = 2;
}
