// House rules that a reminder would not keep.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSources, root } from './source-tree.ts';

const TOP_LEVEL = ['cmd', 'internal', 'providers', 'manifests', 'test'];
const BANNED_NAMES = /(^|\/)(utils?|helpers?|common|misc|manager|base|types)(\.ts|\/)/;
const KEBAB = /^[a-z0-9]+(?:[.-][a-z0-9]+)*\.ts$/;

const sources = readSources(TOP_LEVEL.filter((folder) => folder !== 'manifests'));
const product = sources.filter((file) => !file.path.startsWith('test/') && !file.path.endsWith('.test.ts'));

test('the top level holds the agreed folders and no other', () => {
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !['node_modules', 'dist'].includes(entry.name))
    .map((entry) => entry.name);

  assert.deepEqual(folders.toSorted(), TOP_LEVEL.toSorted());
});

test('files are named after what they hold', () => {
  assert.deepEqual(
    sources.map((file) => file.path).filter((path) => BANNED_NAMES.test(path) || !KEBAB.test(path.split('/').at(-1) ?? '')),
    [],
  );
});

test('there is no mutable state at module level', () => {
  const faults = product.filter((file) => /^(export )?(let|var) /m.test(file.text)).map((file) => file.path);

  assert.deepEqual(faults, []);
});

test('no file of the product is longer than 400 lines', () => {
  const faults = product.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 })).filter(({ lines }) => lines > 400);

  assert.deepEqual(faults, []);
});

test('no any, no console, no unowned TODO', () => {
  const faults = product
    .filter((file) => /: any\b|as any\b|<any>|\bconsole\./.test(withoutComments(file.text)) || /\bTODO(?!\()/.test(file.text))
    .map((file) => file.path);

  assert.deepEqual(faults, []);
});

test('every exported value of the product is used somewhere else', () => {
  const faults = product
    .filter((file) => !file.path.endsWith('.provider.ts'))
    .flatMap((file) => exportedNames(file.text).map((name) => ({ file, name })))
    .filter(({ file, name }) => !isUsedOutside(name, file.path))
    .map(({ file, name }) => `${file.path}: ${name}`);

  assert.deepEqual(faults, []);
});

test('no test is skipped, focused or empty', () => {
  const faults = sources
    .filter((file) => file.path.endsWith('.test.ts') && !file.path.startsWith('test/architecture/'))
    .filter((file) => /\b(test|it|describe|suite)\.(skip|todo|only)\(|assert(\.ok)?\(true\)/.test(file.text))
    .map((file) => file.path);

  assert.deepEqual(faults, []);
});

test('hooks around each test are those of its file alone, since all files share one process', () => {
  const faults = sources
    .filter((file) => file.path.endsWith('.test.ts') && !/^test\/(cluster|integration)\//.test(file.path))
    .filter((file) => /^(before|after)Each\(/m.test(file.text) && !file.text.includes('= ownHooks()'))
    .map((file) => file.path);

  assert.deepEqual(faults, []);
});

test('the lockfile names no host and the repository no path of a machine', () => {
  assert.doesNotMatch(readFileSync(join(root, 'package-lock.json'), 'utf8'), /"resolved":/);
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(isProse);

  const faults = tracked.filter((path) => /\/(home|root|work)\/[a-z]/.test(readFileSync(join(root, path), 'utf8')));

  assert.deepEqual(faults, []);
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

function isProse(path: string): boolean {
  return (
    /\.(ts|md|json|yaml|yml|sh)$/.test(path) &&
    !path.startsWith('test/compat/cases/') &&
    path !== 'package-lock.json' &&
    existsSync(join(root, path))
  );
}

function exportedNames(text: string): string[] {
  return [...text.matchAll(/^export (?:async )?(?:function|const|class) ([A-Za-z0-9_]+)/gm)].map((match) => match[1] ?? '');
}

const words = new Map(sources.map((file) => [file.path, new Set(file.text.match(/[A-Za-z0-9_]+/g))]));

function isUsedOutside(name: string, path: string): boolean {
  return [...words].some(([other, used]) => other !== path && used.has(name));
}
