// `backtest` as a process: an edited Alert over what a server stored, and over files, compared with what was sent.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openAdminWorld } from '../support/admin-world.ts';
import { flagsToAsk, runHere, runTocsin } from '../support/command.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type RecordingServer, startRecordingServer } from '../support/servers.ts';
import { fleetOf, projectStored, storeEvents } from '../support/stored-events.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-backtest-'));
const manifests = join(folder, 'manifests');
const store = join(folder, 'outbox.db');
const edited = join(folder, 'edited.yaml');
let sink: RecordingServer;
let product: Product;

const alert = (spec: string): string => `---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: mine, namespace: apps }
spec: { providerRef: { name: hook }, ${spec}, eventSources: [{ kind: Kustomization, name: "*" }] }
`;
const toBody = (name: string, severity: string): Readonly<Record<string, unknown>> => ({
  involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace: 'apps', name },
  severity,
  reason: 'Reconciled',
  message: `about ${name}`,
});
const EVENTS = [
  toBody('quiet-1', 'info'),
  toBody('quiet-2', 'info'),
  toBody('loud-1', 'error'),
  toBody('loud-2', 'error'),
  toBody('noise', 'error'),
];

before(async () => {
  sink = await startRecordingServer();
  mkdirSync(manifests);
  const provider = `---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: hook, namespace: apps }
spec: { type: generic, address: "http://${sink.host}/" }
`;
  writeFileSync(join(manifests, 'all.yaml'), provider + alert('eventSeverity: error'));
  product = await startProduct({ manifests: [manifests], store, logFile: join(folder, 'log') });
  const { host, port } = product.addresses.events;
  for (const event of EVENTS) await fetch(`http://${host}:${port}`, { method: 'POST', body: JSON.stringify(event) });
});

after(async () => {
  await product.stop();
  await sink.close();
  rmSync(folder, { recursive: true, force: true });
});

const askFlags = (): string[] => flagsToAsk(product, store);

interface Result {
  readonly totals: Readonly<Record<string, number>>;
  readonly eventsPerSecond: number;
  readonly differences: readonly { readonly change: string; readonly object: string; readonly now: string; readonly before: string }[];
}

const changesOf = ({ differences }: Result): string[] =>
  differences.map(({ change, object }) => `${change} ${object.split('/')[2] ?? ''}`).toSorted();

test('over a running server: what is added and removed', async () => {
  writeFileSync(edited, alert('eventSeverity: info, exclusionList: ["noise$"]'));

  const json = await runTocsin('backtest', '--alert', edited, '--since', '7d', '--output', 'json', ...askFlags());
  const table = await runTocsin('backtest', '--alert', edited, ...askFlags());
  const strict = await runTocsin('backtest', '--alert', edited, '--strict', ...askFlags());

  const result = JSON.parse(json.stdout) as Result;
  assert.deepEqual(changesOf(result), ['added quiet-1', 'added quiet-2', 'removed noise']);
  assert.partialDeepStrictEqual(result.totals, { events: 5, sends: 4, sent: 3, added: 2, removed: 1, changed: 0, same: 2, unknown: 0 });
  assert.match(table.stdout, /^Compared 5 events in \d+\.\d s \([\d,]+ a second\)\.$/m);
  assert.match(
    table.stdout,
    /removed +apps\/mine +Kustomization\/apps\/noise .*dropped \(exclusion\) +(delivered|waiting|leased), to apps\/hook/,
  );
  assert.match(table.stdout, /added .*sent to apps\/hook +dropped \(severity\)/);
  assert.ok(!table.stdout.includes('\u001b'), 'no colour in a pipe');
  assert.deepEqual([json.code, table.code, strict.code, table.stderr], [0, 0, 1, '']);
});

test('over a running server: the same Alert changes nothing, other metadata changes what is sent', async () => {
  writeFileSync(edited, alert('eventSeverity: error'));
  const same = await runTocsin('backtest', '--alert', edited, '--strict', '--output', 'json', ...askFlags());
  writeFileSync(edited, alert('eventSeverity: error, eventMetadata: { cluster: prod }'));
  const other = await runTocsin('backtest', '--alert', edited, '--output', 'json', ...askFlags());

  assert.equal(same.code, 0);
  assert.partialDeepStrictEqual((JSON.parse(same.stdout) as Result).totals, { same: 3, added: 0, removed: 0, changed: 0 });
  assert.partialDeepStrictEqual((JSON.parse(other.stdout) as Result).totals, { changed: 3, same: 0 });
});

test('over files: what the admin API gives, and bodies against the Alert of a folder', async () => {
  writeFileSync(edited, alert('eventSeverity: info, exclusionList: ["noise$"]'));
  const exported = join(folder, 'exported.json');
  const lines = join(folder, 'lines.jsonl');
  writeFileSync(exported, JSON.stringify((await product.admin('/api/v1/events')).body));
  writeFileSync(lines, EVENTS.map((event) => JSON.stringify(event)).join('\n'));

  for (const flags of [
    ['--events', exported],
    ['--events', exported, '--manifests', manifests],
    ['--events', lines, '--manifests', manifests],
  ]) {
    const { stdout } = await runTocsin('backtest', '--alert', edited, '--output', 'json', ...flags);
    assert.deepEqual(changesOf(JSON.parse(stdout) as Result), ['added quiet-1', 'added quiet-2', 'removed noise'], flags.join(' '));
  }
});

test('what cannot be read is told on stderr', async () => {
  const broken = join(folder, 'broken.jsonl');
  writeFileSync(broken, '{"involvedObject":{}}\nnot json\n');
  const cases = [
    { args: ['--events', broken], code: 2, says: /--alert/ },
    { args: ['--alert', edited, '--events', broken], code: 1, says: /line 2 of .*broken\.jsonl is not JSON/ },
    { args: ['--alert', join(folder, 'none.yaml')], code: 1, says: /cannot read the manifests/ },
    { args: ['--alert', join(manifests, 'none'), '--since', 'yesterday'], code: 2, says: /write 30m, 2h or 7d/ },
  ];
  for (const { args, code, says } of cases) {
    const ran = await runTocsin('backtest', ...args);
    assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code, stdout: '' }, args.join(' '));
    assert.match(ran.stderr, says);
  }
});

test('the events of a large store are read once, page by page', { timeout: 120_000 }, async () => {
  const world = await openAdminWorld(projectStored);
  const asked: string[] = [];
  world.onRequest = (url) => void asked.push(url.split('?')[0] ?? '');
  writeFileSync(edited, fleetOf('info', `http://${sink.host}/`));
  await storeEvents(world.outbox, 5_000, world.clock.nowMs());

  const { adminAddr, store: worldStore } = world.flags;
  const place = ['--admin-addr', adminAddr, '--store', worldStore, '--manifests', edited];
  const ran = await runHere('backtest', '--alert', edited, '--output', 'json', ...place);
  await world.close();

  assert.partialDeepStrictEqual((JSON.parse(ran.stdout) as Result).totals, {
    events: 5_000,
    sends: 5_000,
    sent: 500,
    added: 4_500,
    same: 500,
  });
  const pagesOf = (list: string): number => asked.filter((path) => path === `/api/v1/${list}`).length;
  assert.deepEqual([pagesOf('events'), pagesOf('deliveries'), asked.length], [11, 2, 13], 'one page for 500 rows, and one to see the end');
});
