// Deliveries through the proxies that people run, squid and microsocks of Debian, and to a server that asks for a client
// certificate. The names of the servers are known to squid alone, so that nothing can arrive around it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createCertificateAuthority } from '../support/certificates.ts';
import { type RunningProxy, startMicrosocks, startSquid } from '../support/debian-proxies.ts';
import { toEventBody } from '../support/flux-sender.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type RecordingServer, startRecordingServer } from '../support/servers.ts';
import { deliverEvent, type TriedDelivery } from '../support/tried-deliveries.ts';
import { untilTrue } from '../support/until.ts';

const LOGIN = { username: 'fleet-egress', password: 'p4ss@w0rd: +%' };
const WRONG = 'wr0ng-p4ssword';
const HIDDEN = 'sink.test';
const apiVersion = 'notification.toolkit.fluxcd.io/v1beta3';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-proxies-'));
const authority = createCertificateAuthority('proxies integration');
const strangers = createCertificateAuthority('nobody trusts this one');
const cleanups: (() => Promise<unknown>)[] = [];
let plain: RecordingServer;
let secure: RecordingServer;
let mutual: RecordingServer;
let squid: RunningProxy;
let socks: RunningProxy;
let product: Product;
let deliveries: readonly TriedDelivery[] = [];
let squidLog = '';

type Data = Readonly<Record<string, string>>;

interface Path {
  readonly name: string;
  readonly type?: string;
  readonly address: string;
  readonly proxy?: Data;
  readonly certificates?: Data;
}

before(async () => {
  const tls = { ...authority.issueServer([HIDDEN, 'localhost']) };
  plain = await keep(startRecordingServer());
  secure = await keep(startRecordingServer({ tls }));
  mutual = await keep(startRecordingServer({ tls: { ...tls, ca: authority.cert, requestCert: true, rejectUnauthorized: true } }));
  squid = await startSquid(LOGIN, [HIDDEN]);
  cleanups.push(() => squid.stop());
  socks = await startMicrosocks(LOGIN);
  cleanups.push(() => socks.stop());
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'all.yaml'), paths().map(toManifests).join(''));
  product = await startProduct({ manifests: [manifests], store: join(folder, 'outbox.db'), logFile: join(folder, 'log') });
  cleanups.push(() => product.stop());
  const event = toEventBody({ namespace: 'apps', name: 'web', message: 'Applied revision: main' });
  deliveries = await deliverEvent(
    product,
    event,
    paths().map(({ name }) => name),
  );
  // Squid writes about a tunnel when it closes.
  await product.stop();
  squidLog = await untilLogged(4);
});

after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
});

async function keep(starting: Promise<RecordingServer>): Promise<RecordingServer> {
  const started = await starting;
  cleanups.push(() => started.close());
  return started;
}

function paths(): readonly Path[] {
  const ca = { 'ca.crt': authority.cert };
  const throughSquid = { address: `http://127.0.0.1:${squid.port}`, ...LOGIN };
  const throughSocks = { address: `socks5://127.0.0.1:${socks.port}`, ...LOGIN };
  const own = authority.issueClient('tocsin');
  const foreign = strangers.issueClient('stranger');
  const client = { ...ca, 'tls.crt': own.cert, 'tls.key': own.key };
  const hidden = `https://${HIDDEN}:${secure.port}`;
  // Squid remembers one password per user: a wrong one under a good name would get in the way of the good one.
  const refused = { ...throughSquid, username: 'fleet-guest', password: WRONG };
  return [
    { name: 'squid-http', address: `http://${HIDDEN}:${plain.port}/squid-http`, proxy: throughSquid },
    { name: 'squid-https', address: `${hidden}/squid-https`, proxy: throughSquid, certificates: ca },
    { name: 'squid-chat', type: 'slack', address: `${hidden}/squid-chat`, proxy: throughSquid, certificates: ca },
    { name: 'squid-mutual', address: `https://${HIDDEN}:${mutual.port}/squid-mutual`, proxy: throughSquid, certificates: client },
    { name: 'socks-http', address: `http://localhost:${plain.port}/socks-http`, proxy: throughSocks },
    { name: 'socks-https', address: `https://localhost:${secure.port}/socks-https`, proxy: throughSocks, certificates: ca },
    { name: 'socks-mutual', address: `https://localhost:${mutual.port}/socks-mutual`, proxy: throughSocks, certificates: client },
    { name: 'mutual', address: `https://localhost:${mutual.port}/mutual`, certificates: client },
    { name: 'no-client', address: `https://localhost:${mutual.port}/no-client`, certificates: ca },
    {
      name: 'stranger',
      address: `https://localhost:${mutual.port}/stranger`,
      certificates: { ...ca, 'tls.crt': foreign.cert, 'tls.key': foreign.key },
    },
    { name: 'no-ca', address: `${hidden}/no-ca`, proxy: throughSquid },
    { name: 'no-proxy', address: `${hidden}/no-proxy`, certificates: ca },
    { name: 'bad-login', address: `${hidden}/bad-login`, proxy: refused, certificates: ca },
    { name: 'bad-login-http', address: `http://${HIDDEN}:${plain.port}/bad-login-http`, proxy: refused },
    { name: 'bad-login-socks', address: `http://localhost:${plain.port}/x`, proxy: { ...throughSocks, password: WRONG } },
    { name: 'forbidden', address: `https://${HIDDEN}:1/forbidden`, proxy: throughSquid, certificates: ca },
  ];
}

function toManifests({ name, type = 'generic', address, proxy, certificates }: Path): string {
  const metadata = { name, namespace: 'apps' };
  const references = {
    ...(proxy === undefined ? {} : { proxySecretRef: { name: `${name}-proxy` } }),
    ...(certificates === undefined ? {} : { certSecretRef: { name: `${name}-tls` } }),
  };
  const secrets = [['proxy', proxy] as const, ['tls', certificates] as const].flatMap(([suffix, stringData]) =>
    stringData === undefined
      ? []
      : [{ apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: `${name}-${suffix}` }, stringData }],
  );
  const objects = [
    { apiVersion, kind: 'Provider', metadata, spec: { type, address, channel: 'general', ...references } },
    { apiVersion, kind: 'Alert', metadata, spec: { providerRef: { name }, eventSources: [{ kind: 'Kustomization', name: '*' }] } },
    ...secrets,
  ];
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
}

/** The access log once it tells of so many tunnels that were open. */
async function untilLogged(tunnels: number): Promise<string> {
  await untilTrue(() => (squid.log().match(/TCP_TUNNEL\/200/g) ?? []).length >= tunnels, `${tunnels} tunnels in the access log`);
  return squid.log();
}

function find(name: string): TriedDelivery {
  return deliveries.find(({ target }) => target.name === name) ?? assert.fail(`no delivery to ${name}`);
}

function received(name: string): RecordingServer['requests'] {
  return [plain, secure, mutual].flatMap(({ requests }) => requests).filter(({ url }) => url === `/${name}`);
}

const ARRIVES = ['squid-http', 'squid-https', 'squid-chat', 'squid-mutual', 'socks-http', 'socks-https', 'socks-mutual', 'mutual'];

for (const name of ARRIVES) {
  test(`it arrives once: ${name}`, () => {
    assert.equal(find(name).state, 'delivered', JSON.stringify(find(name)));
    const requests = received(name);

    assert.equal(requests.length, 1);
    assert.ok(requests[0]?.body.includes('Applied revision: main'));
    assert.equal(requests[0]?.clientName, name.endsWith('mutual') ? 'tocsin' : '');
    assert.equal(requests[0]?.headers['proxy-authorization'], undefined);
  });
}

test('squid saw a login, plain requests with their whole address, and tunnels of which it knows nothing but the host', () => {
  const lines = squidLog.split('\n').map((line) => line.split(/\s+/).slice(3, 8));
  const has = (result: string, method: string, url: string): boolean =>
    lines.some(([found = '', , ...rest]) => found.startsWith(result) && rest.join(' ') === `${method} ${url} ${LOGIN.username}`);

  assert.ok(has('TCP_MISS/200', 'POST', `http://${HIDDEN}:${plain.port}/squid-http`), squidLog);
  assert.ok(has('TCP_TUNNEL/200', 'CONNECT', `${HIDDEN}:${secure.port}`), squidLog);
  assert.ok(has('TCP_TUNNEL/200', 'CONNECT', `${HIDDEN}:${mutual.port}`), squidLog);
  assert.doesNotMatch(squidLog, /squid-https|squid-chat|squid-mutual/);
});

test('the SOCKS5 proxy connected by name', () => {
  for (const { port } of [plain, secure, mutual]) assert.match(socks.log(), new RegExp(`connected to localhost:${port}`));
});

const REFUSED = [
  { name: 'bad-login', reason: 'auth', message: /proxy/i },
  { name: 'bad-login-http', reason: 'auth', message: /407|proxy/i },
  { name: 'bad-login-socks', reason: 'config', message: /SOCKS5 proxy refused the user name or password/ },
  { name: 'forbidden', reason: 'network', message: /403/ },
  { name: 'no-ca', reason: 'network', message: /certificate/ },
  { name: 'no-proxy', reason: 'network', message: /sink\.test/ },
  // Node's server asks for the certificate and hangs up without saying why.
  { name: 'no-client', reason: 'network', message: /closed|reset|certificate/ },
  { name: 'stranger', reason: 'network', message: /closed|reset|certificate/ },
];

for (const { name, reason, message } of REFUSED) {
  test(`what stands in the way is told, and the message waits: ${name}`, () => {
    const { state, history } = find(name);

    assert.equal(state, 'waiting');
    assert.equal(history[0]?.reason, reason, JSON.stringify(history));
    assert.match(history[0]?.message ?? '', message);
    assert.deepEqual(received(name), []);
  });
}

test('no login is written down', () => {
  const written = `${product.log()}${JSON.stringify(deliveries)}`;
  for (const secret of [LOGIN.password, encodeURIComponent(LOGIN.password), WRONG, 'BEGIN PRIVATE KEY']) {
    assert.ok(!written.includes(secret), secret);
  }
});
