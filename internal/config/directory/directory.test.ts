import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { ManualClock } from '../../../test/support/clock.ts';
import { createFluxDialect } from '../../dialects/flux/dialect.ts';
import type { Logger } from '../../sdk/ports.ts';
import type { Directory } from './directory.ts';
import { openDirectory } from './directory.ts';

const CANARY = 'canary-5f2c9e71';
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };
const dialect = createFluxDialect({ catalog: { get: () => undefined, types: [] } });
const roots: string[] = [];

after(async () => {
  for (const root of roots) await rm(root, { recursive: true, force: true });
});

type Files = Readonly<Record<string, string>>;

async function folder(files: Files): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'manifests-'));
  roots.push(root);
  await write(root, files);
  return root;
}

async function write(root: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

async function open(
  root: string | readonly string[],
  options: { secretsPath?: string; clock?: ManualClock; watch?: boolean } = {},
): Promise<Directory> {
  const { clock = new ManualClock(), watch = false, ...rest } = options;
  return openDirectory({ paths: [root].flat(), dialect, clock, log: silent, watch, ...rest });
}

function alert(name: string, extra = ''): string {
  return `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata:
  name: ${name}
  namespace: apps
spec:
  providerRef:
    name: chat
  eventSources:
    - kind: Kustomization
      name: '*'
${extra}`;
}

function provider(name: string, extra = ''): string {
  return `apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: ${name}, namespace: apps}
spec:
  type: generic
${extra}`;
}

function secret(name: string, value: string): string {
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: apps}\nstringData: {token: ${value}}\n`;
}

const routes = (directory: Directory) => [...(directory.snapshots.current()?.routes.keys() ?? [])].sort();
const targets = (directory: Directory) => [...(directory.snapshots.current()?.targets.keys() ?? [])].sort();
const uid = (directory: Directory, name: string) => directory.snapshots.current()?.routes.get(`flux//apps/${name}`)?.ref.uid;
const faults = (directory: Directory, root: string) =>
  directory.faults().map(({ file, line, severity, message }) => `${file.slice(root.length + 1)}:${line} ${severity} ${message}`);

test('reads YAML, JSON, streams of documents and lists below a folder, and skips what is hidden', async () => {
  const list = { apiVersion: 'v1', kind: 'List', items: [JSON.parse(asJson('from-json')), JSON.parse(asJson('from-json-2'))] };
  const root = await folder({
    'a.yaml': `# comment\n---\n${alert('one')}---\n${alert('two')}...\n---\n# nothing\n`,
    'deep/er/b.yml': provider('chat').replaceAll('\n', '\r\n'),
    'c.json': JSON.stringify(list),
    'list.yaml': `apiVersion: v1\nkind: List\nitems:\n- apiVersion: notification.toolkit.fluxcd.io/v1\n  kind: Alert\n  metadata: {name: listed}\n  spec: {providerRef: {name: a}, eventSources: []}\n`,
    'typed.yaml': `apiVersion: notification.toolkit.fluxcd.io/v1beta2\nkind: ProviderList\nitems:\n- metadata: {name: typed}\n  spec: {type: slack}\n`,
    'bom.yaml': `\uFEFF${alert('bom')}`,
    'directive.yaml': `%YAML 1.1\n---\n${alert('directive')}`,
    'values.yaml': 'replicas: 3\nimage: {tag: x}\n',
    'Chart.yaml': 'apiVersion: v2\nname: chart\n',
    'notes.txt': 'kind: Alert',
    '.hidden/x.yaml': alert('hidden'),
    '.x.yaml': alert('hidden-2'),
  });
  const directory = await open(root);

  const names = ['apps/bom', 'apps/directive', 'apps/from-json', 'apps/from-json-2', 'apps/one', 'apps/two', 'default/listed'];
  assert.deepEqual(
    routes(directory),
    names.map((name) => `flux//${name}`),
  );
  assert.deepEqual(targets(directory), ['flux//apps/chat', 'flux//default/typed']);
  assert.ok(directory.faults().every(({ severity }) => severity === 'warning'));
});

function asJson(name: string): string {
  const spec = { providerRef: { name: 'chat' }, eventSources: [{ kind: 'Bucket', name: '*' }] };
  return JSON.stringify({
    apiVersion: 'notification.toolkit.fluxcd.io/v1beta3',
    kind: 'Alert',
    metadata: { name, namespace: 'apps' },
    spec,
  });
}

test('an object without uid gets one that stays, with uid keeps it', async () => {
  const root = await folder({ 'a.yaml': `${alert('one')}---\n${alert('two').replace('  namespace', '  uid: given\n  namespace')}` });
  const first = await open(root);
  const second = await open(root);

  assert.match(uid(first, 'one') ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(uid(first, 'one'), uid(second, 'one'));
  assert.equal(uid(first, 'two'), 'given');
});

test('a broken manifest is a fault with line and hint, and costs its neighbours nothing', async () => {
  const table: readonly { name: string; text: string; line: number; message: RegExp; hint?: RegExp; field?: string }[] = [
    { name: 'tab', text: 'kind: Alert\n\tname: x\n', line: 2, message: /tab|YAML/ },
    { name: 'open quote', text: 'kind: "Alert\nname: x\n', line: 2, message: /quote, bracket or colon is missing|YAML/ },
    { name: 'twice the same key', text: 'kind: Alert\nkind: Alert\n', line: 2, message: /stands twice/ },
    { name: 'unknown alias', text: 'kind: *nowhere\n', line: 1, message: /alias/ },
    { name: 'template', text: 'kind: {{ .Values.kind }}\nname: {{ x }}\n', line: 1, message: /YAML/, hint: /template/ },
    {
      name: 'wrong type',
      text: alert('x', '  suspend: "yes"\n'),
      line: 12,
      message: /spec\.suspend must be true or false/,
      field: 'spec.suspend',
    },
    {
      name: 'unknown kind of source',
      text: alert('x', '    - kind: helm\n      name: a\n'),
      line: 12,
      message: /cannot be "helm"/,
      field: 'spec.eventSources[1].kind',
    },
    { name: 'missing field', text: alert('x', '    - kind: Bucket\n'), line: 12, message: /eventSources\[1\]\.name is required/ },
    { name: 'unknown type', text: provider('x').replace('generic', 'genric'), line: 5, message: /"genric" is no known/, hint: /generic\?/ },
    {
      name: 'no name',
      text: alert('x').replace('name: x', 'generateName: x-'),
      line: 3,
      message: /metadata\.name is required/,
      hint: /generateName/,
    },
    { name: 'bad name', text: alert('X_Y'), line: 4, message: /metadata\.name is not a valid name/ },
    { name: 'number as name', text: alert('1'), line: 4, message: /metadata\.name must be a string/ },
    { name: 'bad namespace', text: alert('x').replace('apps', 'a.b'), line: 5, message: /metadata\.namespace is not a valid namespace/ },
    {
      name: 'annotation',
      text: alert('x').replace('  name: x', '  name: x\n  annotations: {a: 1}'),
      line: 5,
      message: /annotations has a value/,
    },
    { name: 'no kind', text: alert('x').replace('kind: Alert\n', ''), line: 1, message: /kind "" does not exist/ },
    { name: 'no apiVersion', text: alert('x').replace(/^.*\n/, ''), line: 1, message: /apiVersion is required/, hint: /v1beta3/ },
    {
      name: 'sops',
      text: `${secret('s', '"ENC[AES256_GCM,data:x]"')}sops: {mac: x}\n`,
      line: 1,
      message: /encrypted with SOPS/,
      hint: /Decrypt/,
    },
    { name: 'sops Alert', text: `${alert('x')}sops: {mac: x}\n`, line: 1, message: /encrypted with SOPS/ },
    {
      name: 'base64',
      text: `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  a: aGk=\n  token: ${CANARY}!\n`,
      line: 6,
      message: /data\.token is not base64/,
      hint: /stringData/,
    },
    {
      name: 'secret number',
      text: 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  token: 12345\n',
      line: 5,
      message: /stringData\.token must be a string/,
    },
    {
      name: 'secret value as key',
      text: `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  "${CANARY} x": a\n`,
      line: 4,
      message: /has a key that is not valid/,
    },
    {
      name: 'secret in broken YAML',
      text: `apiVersion: v1\nkind: Secret\nstringData:\n  token: "${CANARY}" ${CANARY}\n`,
      line: 4,
      message: /YAML/,
    },
    { name: 'alias bomb', text: bomb(), line: 1, message: /aliases too often/ },
    { name: 'deep', text: `a: ${'['.repeat(20_000)}`, line: 1, message: /nested too deeply|missing|YAML/ },
  ];
  for (const { name, text, line, message, hint, field } of table) {
    const root = await folder({ 'm.yaml': `${alert('good')}---\n${text}\n---\n${alert('good-2')}` });
    const directory = await open(root);

    const found = directory.faults().filter(({ severity }) => severity === 'error');
    assert.equal(found.length, 1, `${name}: ${JSON.stringify(found)}`);
    assert.match(found[0]?.message ?? '', message, name);
    assert.equal((found[0]?.line ?? 0) - 12, line, `${name}: ${JSON.stringify(found)}`);
    if (hint !== undefined) assert.match(found[0]?.hint ?? '', hint, name);
    if (field !== undefined) assert.equal(found[0]?.field, field, name);
    assert.deepEqual(routes(directory), ['flux//apps/good', 'flux//apps/good-2'], name);
    assert.doesNotMatch(JSON.stringify(directory.faults()), new RegExp(CANARY), name);
  }
});

function bomb(): string {
  const levels = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (const name of 'bcdefgh')
    levels.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${String.fromCharCode(name.charCodeAt(0) - 1)}`).join(', ')}]`);
  return levels.join('\n');
}

test('broken JSON, bytes that are no UTF-8: a fault that names the place and shows no text', async () => {
  const root = await folder({ 'a.json': `{"kind": "Secret",\n "stringData": {"token": "${CANARY}" x}}`, 'b.yaml': '' });
  await writeFile(join(root, 'b.yaml'), Buffer.from([0x6b, 0x3a, 0x20, 0xff, 0xfe]));
  const directory = await open(root);

  assert.deepEqual(faults(directory, root), ['a.json:2 error this is not valid JSON', 'b.yaml:0 error the file is not valid UTF-8']);
  assert.doesNotMatch(JSON.stringify(directory.faults()), new RegExp(CANARY));
});

test('the last good version of a broken object stays, and goes when the object goes', async () => {
  const root = await folder({ 'a.yaml': `${alert('one')}---\n${alert('two')}` });
  const directory = await open(root);
  const good = directory.snapshots.current()?.routes.get('flux//apps/one');
  const broken = [
    { name: 'refused', text: alert('one', '  suspend: 3\n') },
    { name: 'syntax', text: 'kind: [Alert\n' },
    { name: 'mistyped kind', text: alert('one').replace('kind: Alert', 'kind: Alrt') },
    { name: 'mistyped version', text: alert('one').replace('v1beta3', 'v2') },
  ];
  for (const { name, text } of broken) {
    await write(root, { 'a.yaml': `${text}---\n${alert('two', '  suspend: true\n')}` });
    await directory.reload();

    assert.equal(directory.snapshots.current()?.routes.get('flux//apps/one'), good, name);
    assert.equal(directory.snapshots.current()?.routes.get('flux//apps/two')?.suspended, true, name);
    assert.ok(directory.faults().length > 0, name);
  }

  await write(root, { 'a.yaml': alert('two') });
  await directory.reload();

  assert.deepEqual(routes(directory), ['flux//apps/two']);
  assert.deepEqual(directory.faults(), []);
});

test('a file that vanishes takes its objects with it', async () => {
  const root = await folder({ 'a.yaml': alert('one'), 'sub/b.yaml': alert('two') });
  const directory = await open(root);

  await rm(join(root, 'sub'), { recursive: true });
  await directory.reload();

  assert.deepEqual(routes(directory), ['flux//apps/one']);
});

test('a folder that vanishes keeps what was read from it, and says so until it is back', async () => {
  const root = await folder({ 'repo/a.yaml': alert('one') });
  const directory = await open(join(root, 'repo'));
  const before = directory.snapshots.current();

  await rename(join(root, 'repo'), join(root, 'away'));
  await directory.reload();

  assert.equal(directory.snapshots.current(), before);
  assert.deepEqual(faults(directory, root), ['repo:0 error it does not exist']);

  await rename(join(root, 'away'), join(root, 'repo'));
  await directory.reload();

  assert.deepEqual(directory.faults(), []);
  assert.deepEqual(routes(directory), ['flux//apps/one']);
});

test('a folder that is missing at the start is a clear error', async () => {
  const root = await folder({});

  await assert.rejects(open(join(root, 'nowhere')), {
    name: 'ConfigFault',
    message: `cannot read the manifests in ${join(root, 'nowhere')}: it does not exist`,
  });
  await assert.rejects(open(root, { secretsPath: join(root, 'no') }), {
    message: `cannot read the secrets in ${join(root, 'no')}: it does not exist`,
  });
});

test('a kubelet volume: each file once, and a swap of ..data replaces all of them', async () => {
  const root = await folder({ '..v1/a.yaml': alert('one'), '..v2/a.yaml': alert('two') });
  await symlink('..v1', join(root, '..data'));
  await symlink('..data/a.yaml', join(root, 'a.yaml'));
  const directory = await open(root);
  assert.deepEqual([routes(directory), directory.faults()], [['flux//apps/one'], []]);

  await symlink('..v2', join(root, '..data_tmp'));
  await rename(join(root, '..data_tmp'), join(root, '..data'));
  await directory.reload();

  assert.deepEqual([routes(directory), directory.faults()], [['flux//apps/two'], []]);
});

test('an object that is defined twice: the first stays, the fault names both places', async () => {
  const root = await folder({ 'a.yaml': alert('one'), 'b.yaml': `# x\n---\n${alert('one', '  suspend: true\n')}` });
  const directory = await open(root);

  assert.equal(directory.snapshots.current()?.routes.get('flux//apps/one')?.suspended, false);
  assert.deepEqual(faults(directory, root), [`b.yaml:3 error Alert/apps/one is already defined in ${root}/a.yaml line 1`]);
});

test('links in a circle and folders given twice show every file once', async () => {
  const root = await folder({ 'sub/a.yaml': alert('one') });
  await symlink('..', join(root, 'sub/up'));
  const directory = await open([root, join(root, 'sub')]);

  assert.deepEqual([routes(directory), directory.faults()], [['flux//apps/one'], []]);
});

test('one change leaves every other Route the same object', async () => {
  const documents = Array.from({ length: 200 }, (_, index) => alert(`a${index}`));
  const root = await folder({ 'a.yaml': documents.join('---\n'), 'b.yaml': provider('chat') });
  const directory = await open(root);
  const before = directory.snapshots.current();
  documents[100] = alert('a100', '  suspend: true\n');
  documents[50] = `# only a comment\n${documents[50]}`;

  await write(root, { 'a.yaml': documents.join('---\n') });
  await directory.reload();

  const now = directory.snapshots.current();
  const changed = [...(now?.routes ?? [])].filter(([key, route]) => before?.routes.get(key) !== route).map(([key]) => key);
  assert.deepEqual(changed, ['flux//apps/a100']);
  assert.equal(now?.targets.get('flux//apps/chat'), before?.targets.get('flux//apps/chat'));
  await directory.reload();
  assert.equal(directory.snapshots.current(), now, 'nothing changed, so the Snapshot stays');
});

test('listeners hear which Targets changed, also when only a Secret did', async () => {
  const refs = '  secretRef: {name: s1}\n  certSecretRef: {name: s2}\n  proxySecretRef: {name: s3}\n';
  const root = await folder({ 'p.yaml': `${provider('one', refs)}---\n${provider('two')}`, 's.yaml': '' });
  const directory = await open(root);
  const heard: (readonly string[])[] = [];
  directory.snapshots.subscribe((_, changed) => heard.push(changed));

  for (const name of ['s1', 's2', 's3', 'other']) {
    await write(root, { 's.yaml': secret(name, 'a') });
    await directory.reload();
  }
  await write(root, { 'p.yaml': provider('one', refs) });
  await directory.reload();

  assert.deepEqual(heard, [['flux//apps/one'], ['flux//apps/one'], ['flux//apps/one'], ['flux//apps/one'], ['flux//apps/two']]);
});

test('Secrets: stringData over data, files over manifests, broken ones say why', async () => {
  const text = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: apps}\n';
  const root = await folder({
    'm/a.yaml': `${text}data: {a: aGVsbG8=, b: eA==}\nstringData: {b: "yes", c: ''}\n`,
    'm/b.yaml': `${text.replace('name: s', 'name: broken')}data: {a: "?"}\n`,
    'm/c.yaml': secret('both', 'manifest'),
    's/apps/both/token': 'file\n',
    's/apps/other/.dockerconfigjson': '{}',
  });
  const directory = await open(join(root, 'm'), { secretsPath: join(root, 's') });
  const get = async (name: string) =>
    Object.fromEntries(
      Object.entries((await directory.secrets.get('apps', name)) ?? {}).map(([key, value]) => [key, Buffer.from(value).toString()]),
    );

  assert.deepEqual(await get('s'), { a: 'hello', b: 'yes', c: '' });
  assert.deepEqual(await get('both'), { token: 'file\n' });
  assert.match(directory.faults().find(({ object }) => object === 'Secret/apps/both')?.message ?? '', /also given as files/);
  assert.deepEqual(await get('other'), { '.dockerconfigjson': '{}' });
  assert.equal(await directory.secrets.get('apps', 'nobody'), undefined);
  await assert.rejects(directory.secrets.get('apps', 'broken'), {
    name: 'ConfigFault',
    message: /b\.yaml line 4 cannot be used: data\.a is not base64/,
  });
});

test('a Secret that breaks keeps its last good values', async () => {
  const root = await folder({ 's.yaml': secret('s', 'good') });
  const directory = await open(root);

  await write(root, { 's.yaml': secret('s', '"ENC[x]"') });
  await directory.reload();

  assert.equal(Buffer.from((await directory.secrets.get('apps', 's'))?.['token'] ?? []).toString(), 'good');
  assert.match(directory.faults()[0]?.hint ?? '', /The last good version stays in use/);
});

test('labels are those of the manifest of the same group, kind, namespace and name', async () => {
  const app =
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: app\n  labels: {team: a, __proto__: b}\n';
  const directory = await open(await folder({ 'a.yaml': `${app}---\n${alert('one')}` }));
  const lookup = (apiVersion: string, namespace: string, name: string) =>
    directory.labels.lookup({ apiVersion, kind: 'Kustomization', namespace, name, uid: '', resourceVersion: '', fieldPath: '' });

  const found = lookup('kustomize.toolkit.fluxcd.io/v2', 'default', 'app');
  assert.equal(found.state, 'labels');
  assert.deepEqual(found.state === 'labels' && Object.entries(found.labels), [
    ['team', 'a'],
    ['__proto__', 'b'],
  ]);
  assert.deepEqual(lookup('kustomize.config.k8s.io/v1', 'default', 'app'), { state: 'missing' });
  assert.deepEqual(lookup('kustomize.toolkit.fluxcd.io/v1', 'apps', 'app'), { state: 'missing' });
});

test('YAML is read as kubectl reads it: yes is true, times stay text', async () => {
  const root = await folder({
    'a.yaml': alert('one', '  suspend: yes\n  eventMetadata: {day: 2026-01-02, time: 12:30:45, sha: e12, quoted: "on"}\n'),
  });
  const route = (await open(root)).snapshots.current()?.routes.get('flux//apps/one');

  assert.equal(route?.suspended, true);
  assert.deepEqual({ ...route?.metadata }, { day: '2026-01-02', time: '12:30:45', sha: 'e12', quoted: 'on' });
});

/** Resolves when something is scheduled to happen soon, as a change of a folder does. */
class SignallingClock extends ManualClock {
  #onSchedule: () => void = () => {};

  override schedule(delayMs: number, callback: () => void): () => void {
    const cancel = super.schedule(delayMs, callback);
    if (delayMs < 60_000) this.#onSchedule();
    return cancel;
  }

  changeSeen(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSchedule = resolve;
    });
  }
}

test('changes are seen: a file is written, replaced, a folder swapped behind a link', async () => {
  const root = await folder({ 'v1/a.yaml': alert('one'), 'v2/a.yaml': alert('swapped'), 'new/new.yaml': alert('moved-in') });
  await symlink('v1', join(root, 'current'));
  const clock = new SignallingClock();
  const directory = await open(join(root, 'current'), { clock, watch: true });
  const steps: readonly { name: string; act: () => Promise<void>; want: readonly string[] }[] = [
    { name: 'changed in place', act: () => write(root, { 'v1/a.yaml': alert('two') }), want: ['flux//apps/two'] },
    {
      name: 'file added',
      act: () => rename(join(root, 'new/new.yaml'), join(root, 'v1/b.yaml')),
      want: ['flux//apps/moved-in', 'flux//apps/two'],
    },
    { name: 'file removed', act: () => rm(join(root, 'v1/b.yaml')), want: ['flux//apps/two'] },
    {
      name: 'link swapped',
      act: async () => {
        await symlink('v2', join(root, 'next'));
        await rename(join(root, 'next'), join(root, 'current'));
      },
      want: ['flux//apps/swapped'],
    },
    { name: 'changed behind the new link', act: () => write(root, { 'v2/a.yaml': alert('last') }), want: ['flux//apps/last'] },
  ];
  try {
    for (const { name, act, want } of steps) {
      const isApplied = new Promise<void>((resolve) => {
        const stop = directory.snapshots.subscribe(() => {
          if (JSON.stringify(routes(directory)) !== JSON.stringify(want)) return;
          stop();
          resolve();
        });
      });
      const isSeen = clock.changeSeen();

      await act();
      await isSeen;
      clock.advance(1_000);
      // More events of the same change may come late; each is answered like the first.
      clock.changeSeen().then(() => setImmediate(() => clock.advance(1_000)), assert.fail);
      await isApplied;

      assert.deepEqual(routes(directory), want, name);
    }
  } finally {
    directory.close();
  }
  assert.equal(clock.pending, 0);
});

test('the poll finds what no event told', async () => {
  const root = await folder({ 'a.yaml': alert('one') });
  const clock = new ManualClock();
  const directory = await open(root, { clock, watch: true });
  const isApplied = new Promise<void>((resolve) => directory.snapshots.subscribe(() => resolve()));

  await write(root, { 'a.yaml': alert('two') });
  clock.advance(60_000);
  await isApplied;

  assert.deepEqual(routes(directory), ['flux//apps/two']);
  directory.close();
});

test('a subfolder that cannot be read keeps its objects and is told', async () => {
  const root = await folder({ 'sub/a.yaml': alert('one'), 'b.yaml': alert('two') });
  const directory = await open(root);

  // A link to itself cannot be read by anybody, root included.
  await rename(join(root, 'sub'), join(root, '.away'));
  await symlink('sub', join(root, 'sub'));
  await directory.reload();

  assert.deepEqual(routes(directory), ['flux//apps/one', 'flux//apps/two']);
  assert.deepEqual(faults(directory, root), ['sub:0 error its links form a circle']);
});

test('random documents never throw, never cost a good neighbour, and never show a Secret', async () => {
  const root = await folder({});
  const directory = await open(root);
  const piece = fc.constantFrom(
    'kind: ',
    'Alert',
    'Secret',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    '"',
    "'",
    ': ',
    '&a ',
    '*a',
    '|',
    '!!',
    '%',
    '#',
    '---\n',
    'spec:',
    'stringData:\n  token: ',
    CANARY,
    '\t',
    '__proto__: ',
    '<<: ',
    '\u202e',
    '\0',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.json(),
    fc.string({ unit: 'binary' }),
  );
  await fc.assert(
    fc.asyncProperty(text, async (random) => {
      await write(root, { 'a.yaml': `${alert('good')}\n---\n${random}`, 'b.json': random });
      await directory.reload();

      assert.deepEqual(routes(directory), ['flux//apps/good']);
      const told = directory.faults().map(({ message, hint }) => `${message} ${hint}`);
      assert.doesNotMatch(told.join('\n'), new RegExp(CANARY));
    }),
    { numRuns: 100 },
  );
});
