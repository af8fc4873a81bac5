// Blocks of pages: how they are read, and what holds of those of our own pages without running anything.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { catalog } from '../../internal/catalog/catalog.ts';
import { readFolder } from '../../internal/config/directory/read-folder.ts';
import { createFluxDialect } from '../../internal/dialects/flux/dialect.ts';
import { lintFolder } from '../../internal/lint/lint.ts';
import { createRedactor } from '../../internal/telemetry/redactor.ts';
import { fileNameOf, findSnippets, HELD_BY, isRunnable, PAGES, readPage, type Snippet, toSteps } from './snippets.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MOST_EXEMPTIONS = 4;

const snippets = PAGES.flatMap((page) => findSnippets(page, readPage(page)));
const folder = mkdtempSync(join(tmpdir(), 'tocsin-snippets-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What is wrong with YAML blocks, taken together as one folder: a page may show a Provider here and its Alert there. */
async function lint(blocks: readonly Snippet[]): Promise<readonly string[]> {
  const place = mkdtempSync(join(folder, 'page-'));
  for (const [index, { text }] of blocks.entries()) writeFileSync(join(place, `${index}.yaml`), text);
  const read = await readFolder({ paths: [place], dialect: createFluxDialect({ catalog }), monotonicMs: () => 0 });
  const findings = await lintFolder(read, createRedactor());
  // A page may show other kinds alone.
  const faults = findings.filter(({ rule }) => rule !== 'nothing-to-check');
  return faults.map(({ file, line, message }) => {
    const block = blocks[Number(/(\d+)\.yaml$/.exec(file)?.[1])];
    return `${block?.page ?? file}:${(block?.line ?? 1) + line - 1}: ${message}`;
  });
}

for (const page of new Set(snippets.filter(({ language }) => language === 'yaml').map((one) => one.page))) {
  test(`the manifests of ${page} have no fault`, async () => {
    assert.deepEqual(await lint(snippets.filter((one) => one.page === page && one.language === 'yaml')), []);
  });
}

test('a manifest with a fault is told with its line in the page', async () => {
  const text = readPage('manifests/guides/test-a-provider.md').replace('channel: "#', 'chanel: "#');
  const line = text.split('\n').findIndex((one) => one.includes('chanel: "#')) + 1;

  const [fault = ''] = await lint(findSnippets('page.md', text).filter(({ language }) => language === 'yaml'));

  assert.match(fault, new RegExp(`^page\\.md:${line}: spec\\.chanel is not a field`));
});

test('every block says what it is, and what is no command holds none', () => {
  const faults = snippets.filter(
    ({ language, text }) =>
      !['yaml', 'sh', 'console', 'text'].includes(language) || (language === 'text' && /^(?:\$ |npm |curl |kubectl )/m.test(text)),
  );

  assert.deepEqual(
    faults.map(({ page, line, language }) => `${page}:${line}: ${language || 'no language'}`),
    [],
  );
});

test('few blocks are not run, each for a reason', (context) => {
  const exempt = snippets.filter(({ exemption }) => exemption !== undefined);
  for (const { page, line, exemption } of exempt) context.diagnostic(`${page}:${line} is not run: ${exemption ?? ''}`);
  context.diagnostic(`${exempt.length} of ${snippets.filter(isRunnable).length} blocks of commands are not run`);

  assert.ok(exempt.length <= MOST_EXEMPTIONS, `${exempt.length} are too many`);
  assert.ok(snippets.filter(isRunnable).length > 25);
});

test('a page that is not run here is named by the test that holds it', () => {
  for (const [page, path] of Object.entries(HELD_BY)) {
    assert.ok(PAGES.includes(page), page);
    assert.ok(readFileSync(join(ROOT, path), 'utf8').includes(`'${basename(page)}'`), `${path} does not read ${page}`);
  }
});

test('every script of npm that a page names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const faults = PAGES.flatMap((page) =>
    [...readPage(page).matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)]
      .filter(([, name = '']) => !(name in scripts))
      .map(([, name = '']) => `${page}: npm run ${name}`),
  );

  assert.deepEqual(faults, []);
});

test('every link to a file of the repository leads somewhere', () => {
  const faults = PAGES.flatMap((page) =>
    [...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !leads(page, target))
      .map((target) => `${page}: ${target}`),
  );

  assert.deepEqual(faults, []);
});

/** To a file or folder, and where it names one to a heading of it. */
function leads(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (!existsSync(file)) return false;
  return (
    anchor === undefined || [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].some(([, heading = '']) => toAnchor(heading) === anchor)
  );
}

/** As GitHub makes it. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

const PAGE = `# Title

\`\`\`yaml
# fleet/a.yaml
kind: Provider
\`\`\`

<!-- not run: it needs the moon -->
\`\`\`sh
fly
\`\`\`
`;

test('blocks come with place, language, text and exemption', () => {
  assert.deepEqual(findSnippets('page.md', PAGE), [
    { page: 'page.md', line: 4, language: 'yaml', text: '# fleet/a.yaml\nkind: Provider' },
    { page: 'page.md', line: 10, language: 'sh', text: 'fly', exemption: 'it needs the moon' },
  ]);
  assert.throws(() => findSnippets('page.md', `${PAGE}\n\`\`\`sh\n`), /page\.md:13: this fence is never closed/);
});

test('a file is named by the comment on the first line', () => {
  assert.deepEqual(
    ['# fleet/a.yaml\nkind: x', '# a comment\nkind: x', 'kind: x\n# fleet/a.yaml'].map((text) =>
      fileNameOf({ page: '', line: 1, language: 'yaml', text }),
    ),
    ['fleet/a.yaml', undefined, undefined],
  );
});

const STEPS = [
  {
    name: 'every line of sh',
    language: 'sh',
    text: 'a\n\nb',
    want: [
      { line: 5, command: 'a' },
      { line: 7, command: 'b' },
    ],
  },
  {
    name: 'a backslash',
    language: 'sh',
    text: 'a \\\n  b\nc',
    want: [
      { line: 5, command: 'a \\\n  b' },
      { line: 7, command: 'c' },
    ],
  },
  {
    name: 'an open quote',
    language: 'sh',
    text: "a '{\n}'\nb",
    want: [
      { line: 5, command: "a '{\n}'" },
      { line: 7, command: 'b' },
    ],
  },
  {
    name: 'a console with and without output',
    language: 'console',
    text: '$ a\none\n\ntwo\n$ b',
    want: [
      { line: 5, command: 'a', output: 'one\n\ntwo' },
      { line: 9, command: 'b', output: '' },
    ],
  },
];

for (const { name, language, text, want } of STEPS) {
  test(`commands of a block: ${name}`, () => {
    assert.deepEqual(toSteps({ page: 'page.md', line: 5, language, text }), want);
  });
}

test('a console block that starts with an output is a fault', () => {
  assert.throws(
    () => toSteps({ page: 'page.md', line: 5, language: 'console', text: 'one\n$ a' }),
    /page\.md:5: a console block starts with/,
  );
});
