// `tocsin lint` as a process, as a person or a pipeline runs it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { PROGRAM } from '../support/product.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-lint-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const CANARY = 'canary-value-5d20';
const PROVIDER = `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: hook, namespace: apps }
spec: { type: generic, address: "https://hooks.example.com/flux" }
`;
const ALERT = `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: all, namespace: apps }
spec:
  providerRef: { name: hook }
  eventSources: [{ kind: Kustomization, name: "*" }]
`;

for (const [name, files] of Object.entries({
  clean: { 'hook.yaml': PROVIDER, 'alert.yaml': ALERT },
  warning: { 'hook.yaml': PROVIDER, 'alert.yaml': `${ALERT}  summary: all of it\n` },
  broken: { 'hook.yaml': PROVIDER, 'alert.yaml': ALERT.replace('name: hook', 'name: hok') },
  secret: {
    'alert.yaml': ALERT,
    'hook.yaml': PROVIDER.replace('generic', 'generic-hmac').replace(' }\n', ' }\n').replace('flux"', 'flux", secretRef: { name: key }'),
    'key.yaml': `apiVersion: v1\nkind: Secret\nmetadata: { name: key, namespace: apps }\nstringData: { tokn: ${CANARY} }\n`,
  },
})) {
  mkdirSync(join(folder, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs in the folder of the cases, with colours asked for as far as the environment can. */
async function lint(...args: string[]): Promise<Ran> {
  const env = { ...process.env, FORCE_COLOR: '1', TERM: 'xterm-256color', HTTPS_PROXY: 'http://127.0.0.1:1' };
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [PROGRAM, 'lint', ...args], { cwd: folder, env })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Ran;
    return { code, stdout, stderr };
  }
}

test('a clean folder passes', async () => {
  const ran = await lint('clean', '--strict');

  assert.deepEqual(ran, { code: 0, stdout: 'no faults in 2 files\n', stderr: '' });
});

test('an error fails and says where, in plain text when nobody looks', async () => {
  const ran = await lint('broken');

  assert.equal(ran.code, 1);
  assert.equal(
    ran.stdout,
    'broken/alert.yaml:5:18: error: Alert/apps/all: there is no Provider hok in the namespace apps [missing-provider]\n' +
      '  Did you mean hook?\n1 error, 0 warnings in 2 files\n',
  );
  assert.equal(ran.stderr, '');
});

test('a warning fails only with --strict', async () => {
  const [lenient, strict] = [await lint('warning'), await lint('warning', '--strict')];

  assert.deepEqual([lenient.code, strict.code], [0, 1]);
  assert.match(lenient.stdout, /alert\.yaml:7:3: warning: .*spec\.summary is deprecated/);
  assert.equal(lenient.stdout, strict.stdout);
});

test('JSON, SARIF and workflow commands hold the same finding', async () => {
  const json = await lint('broken', '--output', 'json');
  const sarif = await lint('broken', '--output', 'sarif');
  const github = await lint('broken', '--output=github');

  assert.deepEqual([json.code, sarif.code, github.code], [1, 1, 1]);
  const { items, summary } = JSON.parse(json.stdout) as { items: { rule: string; line: number }[]; summary: object };
  assert.deepEqual(
    items.map(({ rule, line }) => [rule, line]),
    [['missing-provider', 5]],
  );
  assert.deepEqual(summary, { files: 2, errors: 1, warnings: 0 });
  const log = JSON.parse(sarif.stdout) as { runs: { results: { ruleId: string; locations: object[] }[] }[] };
  assert.deepEqual(log.runs[0]?.results[0]?.locations[0], {
    physicalLocation: { artifactLocation: { uri: 'broken/alert.yaml' }, region: { startLine: 5, startColumn: 18 } },
    logicalLocations: [{ fullyQualifiedName: 'Alert/apps/all' }],
  });
  assert.equal(
    github.stdout,
    '::error file=broken/alert.yaml,line=5,col=18,title=tocsin missing-provider::Alert/apps/all: there is no Provider hok in the namespace apps%0ADid you mean hook?\n',
  );
});

test('a clean folder gives a valid document in every format', async () => {
  const sarif = await lint('clean', '--output', 'sarif');
  const github = await lint('clean', '--output', 'github');

  assert.deepEqual((JSON.parse(sarif.stdout) as { runs: { results: object[] }[] }).runs[0]?.results, []);
  assert.deepEqual(github, { code: 0, stdout: '', stderr: '' });
});

test('several paths are one folder, and nothing outside of them is read', async () => {
  const both = await lint('clean/alert.yaml', 'clean/hook.yaml');
  const alone = await lint('clean/alert.yaml');

  assert.equal(both.code, 0);
  assert.equal(alone.code, 1);
  assert.match(alone.stdout, /there is no Provider hook in the namespace apps/);
});

test('no format shows a value of a Secret', async () => {
  for (const format of ['table', 'json', 'sarif', 'github']) {
    const ran = await lint('secret', '--output', format);

    assert.equal(ran.code, 1, format);
    assert.match(ran.stdout, /has no key token/, format);
    assert.doesNotMatch(ran.stdout + ran.stderr, new RegExp(CANARY), format);
  }
});

test('wrong usage ends with 2 and says so on stderr', async () => {
  const table: readonly { readonly name: string; readonly in: readonly string[]; readonly want: RegExp }[] = [
    { name: 'no path', in: [], want: /name folders or files of manifests, or --cluster/ },
    { name: 'a path and a cluster', in: ['clean', '--cluster'], want: /name folders or files of manifests, or --cluster/ },
    { name: 'an unknown format', in: ['clean', '--output', 'xml'], want: /Allowed choices are table, json, sarif, github/ },
    { name: 'an unknown flag', in: ['clean', '--fix'], want: /unknown option '--fix'/ },
  ];
  for (const { name, in: args, want } of table) {
    const ran = await lint(...args);

    assert.equal(ran.code, 2, name);
    assert.equal(ran.stdout, '', name);
    assert.match(ran.stderr, want, name);
  }
});

test('a path that does not exist is a finding, not a clean folder', async () => {
  const ran = await lint('clean', 'nowhere');

  assert.equal(ran.code, 1);
  assert.match(ran.stdout, /^nowhere: error: it does not exist \[unreadable\]/);
});

test('--help names every flag, format and exit code', async () => {
  const { code, stdout } = await lint('--help');

  assert.equal(code, 0);
  for (const word of [
    '--output',
    '--strict',
    '"table"',
    '"json"',
    '"sarif"',
    '"github"',
    'Exit codes',
    '--cluster',
    '--kubeconfig',
    '[path...]',
  ])
    assert.ok(stdout.includes(word), word);
});

test('rendered manifests are read from a pipe', async () => {
  const running = promisify(execFile)(process.execPath, [PROGRAM, 'lint', '-', '--strict']);
  running.child.stdin?.end(`${PROVIDER}---\n${ALERT}  summary: all of it\n`);

  const { code, stdout } = await running.then(
    (ran) => ({ code: 0, ...ran }),
    (error: unknown) => error as Ran,
  );

  assert.equal(code, 1);
  assert.match(stdout, /^standard input:12:3: warning: .*spec\.summary is deprecated/);
});
