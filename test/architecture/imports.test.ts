// Dependencies point one way. What each part may import is written here once; ARCHITECTURE.md draws it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ALLOWED, PACKAGES } from './rules.ts';
import { readSources, root, type SourceFile } from './source-tree.ts';

const PURE = [
  'internal/routing',
  'internal/enrich',
  'internal/expr',
  'internal/event',
  'internal/sdk',
  'internal/dialects',
  'internal/lint',
];
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

test('ARCHITECTURE.md says what is checked here', () => {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([^`]+)` \|.*\| ([^|]*) \|$/gm)].map(([, part = '', imports = '']) => [
    part,
    [...imports.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  ]);

  assert.deepEqual(Object.fromEntries(rows), ALLOWED);
});
