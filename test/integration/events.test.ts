// `events`, their export, and following events and deliveries, as processes against a running server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { flagsToAsk, type Ran, runHere, runTocsin } from '../support/command.ts';
import { type Product, PROGRAM, startProduct } from '../support/product.ts';
import { type RecordingServer, startRecordingServer } from '../support/servers.ts';
import type { Delivery, StoredEvent } from '../../internal/outbox/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-events-'));
const manifests = join(folder, 'manifests');
const store = join(folder, 'outbox.db');
const FLEET = (host: string): string => `---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: hook, namespace: apps }
spec: { type: generic, address: "http://${host}/" }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: errors, namespace: apps }
spec: { providerRef: { name: hook }, eventSeverity: error, eventSources: [{ kind: Kustomization, name: "*" }] }
`;
let sink: RecordingServer;
let product: Product;
const ids = new Map<string, string>();

before(async () => {
  sink = await startRecordingServer();
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'all.yaml'), FLEET(sink.host));
  product = await startProduct({ manifests: [manifests], store, logFile: join(folder, 'log') });
  for (const severity of ['info', 'error']) await post(`old-${severity}`, severity);
  await post('elsewhere', 'error', 'HelmRelease');
});

after(async () => {
  await product.stop();
  await sink.close();
  rmSync(folder, { recursive: true, force: true });
});

async function post(name: string, severity: string, kind = 'Kustomization'): Promise<void> {
  const event = {
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind, namespace: 'apps', name },
    severity,
    reason: severity === 'error' ? 'BuildFailed' : 'Reconciled',
    message: `about ${name}\u001b[31m`,
    reportingController: 'kustomize-controller',
  };
  const { host, port } = product.addresses.events;
  const answer = await fetch(`http://${host}:${port}`, { method: 'POST', body: JSON.stringify(event) });
  assert.equal(answer.status, 202);
  ids.set(name, answer.headers.get('tocsin-event') ?? '');
}

const askFlags = (): string[] => flagsToAsk(product, store);

const tocsin = (...args: readonly string[]): Promise<Ran> => runTocsin(...args, ...askFlags());

function namesIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as StoredEvent).event.subject.name);
}

const filters: readonly { readonly args: readonly string[]; readonly want: readonly string[] }[] = [
  { args: [], want: ['elsewhere', 'old-error', 'old-info'] },
  { args: ['--severity', 'error'], want: ['elsewhere', 'old-error'] },
  { args: ['--reason', 'Reconciled'], want: ['old-info'] },
  { args: ['--object', 'Kustomization'], want: ['old-error', 'old-info'] },
  { args: ['--object', 'Kustomization/apps/old-info'], want: ['old-info'] },
  { args: ['--object', '*/*/elsewhere'], want: ['elsewhere'] },
  { args: ['--verdict', 'unmatched'], want: ['elsewhere', 'old-info'] },
  { args: ['--verdict', 'dropped'], want: ['old-info'] },
  { args: ['--verdict', 'matched', '--since', '1h'], want: ['old-error'] },
  { args: ['--until', '1h'], want: [] },
  { args: ['--since', '2020-01-01', '--limit', '1'], want: ['elsewhere'] },
  { args: ['--limit', '0'], want: ['elsewhere', 'old-error', 'old-info'] },
];

test('events are narrowed by what happened, to what, when, and what came of it', async () => {
  for (const { args, want } of filters) {
    const { code, stdout, stderr } = await runHere('events', '--output', 'jsonl', ...args, ...askFlags());
    assert.deepEqual([code, namesIn(stdout), stderr], [0, want, ''], args.join(' '));
  }
});

test('events are listed for people and for programs, and a list goes on where it ended', async () => {
  const table = await tocsin('events');
  const none = await tocsin('events', '--severity', 'none');
  const first = await tocsin('events', '--limit', '2');
  const document = JSON.parse((await tocsin('events', '--limit', '2', '--output', 'json')).stdout) as {
    items: StoredEvent[];
    next: string;
  };
  const rest = await tocsin('events', '--output', 'jsonl', '--after', document.next);

  assert.match(table.stdout, /^ID +ACCEPTED +OBJECT +SEVERITY +REASON +VERDICTS +MESSAGE$/m);
  assert.match(table.stdout, /Kustomization\/apps\/old-info +info +Reconciled +1 dropped +about old-info/);
  assert.match(table.stdout, /HelmRelease\/apps\/elsewhere +error +BuildFailed +- +about elsewhere/);
  assert.ok(!table.stdout.includes('\u001b'), 'no colour in a pipe, and none that a sender brings');
  assert.equal(none.stdout, 'No events match.\n');
  assert.equal(first.stderr, `There may be more: --limit 0 lists all, --after ${document.next} goes on here.\n`);
  assert.deepEqual([document.items.length, document.next, namesIn(rest.stdout)], [2, ids.get('old-error'), ['old-info']]);
});

test('an event is shown with what the Alerts made of it and what was owed', async () => {
  const sent = await tocsin('events', 'show', ids.get('old-error') ?? '');
  const quiet = await tocsin('events', ids.get('old-info') ?? '');
  const unknown = await tocsin('events', 'show', 'nobody');

  assert.match(sent.stdout, /^Event [0-9a-f-]{36}: error BuildFailed of Kustomization\/apps\/old-error, accepted .*\n {2}about old-error/);
  assert.match(sent.stdout, /matched +Alert apps\/errors\n\nDeliveries:\n {2}[0-9a-f-]{36} +to generic apps\/hook/);
  assert.match(quiet.stdout, /dropped +Alert apps\/errors \(severity\).*\n\nDeliveries:\n {2}nothing was owed/);
  assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
  assert.match(unknown.stderr, /no event has the id nobody/);
});

test('an export is what backtest and explain read', async () => {
  const one = join(folder, 'one.json');
  const all = join(folder, 'all.jsonl');
  const list = join(folder, 'all.json');
  const edited = join(folder, 'edited.yaml');
  writeFileSync(one, (await tocsin('events', 'show', ids.get('old-info') ?? '', '--output', 'json')).stdout);
  writeFileSync(all, (await tocsin('events', '--limit', '0', '--output', 'jsonl')).stdout);
  writeFileSync(list, (await tocsin('events', '--limit', '0', '--output', 'json')).stdout);
  writeFileSync(edited, FLEET(sink.host).replace('eventSeverity: error', 'eventSeverity: info'));

  const explained = await runTocsin('explain', '--event', one, '--manifests', manifests);
  const rendered = await runTocsin('render', '--event', one, '--provider', 'apps/hook', '--manifests', manifests);
  const several = await runTocsin('explain', '--event', list, '--manifests', manifests);

  assert.match(explained.stdout, /dropped +Alert apps\/errors \(severity\)/);
  assert.match(rendered.stdout, /about old-info/);
  assert.deepEqual([several.code, several.stdout], [1, '']);
  assert.match(several.stderr, /holds 3 events; "tocsin events show ID --output json" writes one/);
  for (const file of [all, list]) {
    const { totals } = JSON.parse((await runTocsin('backtest', '--alert', edited, '--events', file, '--output', 'json')).stdout) as {
      totals: Record<string, number>;
    };
    assert.partialDeepStrictEqual(totals, { events: 3, sends: 2, sent: 1, added: 1, removed: 0, same: 1 }, file);
  }
});

interface Follower {
  readonly lines: string[];
  readonly stderr: () => string;
  /** Resolves when a line that fits has come. */
  until(fits: (line: string) => boolean): Promise<void>;
  interrupt(): Promise<number | null>;
}

/** A command that runs until it is interrupted; its lines are looked at as they come. */
function startFollower(...args: readonly string[]): Follower {
  const child = spawn(process.execPath, [PROGRAM, ...args, '--follow', ...askFlags()], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let [left, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${left}${text}`.split('\n');
    left = parts.pop() ?? '';
    lines.push(...parts);
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const seen = (fits: (line: string) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!lines.some(fits)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    lines,
    stderr: () => errors,
    until: async (fits) => {
      const isSeen = await Promise.race([seen(fits).then(() => true), ended.then(() => false)]);
      assert.ok(isSeen, `it ended early: ${errors}`);
    },
    interrupt: async () => {
      child.kill('SIGINT');
      return (await ended)[0];
    },
  };
}

/** The state in a row about this object. */
function stateOf(line: string, name: string): string | undefined {
  const { subject, state } = JSON.parse(line) as Delivery;
  return subject.name === name ? state : undefined;
}

test('following shows what is there, what comes and what changes, each once, and ends well', { timeout: 60_000 }, async () => {
  const events = startFollower('events', '--output', 'json', '--limit', '1');
  const deliveries = startFollower('deliveries', '--target', 'apps/hook', '--output', 'jsonl');
  const table = startFollower('deliveries', '--state', 'delivered');
  await events.until((line) => line.includes('elsewhere'));
  await deliveries.until((line) => line.includes('old-error'));
  await table.until((line) => line.includes('old-error'));

  await post('new-info', 'info');
  await post('new-error', 'error');
  await events.until((line) => line.includes('new-error'));
  await deliveries.until((line) => stateOf(line, 'new-error') === 'delivered');
  await table.until((line) => line.includes('new-error'));
  const codes = await Promise.all([events.interrupt(), deliveries.interrupt(), table.interrupt()]);

  assert.deepEqual(codes, [0, 0, 0]);
  assert.deepEqual([events.stderr(), deliveries.stderr(), table.stderr()], ['', '', '']);
  assert.deepEqual(namesIn(events.lines.join('\n')), ['elsewhere', 'new-info', 'new-error']);
  const states = deliveries.lines.map((line) => stateOf(line, 'new-error')).filter((state) => state !== undefined);
  assert.deepEqual([states.at(-1), new Set(states).size], ['delivered', states.length], 'no row twice');
  assert.match(table.lines[0] ?? '', /^ID +STATE +PROVIDER/);
  assert.equal(table.lines.length, 3, 'a header and two deliveries');
});

const wrong: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  { args: ['events', '--verdict', 'lost'], says: /Allowed choices are matched, unmatched/ },
  { args: ['events', '--object', 'a//b'], says: /write Kind\/namespace\/name/ },
  { args: ['events', '--object', '*/*/*'], says: /name a kind, namespace or name/ },
  { args: ['events', '--since', 'yesterday'], says: /write 30m, 2h or 7d/ },
  { args: ['events', '--limit', '-1'], says: /write a whole number/ },
  { args: ['events', '--follow', '--after', 'x'], says: /cannot be used with/ },
  { args: ['deliveries', '--follow', '--until', '1h'], says: /cannot be used with/ },
  { args: ['events', 'show'], says: /name the event to show/ },
  { args: ['deliveries', 'show'], says: /name the delivery to show/ },
  { args: ['deliveries', '--state', 'lost'], says: /no "lost" here; write waiting, leased/ },
  { args: ['deliveries', '--alert', 'errors'], says: /write namespace\/name/ },
  { args: ['deliveries', '--output', 'yaml'], says: /Allowed choices are json, jsonl, table/ },
];

test('wrong usage is told on stderr', async () => {
  const asProcess = await runTocsin('events', '--verdict', 'lost');
  assert.deepEqual([asProcess.code, asProcess.stdout], [2, '']);
  for (const { args, says } of wrong) {
    const { code, stdout, stderr } = await runHere(...args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, says, args.join(' '));
  }
});
