// Writes everything that is derived from the definitions of providers and commands; `--check` writes nothing and names what is stale.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { toOpenApi } from '../internal/admin/openapi.ts';
import { crds, toCrdYaml } from '../internal/catalog/derive/crd.ts';
import { replaceBlock, toProviderBlock, toProviderIndex, toProviderTable } from '../internal/catalog/derive/docs.ts';
import { toEditorSchema } from '../internal/catalog/derive/editor-schema.ts';
import { fileFault, type ProviderFile, toProviderList, typeOfFile } from '../internal/catalog/derive/provider-list.ts';
import { toDropInRbacYaml, toRbacYaml } from '../internal/catalog/derive/rbac.ts';
import type { ProviderDefinition } from '../internal/sdk/provider.ts';
import { toCommandReference } from './command-reference.ts';
import { systemTerminal } from './terminal.ts';

const root = join(import.meta.dirname, '..');

interface Output {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

interface Found extends ProviderFile {
  readonly definition: ProviderDefinition;
}

async function findProviders(): Promise<readonly Found[]> {
  const paths = globSync('providers/*/*.provider.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  return Promise.all(
    paths.toSorted().map(async (path) => {
      const module = (await import(pathToFileURL(join(root, path)).href)) as { readonly default: ProviderDefinition };
      const fault = fileFault(path, module.default);
      if (fault !== undefined) throw new Error(fault);
      return { path, type: typeOfFile(path), definition: module.default };
    }),
  );
}

async function outputs(): Promise<readonly Output[]> {
  const found = await findProviders();
  const definitions = found.map((file) => file.definition).toSorted((a, b) => (a.type < b.type ? -1 : 1));
  const folders = new Map(found.map((file) => [file.type, file.path.split('/')[1] ?? '']));
  const resources = crds(definitions);
  return [
    { path: 'internal/catalog/providers.gen.ts', text: toProviderList(found) },
    ...resources.map((crd) => ({ path: `manifests/crds/${crd.plural}.yaml`, text: toCrdYaml(crd) })),
    ...resources.map((crd) => ({ path: `manifests/schemas/${crd.kind.toLowerCase()}.json`, text: toEditorSchema(crd, definitions) })),
    { path: 'manifests/base/rbac.yaml', text: toRbacYaml() },
    { path: 'manifests/overlays/drop-in/rbac.yaml', text: toDropInRbacYaml() },
    { path: 'manifests/schemas/admin-api.json', text: toOpenApi() },
    { path: 'providers/README.md', text: toProviderIndex(definitions, folders) },
    ...vendorPages(found),
    ...mainPage(definitions),
  ];
}

/** The commands import the list of providers, so it must name those that are there: this comes last. */
async function commandPage(): Promise<Output> {
  const { createProgram } = await import('./program.ts');
  return { path: 'cmd/README.md', text: toCommandReference(createProgram(systemTerminal)) };
}

/** The pages of the vendors' folders, each with a block per type. */
function vendorPages(found: readonly Found[]): readonly Output[] {
  const pages = new Map<string, string>();
  for (const { path, type, definition } of found) {
    const page = join(dirname(path), 'README.md');
    const text = replaceBlock(pages.get(page) ?? read(page), type, toProviderBlock(definition));
    if (text === undefined) throw new Error(`${page}: the block <!-- gen:${type} --> ... <!-- /gen --> is missing`);
    pages.set(page, text);
  }
  return [...pages].map(([path, text]) => ({ path, text }));
}

function mainPage(definitions: readonly ProviderDefinition[]): readonly Output[] {
  const text = replaceBlock(read('README.md'), 'providers', toProviderTable(definitions));
  return text === undefined ? [] : [{ path: 'README.md', text }];
}

function read(path: string): string {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
}

/** Writes what is stale, or names it; returns how many were. */
function renew(wanted: readonly Output[]): number {
  const stale = wanted.filter(({ path, text }) => read(path) !== text);
  for (const { path, text } of stale) {
    process.stdout.write(`${isCheck ? 'stale' : 'written'}: ${relative(root, join(root, path))}\n`);
    if (isCheck) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return stale.length;
}

const isCheck = process.argv.includes('--check');
const staleFirst = renew(await outputs());
const staleLast = isCheck && staleFirst > 0 ? 0 : renew([await commandPage()]);
if (isCheck && staleFirst + staleLast > 0) {
  process.stdout.write('run: npm run gen\n');
  process.exitCode = 1;
}
