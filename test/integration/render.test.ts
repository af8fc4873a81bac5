// `render`, `check` and `send` as processes: what would be sent, whether it could be, and a test event on its real way.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { flagsToAsk, runTocsin } from '../support/command.ts';
import { PROGRAM, type Product, startProduct } from '../support/product.ts';
import { type RecordingServer, startRecordingServer } from '../support/servers.ts';

const CANARY = 'canary-value-b81d';
const folder = mkdtempSync(join(tmpdir(), 'tocsin-render-'));
const manifests = join(folder, 'manifests');
const store = join(folder, 'outbox.db');
const eventFile = join(folder, 'event.json');
let sink: RecordingServer;
let product: Product;

const object = (kind: string, name: string, spec: string): string => `---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: ${kind}
metadata: { name: ${name}, namespace: apps }
spec: { ${spec} }
`;
const secret = (name: string, data: string): string => `---
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: apps }
stringData: { ${data} }
`;
const alert = (name: string, kind: string, to = name): string =>
  object('Alert', name, `providerRef: { name: ${to} }, eventSources: [{ kind: ${kind}, name: "*" }]`);

before(async () => {
  sink = await startRecordingServer({
    answer: ({ url }, response) => {
      response.statusCode = url === '/refused' ? 403 : 204;
      response.end(url === '/refused' ? 'who are you' : undefined);
    },
  });
  mkdirSync(manifests);
  writeFileSync(
    join(manifests, 'all.yaml'),
    [
      object('Provider', 'chat', `type: slack, channel: ops, secretRef: { name: chat }`),
      secret('chat', `address: "http://${sink.host}/services/T000/${CANARY}"`),
      alert('chat', 'Kustomization'),
      object('Provider', 'hook', `type: generic, address: "http://${sink.host}/hook", secretRef: { name: hook }`),
      secret('hook', `headers: "Authorization: Bearer ${CANARY}"`),
      alert('hook', 'Kustomization'),
      object('Provider', 'refusing', `type: generic, address: "http://${sink.host}/refused"`),
      alert('refusing', 'HelmRelease'),
      object('Provider', 'broken', 'type: slack, secretRef: { name: none }'),
      object('Provider', 'away', 'type: generic, address: "http://127.0.0.1:1/hook"'),
    ].join(''),
  );
  writeFileSync(
    eventFile,
    JSON.stringify({
      involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace: 'apps', name: 'web' },
      severity: 'error',
      reason: 'HealthCheckFailed',
      message: 'timeout waiting for Deployment/apps/web',
      metadata: { 'kustomize.toolkit.fluxcd.io/revision': 'main@sha1:5394cb7' },
    }),
  );
  product = await startProduct({ manifests: [manifests], store, logFile: join(folder, 'log') });
});

after(async () => {
  await product.stop();
  await sink.close();
  rmSync(folder, { recursive: true, force: true });
});

const askFlags = (): string[] => flagsToAsk(product, store);

test('render shows requests without secrets, the limits and the message', async () => {
  const { code, stdout, stderr } = await runTocsin('render', '--event', eventFile, '--manifests', manifests);

  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.match(stdout, /^slack apps\/chat, from Alert apps\/chat$/m);
  assert.match(stdout, /^ {2}POST http:\/\/127\.0\.0\.1:\d+\/…$/m);
  assert.match(stdout, /39 of 40,000 text characters \(0 %\)/);
  assert.match(stdout, /\| timeout waiting for Deployment\/apps\/web\n +\| revision: main@sha1:5394cb7/);
  assert.match(stdout, /^ {2}Authorization: Bearer \*{5}$/m);
  assert.doesNotMatch(stdout, new RegExp(`\\u001b|${CANARY}|/services/|:\\d+/hook`));
  assert.equal(sink.requests.length, 0, 'nothing is sent');
});

test('render of a named Provider, of an object, and as JSON', async () => {
  const flags = ['--manifests', manifests, '--output', 'json'];
  const named = await runTocsin('render', 'Kustomization/apps/web', '--provider', 'apps/hook', '--show-path', ...flags);
  const { items } = JSON.parse(named.stdout) as { items: { provider: string; requests: { url: string; bodyBytes: number }[] }[] };
  const broken = await runTocsin('render', 'Kustomization/apps/web', '--provider', 'apps/broken', ...flags);

  assert.deepEqual(
    items.map(({ provider, requests }) => [provider, requests[0]?.url]),
    [['apps/hook', `http://${sink.host}/hook`]],
  );
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /"reason": "config",\s+"message": ".*apps\/none/);
  assert.doesNotMatch(named.stdout + broken.stdout, new RegExp(CANARY));
});

test('a Provider that nobody knows is told, with those that there are', async () => {
  const asked = [
    ['deliveries', '--target', 'apps/chad'],
    ['deliveries', '--target', 'apps/chad', '--output', 'json'],
    ['replay', '--target', 'apps/chad', '--dry-run'],
    ['cancel', '--target', 'apps/chad', '--yes', '--output', 'json'],
  ];
  for (const args of asked) {
    const { code, stdout, stderr } = await runTocsin(...args, ...askFlags());

    assert.deepEqual({ args, code, stdout }, { args, code: 1, stdout: '' });
    assert.match(
      stderr,
      /there is no Provider apps\/chad, and nothing .* is stored; there is apps\/chat, apps\/(?:away|hook), .*apps\/refusing\n$/,
    );
  }
  const known = await runTocsin('deliveries', '--target', 'apps/away', ...askFlags());

  assert.deepEqual(known, { code: 0, stdout: 'No deliveries match.\n', stderr: '' });
});

test('check reaches the server of an address without its path, and tells what fails', async () => {
  const earlier = sink.requests.length;
  const fine = await runTocsin('check', 'apps/chat', ...askFlags());
  const here = await runTocsin('check', 'apps/hook', '--manifests', manifests, '--output', 'json');
  const away = await runTocsin('check', 'apps/away', ...askFlags());
  const broken = await runTocsin('check', 'apps/broken', ...askFlags());

  assert.deepEqual([fine.code, here.code, away.code, broken.code], [0, 0, 1, 1]);
  assert.match(fine.stdout, /connection +fine .*\(204 to HEAD \/\)/);
  assert.match(fine.stdout, /credentials +not tried/);
  assert.match(here.stdout, /"isFine": true/);
  assert.match(away.stdout, /connection +failed .*ECONNREFUSED.* \(network\)\n {2}→ /);
  assert.match(broken.stdout, /configuration +failed .*apps\/none.* \(config\)/);
  assert.deepEqual(
    sink.requests.slice(earlier).map(({ method, url, headers }) => [method, url, headers.authorization]),
    [
      ['HEAD', '/', undefined],
      ['HEAD', '/', undefined],
    ],
  );
});

test('send goes the real way, twice the same is no duplicate, and its outcome is told', async () => {
  const earlier = sink.requests.length;
  const first = await runTocsin('send', '--event', eventFile, ...askFlags());
  const second = await runTocsin('send', '--event', eventFile, '--output', 'json', ...askFlags());
  const refused = await runTocsin('send', 'HelmRelease/apps/web', ...askFlags());
  const unmatched = await runTocsin('send', 'Bucket/apps/web', ...askFlags());

  assert.deepEqual([first.code, second.code, refused.code, unmatched.code], [0, 0, 1, 1]);
  assert.match(first.stdout, /Arrived: 2 of 2\./);
  assert.match(second.stdout, /"delivered": 2/);
  assert.match(refused.stdout, /waiting, auth: answered 403: who are you/);
  assert.match(refused.stdout, /Arrived: 0 of 1; 1 waiting\./);
  assert.match(unmatched.stdout, /No Alert matched, so nothing was sent\./);
  assert.equal(sink.requests.slice(earlier).filter(({ method }) => method === 'POST').length, 5);
  assert.doesNotMatch(first.stdout + second.stdout + refused.stdout, new RegExp(`\\u001b|${CANARY}`));
});

test('wrong usage is 2, what cannot be done is 1, and both speak on stderr', async () => {
  const cases = [
    { args: ['render', '--event', eventFile], code: 2, says: /--manifests/ },
    { args: ['render', 'web', '--manifests', manifests], code: 2, says: /write Kind\/namespace\/name/ },
    { args: ['render', '--event', eventFile, '--manifests', join(folder, 'none')], code: 1, says: /cannot read the manifests/ },
    { args: ['check', 'chat', ...askFlags()], code: 2, says: /write namespace\/name/ },
    { args: ['check', 'apps/none', ...askFlags()], code: 1, says: /there is no Provider apps\/none/ },
    { args: ['send', ...askFlags()], code: 2, says: /name an object or --event FILE/ },
    { args: ['send', 'Bucket/apps/web', '--store', `sqlite:${store}`, '--admin-addr', '127.0.0.1:1'], code: 1, says: /no server answers/ },
  ];
  for (const { args, code, says } of cases) {
    const ran = await runTocsin(...args);
    assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code, stdout: '' }, args.join(' '));
    assert.match(ran.stderr, says);
  }
});

test('a reader who stops early, as head does, is no failure', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'render', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];

  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
});
