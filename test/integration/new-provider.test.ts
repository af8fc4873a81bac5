// A provider made by the scaffold in a copy of the repository: what is edited by hand stays in one folder, and everything
// else follows from `gen`. Removed again, it leaves nothing behind.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'tocsin-new-provider-'));
const VENDOR = 'acme-chat';
const FOLDER = `providers/${VENDOR}/`;
const TYPES = ['acme-chat', 'acme.rooms'];

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

before(() => {
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  for (const path of tracked.split('\0').filter((name) => name !== '' && isFile(join(root, name)))) {
    cpSync(join(root, path), join(copy, path));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  gen();
});

after(() => rmSync(copy, { recursive: true, force: true }));

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function run(command: string, args: readonly string[]): Ended {
  const { NODE_TEST_CONTEXT: _inner, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: 'utf8', env });
  return { code: status, output: `${stdout}${stderr}` };
}

function node(...args: readonly string[]): Ended {
  return run(process.execPath, args);
}

function tool(name: string, ...args: readonly string[]): Ended {
  return run(join(copy, 'node_modules', '.bin', name), args);
}

/** Runs it and fails with what it printed when it fails. */
function hold(ended: Ended): string {
  assert.equal(ended.code, 0, ended.output);
  return ended.output;
}

/** What `gen` wrote. */
function gen(): readonly string[] {
  return [...hold(node('cmd/gen.ts')).matchAll(/^written: (.*)$/gm)].map(([, path = '']) => path);
}

/** A digest per file of the copy. */
function photograph(): ReadonlyMap<string, string> {
  const paths = globSync('**/*', { cwd: copy, exclude: (name) => name === 'node_modules' });
  const files = paths.filter((path) => isFile(join(copy, path)));
  return new Map(
    files.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(copy, path)))
        .digest('hex'),
    ]),
  );
}

function changes(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...from.keys(), ...to.keys()])].filter((path) => from.get(path) !== to.get(path)).toSorted();
}

function read(path: string): string {
  return readFileSync(join(copy, path), 'utf8');
}

test('a new provider is hand-edited in one folder, compiles, keeps every promise and shows up everywhere', async (context) => {
  const untouched = photograph();
  for (const type of TYPES) hold(node('cmd/new-provider.ts', VENDOR, type));
  const scaffolded = photograph();
  const written = gen();
  const generated = photograph();

  await context.test('by hand: its own folder and nothing else', () => {
    const edited = changes(untouched, scaffolded);
    assert.equal(edited.length, 1 + TYPES.length * 2);
    for (const path of edited) assert.ok(path.startsWith(FOLDER), path);
  });

  await context.test('by gen: the catalog, the CRD, the schema and the pages', () => {
    assert.deepEqual(changes(scaffolded, generated), written.toSorted());
    assert.ok(written.includes(`${FOLDER}README.md`));
    for (const type of TYPES) {
      assert.match(read('manifests/crds/providers.yaml'), new RegExp(`^ +- ${type}$`, 'm'));
      assert.ok(read('manifests/schemas/provider.json').includes(`"${type}"`));
      assert.ok(read('providers/README.md').includes(`[${type}](${VENDOR}/README.md)`));
      assert.ok(read('README.md').includes(`\`${type}\``));
      assert.ok(read(`${FOLDER}README.md`).includes(`type: ${type}\n`));
    }
  });

  await context.test('it compiles, is formatted and clean', () => {
    hold(tool('tsc', '-p', '.'));
    hold(tool('biome', 'format', FOLDER));
    hold(tool('oxlint', '--type-aware', '--deny-warnings', FOLDER));
    hold(node('--test', 'test/architecture/imports.test.ts'));
  });

  await context.test('the conformance loop finds it and holds', () => {
    const names = `^acme|^${FOLDER}|^the catalog holds|^every type has cases`;
    const output = hold(node('--test', '--test-reporter=tap', `--test-name-pattern=${names}`, 'test/conformance/*.test.ts'));
    for (const type of TYPES) {
      assert.ok(output.includes(` - ${type}: examples are sent`), output);
      assert.ok(output.includes(` - ${FOLDER}cases/${type}.case`), output);
    }
  });

  await context.test('`tocsin providers` lists it', () => {
    const output = hold(node('cmd/tocsin.ts', 'providers'));
    for (const type of TYPES) assert.match(output, new RegExp(`^${type} `, 'm'));
  });

  await context.test('without its folder nothing of it is left', () => {
    rmSync(join(copy, FOLDER), { recursive: true });
    gen();
    assert.deepEqual(changes(untouched, photograph()), []);
  });
});

const REFUSED = [
  { name: 'no type', args: ['acme'], output: /usage: npm run new-provider/ },
  { name: 'a vendor that leads elsewhere', args: ['../acme', 'acme'], output: /vendor "\.\.\/acme" must be/ },
  { name: 'a type in capitals', args: ['acme', 'Acme'], output: /type "Acme" must be/ },
  { name: 'a type that is taken', args: ['acme', 'slack'], output: /"slack" is there already: providers\/slack/ },
];

for (const { name, args, output } of REFUSED) {
  test(`the scaffold writes nothing: ${name}`, () => {
    const ended = node('cmd/new-provider.ts', ...args);

    assert.equal(ended.code, 2);
    assert.match(ended.output, output);
    assert.ok(!existsSync(join(copy, 'providers/acme')));
  });
}
