// "Why did I not get it?": every story is answered by one `explain` command, with the reason and what would have passed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { projectFlux, toEvent } from '../../internal/event/flux.ts';
import { openSqliteOutbox } from '../../internal/outbox/sqlite/outbox.ts';
import { ManualClock } from '../support/clock.ts';
import { flagsToAsk, runTocsin } from '../support/command.ts';
import { startInline } from '../support/inline-writer.ts';
import { aDelivery, anAppend } from '../support/outbox.ts';
import { type Product, startProduct } from '../support/product.ts';

const HOUR_MS = 3_600_000;
const CANARY = 'canary-value-73ab';
const folder = mkdtempSync(join(tmpdir(), 'tocsin-explain-'));
const eventFile = join(folder, 'event.json');
const store = join(folder, 'outbox.db');
let sink: Server;
let product: Product;
let expiredId = '';
after(() => rmSync(folder, { recursive: true, force: true }));

const toBody = (kind: string, name: string, message = 'Health check failed after 5m'): string =>
  JSON.stringify({
    involvedObject: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind, namespace: 'apps', name },
    severity: 'info',
    reason: 'ReconciliationSucceeded',
    message,
    reportingController: 'kustomize-controller',
  });

const toObject = (kind: string, name: string, spec: string, namespace = 'apps'): string => `---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec} }
`;
const provider = (name: string, spec = 'type: generic, address: "https://hooks.example.com/flux"', namespace = 'apps'): string =>
  toObject('Provider', name, spec, namespace);
const alert = (rest: string, namespace = 'apps', to = 'hook'): string =>
  toObject('Alert', 'mine', `providerRef: { name: ${to} }, ${rest}`, namespace);
const SOURCE = 'eventSources: [{ kind: Kustomization, name: "*" }]';

interface Story {
  readonly name: string;
  readonly manifests: string;
  readonly flags?: readonly string[];
  readonly want: readonly RegExp[];
}

const OFFLINE: readonly Story[] = [
  {
    name: 'a mistyped namespace',
    manifests: provider('hook') + alert('eventSources: [{ kind: Kustomization, name: "*", namespace: appz }]'),
    want: [/dropped +Alert apps\/mine \(kind-or-namespace\)/, /namespace: apps would pass; is "appz" a mistyped "apps"\?/],
  },
  {
    name: 'a Provider in another namespace',
    manifests: provider('hook', undefined, 'flux-system') + alert(SOURCE),
    want: [
      /pending +Alert apps\/mine \(provider-missing\)/,
      /there is one in namespace "flux-system", but an Alert only reaches Providers of its own/,
    ],
  },
  {
    name: 'the severity',
    manifests: provider('hook') + alert(`eventSeverity: error, ${SOURCE}`),
    want: [/dropped +Alert apps\/mine \(severity\)/, /spec\.eventSeverity: info would pass, or an event of severity error/],
  },
  {
    name: 'the exclusion list',
    manifests: provider('hook') + alert(`exclusionList: ["^Health check"], ${SOURCE}`),
    want: [/dropped +Alert apps\/mine \(exclusion\): .*matches "\^Health check"/, /it would pass without that expression/],
  },
  {
    name: 'a suspended Alert',
    manifests: provider('hook') + alert(`suspend: true, ${SOURCE}`),
    want: [/dropped +Alert apps\/mine \(suspended\)/, /it would pass without spec\.suspend of the Alert/],
  },
  {
    name: 'a wrong key in the Secret',
    manifests: `${provider('hook', 'type: slack, secretRef: { name: slack }')}${alert(SOURCE)}---
apiVersion: v1
kind: Secret
metadata: { name: slack, namespace: apps }
stringData: { url: "https://hooks.slack.com/services/${CANARY}" }
`,
    want: [
      /matched +Alert apps\/mine/,
      /cannot be sent \(config\): invalid Slack hook URL/,
      /the Secret apps\/slack has the key "url", which nothing reads; type slack reads address/,
    ],
  },
  {
    name: 'the cross-namespace flag',
    manifests: provider('hook', undefined, 'team') + alert('eventSources: [{ kind: Kustomization, name: "*", namespace: apps }]', 'team'),
    flags: ['--no-cross-namespace-refs'],
    want: [/dropped +Alert team\/mine \(cross-namespace\)/, /an Alert in namespace "apps" would pass/],
  },
  {
    name: 'labels that differ',
    manifests: `${provider('hook')}${alert('eventSources: [{ kind: Kustomization, name: "*", matchLabels: { team: red } }]')}---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: apps, labels: { team: blue } }
`,
    want: [
      /dropped +Alert apps\/mine \(labels\): the label "team" of the object is "blue", matchLabels wants "red"/,
      /it would pass without matchLabels/,
    ],
  },
  {
    name: 'the egress guard',
    manifests: provider('hook', 'type: generic, address: "http://169.254.169.254/latest"') + alert(SOURCE),
    want: [
      /matched +Alert apps\/mine/,
      /cannot be sent \(egress\): requests to 169\.254\.169\.254 are refused: it is a cloud metadata address/,
    ],
  },
];

for (const { name, manifests, flags = [], want } of OFFLINE) {
  test(`without a server: ${name}`, async () => {
    const path = join(folder, name.replaceAll(' ', '-'));
    mkdirSync(path);
    writeFileSync(join(path, 'all.yaml'), manifests);
    writeFileSync(eventFile, toBody('Kustomization', 'web'));

    const { code, stdout, stderr } = await runTocsin('explain', '--event', eventFile, '--manifests', path, ...flags);

    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    for (const pattern of want) assert.match(stdout, pattern);
    assert.doesNotMatch(stdout, new RegExp(`\\u001b|${CANARY}`));
  });
}

before(async () => {
  sink = createServer((request, response) => {
    request.resume();
    response.statusCode = Number(/^\/(\d+)/.exec(request.url ?? '')?.[1] ?? 204);
    if (response.statusCode === 429) response.setHeader('Retry-After', '60');
    response.end(response.statusCode === 400 ? 'no such field' : undefined);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => sink.once('listening', resolve));
  expiredId = await storeExpired();
  const { port } = sink.address() as AddressInfo;
  const manifests = join(folder, 'served');
  mkdirSync(manifests);
  const kinds = { GitRepository: 404, HelmChart: 429, Bucket: 400, HelmRelease: 500, Kustomization: 204 };
  const text = Object.entries(kinds).map(
    ([kind, status]) =>
      provider(`s${status}`, `type: generic, address: "http://127.0.0.1:${port}/${status}"`) +
      toObject('Alert', `a${status}`, `providerRef: { name: s${status} }, eventSources: [{ kind: ${kind}, name: "*" }]`),
  );
  writeFileSync(join(manifests, 'all.yaml'), text.join(''));
  product = await startProduct({ manifests: [manifests], store, logFile: join(folder, 'log') });
});

after(async () => {
  await product.stop();
  sink.close();
});

/** An event whose delivery ran out of time an hour ago. */
async function storeExpired(): Promise<string> {
  const clock = new ManualClock(Date.now() - 26 * HOUR_MS);
  const outbox = await openSqliteOutbox({
    path: store,
    project: (_dialect, body) => projectFlux(body),
    clock,
    random: Math.random,
    startWriter: startInline,
  });
  const event = toEvent({ body: toBody('Kustomization', 'old'), nowMs: clock.nowMs(), windowMs: 1000, origin: 'http' });
  if ('invalid' in event) throw new TypeError(event.invalid);
  await outbox.append([anAppend(event, [aDelivery({ route: 'mine', target: 'away' })])]);
  clock.advance(25 * HOUR_MS);
  for (let step = 0; step < 5; step += 1) await outbox.maintain();
  await outbox.close();
  return event.id;
}

async function post(body: string): Promise<string> {
  const { host, port } = product.addresses.events;
  const answer = await fetch(`http://${host}:${port}`, { method: 'POST', body });
  return answer.headers.get('tocsin-event') ?? '';
}

const askFlags = (): string[] => flagsToAsk(product, store);

/** Asks the admin API until the answer holds the text. */
async function untilSaid(path: string, pattern: RegExp): Promise<void> {
  for (let asked = 0; asked < 200; asked += 1) {
    if (pattern.test(JSON.stringify((await product.admin(path)).body))) return;
    await pause(50);
  }
  throw new Error(`${path} never said ${String(pattern)}`);
}

const TRIED = [
  {
    name: 'a 404 of the webhook',
    kind: 'GitRepository',
    want: [/waiting, not-found: answered 404; next try /, /the webhook or channel may have been deleted/],
  },
  { name: 'a rate limit', kind: 'HelmChart', want: [/waiting, rate-limited: answered 429; next try /, /the vendor asked to wait/] },
  {
    name: 'a dead letter',
    kind: 'Bucket',
    want: [/dead, bad-request: answered 400: no such field/, /refused as it is and not tried again/],
  },
] as const;

for (const { name, kind, want } of TRIED) {
  test(`of a running server: ${name}`, async () => {
    const id = await post(toBody(kind, 'web'));
    await untilSaid(`/api/v1/events/${id}`, /"number":1/);

    const { code, stdout } = await runTocsin('explain', `${kind}/apps/web`, ...askFlags());

    assert.equal(code, 0);
    for (const pattern of want) assert.match(stdout, pattern);
    assert.ok(!stdout.includes('\u001b'), 'no colour in a pipe');
  });
}

test('of a running server: a duplicate', async () => {
  const id = await post(toBody('Kustomization', 'twice'));
  writeFileSync(eventFile, toBody('Kustomization', 'twice'));

  const { code, stdout } = await runTocsin('explain', '--event', eventFile, ...askFlags());

  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`Duplicate: an equal event was accepted .* as ${id}\\. Posted again it is answered 429 and dropped`));
});

test('of a running server: an open circuit', async () => {
  const ids = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => post(toBody('HelmRelease', name))));
  await untilSaid('/api/v1/targets', /s500","[^}]*"pausedUntilMs":\d/);

  const { stdout } = await runTocsin('explain', ids[0] ?? '', ...askFlags());

  assert.match(stdout, /waiting, server: answered 500/);
  assert.match(stdout, /circuit open: Provider apps\/s500 failed \d+ times in a row and is paused with \d+ waiting; the next probe is/);
});

test('of a running server: expired, and what has changed since', async () => {
  const { stdout } = await runTocsin('explain', expiredId, ...askFlags());

  assert.match(stdout, /dead, expired/);
  assert.match(stdout, /"tocsin replay" sends it again/);
  assert.match(stdout, /Alert default\/mine: matched then, does not exist now/);
  assert.match(stdout, /Alert apps\/a204: not a candidate then, matched now/);
});

test('JSON says the same', async () => {
  writeFileSync(eventFile, toBody('Kustomization', 'fresh'));
  const { stdout } = await runTocsin('explain', '--event', eventFile, '--output', 'json', ...askFlags());
  const { now } = JSON.parse(stdout) as {
    now: { verdicts: { kind: string; reason?: string; remedy?: string; route: { name: string } }[] };
  };

  assert.deepEqual(
    now.verdicts.map(({ kind, route }) => `${kind} ${route.name}`),
    ['matched a204', 'dropped a400', 'dropped a404', 'dropped a429', 'dropped a500'],
  );
  assert.match(now.verdicts[1]?.remedy ?? '', /kind: Kustomization and namespace: apps would pass/);
});

test('wrong usage is 2, what is not there is 1, and both speak on stderr', async () => {
  const cases = [
    { args: [], code: 2, says: /name an event id, an object or --event FILE/ },
    { args: ['x', '--event', eventFile], code: 2, says: /one of them only/ },
    { args: ['--event', join(folder, 'none'), '--manifests', folder], code: 1, says: /cannot read .*none/ },
    { args: ['--event', join(folder, 'log'), '--manifests', folder], code: 1, says: /is not an event/ },
    { args: ['none', ...askFlags()], code: 1, says: /no event has the id none/ },
    { args: ['none', '--store', `sqlite:${store}`, '--admin-addr', '127.0.0.1:1'], code: 1, says: /no server answers at 127\.0\.0\.1:1/ },
  ];
  for (const { args, code, says } of cases) {
    const ran = await runTocsin('explain', ...args);
    assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code, stdout: '' }, args.join(' '));
    assert.match(ran.stderr, says);
  }
});
