// Dependencies point one way. What each part may import is written here once; ARCHITECTURE.md draws it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSources, root, type SourceFile } from './source-tree.ts';

/** Our own parts that a part may import, besides itself. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'internal/event': [],
  'internal/sdk': ['internal/event'],
  'internal/expr': ['internal/sdk', 'internal/event'],
  'internal/telemetry': ['internal/sdk', 'internal/event', 'internal/outbox'],
  'internal/enrich': ['internal/routing', 'internal/expr', 'internal/sdk', 'internal/event'],
  'internal/routing': ['internal/enrich', 'internal/outbox', 'internal/expr', 'internal/sdk', 'internal/event'],
  'internal/outbox': ['internal/routing', 'internal/sdk', 'internal/event'],
  'internal/outbox/sqlite': ['internal/outbox', 'internal/routing', 'internal/sdk', 'internal/event'],
  'internal/transport': ['internal/sdk', 'internal/event'],
  'internal/credentials': ['internal/routing', 'internal/sdk', 'internal/event'],
  'internal/catalog': ['providers', 'internal/dialects/flux', 'internal/sdk', 'internal/event'],
  'internal/dialects/flux': ['internal/routing', 'internal/enrich', 'internal/expr', 'internal/sdk', 'internal/event'],
  'internal/intake': ['internal/outbox', 'internal/routing', 'internal/enrich', 'internal/sdk', 'internal/event'],
  'internal/deliver': ['internal/outbox', 'internal/routing', 'internal/enrich', 'internal/sdk', 'internal/event'],
  'internal/config': ['internal/sdk', 'internal/event'],
  'internal/config/directory': [
    'internal/config',
    'internal/credentials',
    'internal/dialects/flux',
    'internal/routing',
    'internal/sdk',
    'internal/event',
  ],
  'internal/admin': ['internal/outbox', 'internal/routing', 'internal/sdk', 'internal/event'],
  providers: ['internal/sdk'],
};

/** npm packages that each part may import; a vendor's client needs a decision note. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'internal/event': [],
  'internal/sdk': ['zod'],
  'internal/expr': ['@marcbachmann/cel-js', 're2js'],
  'internal/telemetry': ['pino', 'prom-client', 'express'],
  'internal/enrich': [],
  'internal/routing': [],
  'internal/outbox': [],
  'internal/outbox/sqlite': ['lru-cache'],
  'internal/transport': ['undici'],
  'internal/credentials': ['yaml', 'lru-cache'],
  'internal/catalog': ['zod', 'yaml'],
  'internal/dialects/flux': ['zod'],
  'internal/intake': ['express'],
  'internal/deliver': ['lru-cache'],
  'internal/config': ['yaml', 'zod'],
  'internal/config/directory': ['yaml'],
  'internal/admin': ['express', 'zod'],
  providers: ['zod'],
  'providers/github': ['zod', '@octokit/rest', 'jose'],
};

const PURE = ['internal/routing', 'internal/enrich', 'internal/expr', 'internal/event', 'internal/sdk', 'internal/dialects'];
const PURE_BANNED = /\bDate\.now\(|new Date\(\)|\bMath\.random\(|\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(/;
const IO_MODULES = /^node:(fs|net|http|https|tls|dns|child_process|worker_threads|sqlite|timers)/;

const sources = readSources(['cmd', 'internal', 'providers']);
const product = sources.filter((file) => !file.path.endsWith('.test.ts'));

/** The longest key of the table that holds the path. */
function partOf(path: string): string {
  const parts = [...Object.keys(ALLOWED), 'cmd', 'test'].filter((part) => path === part || path.startsWith(`${part}/`));
  return parts.toSorted((a, b) => b.length - a.length)[0] ?? path;
}

function providerFolder(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function faultsOf(file: SourceFile): string[] {
  const part = partOf(file.path);
  if (part === 'cmd') return [];
  const allowed = ALLOWED[part];
  if (!allowed) return [`${file.path}: no rule for this folder; add it to ALLOWED`];
  return file.imports.flatMap((found) => {
    if (!found.own) return packageFaults(file, part, found.target);
    if (part === 'providers' && found.target.startsWith('providers/') && providerFolder(found.target) !== providerFolder(file.path)) {
      return [`${file.path}: imports its sibling ${found.target}`];
    }
    const target = partOf(found.target);
    return target === part || allowed.includes(target) ? [] : [`${file.path}: must not import ${found.target}`];
  });
}

function packageFaults(file: SourceFile, part: string, target: string): string[] {
  if (target.startsWith('node:')) return [];
  const packages = PACKAGES[part === 'providers' ? providerFolder(file.path) : part] ?? PACKAGES[part] ?? [];
  return packages.includes(target) ? [] : [`${file.path}: must not import the package ${target}`];
}

test('imports point one way', () => {
  assert.deepEqual(product.flatMap(faultsOf), []);
});

test('the rules would notice', () => {
  const bad: SourceFile = {
    path: 'internal/event/bad.ts',
    text: '',
    imports: [
      { target: 'internal/deliver/engine.ts', own: true },
      { target: 'express', own: false },
    ],
  };

  assert.equal(faultsOf(bad).length, 2);
});

test('only cmd reads the environment, ends the process or listens to signals', () => {
  const faults = product
    .filter((file) => !file.path.startsWith('cmd/'))
    .filter((file) => /\bprocess\.(env|exit|on|once|argv)\b/.test(file.text))
    .map((file) => file.path);

  assert.deepEqual(faults, []);
});

test('pure folders read no clock, no chance and do no I/O', () => {
  const faults = product
    .filter((file) => PURE.some((part) => file.path.startsWith(`${part}/`)))
    .flatMap((file) => [
      ...(PURE_BANNED.test(file.text) ? [`${file.path}: reads a clock, chance or timers`] : []),
      ...file.imports.filter((found) => IO_MODULES.test(found.target)).map((found) => `${file.path}: imports ${found.target}`),
    ]);

  assert.deepEqual(faults, []);
});

test('nobody outside providers compares a type id', () => {
  const types = readFileSync(join(root, 'internal/catalog/providers.gen.ts'), 'utf8').match(/(?<=\/)[a-z0-9.-]+(?=\.provider\.ts')/g) ?? [];
  assert.ok(types.length >= 4, 'the generated catalog lists the types');
  const comparison = new RegExp(`(===|!==|case|includes\\()\\s*'(${types.join('|')})'`);

  const faults = product
    .filter((file) => file.path.startsWith('internal/') && !file.path.endsWith('.gen.ts'))
    .filter((file) => comparison.test(file.text))
    .map((file) => file.path);

  assert.deepEqual(faults, []);
});
