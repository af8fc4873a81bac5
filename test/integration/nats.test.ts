// Against a real NATS server, nats-server of Debian: events arrive over every login that it knows and over TLS, and what it refuses is
// told as it says it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { createCertificateAuthority } from '../support/certificates.ts';
import { toEventBody } from '../support/flux-sender.ts';
import { findFreePort, isListening } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { deliverEvent, type TriedDelivery } from '../support/tried-deliveries.ts';
import { untilTrue } from '../support/until.ts';

// Made for these tests; they open nothing.
const SEED = 'SUAMK2FG4MI6UE3ACF3FK3OIQBCEIEZV7NSWFFEW63UXMRLFM2XLAXK4GY';
const PUBLIC_KEY = 'UAT6BWCSCWLUKJT6K6MBJJOEOTXZ5AJDOYKNEVRFC7VNO6OA43N4TRNO';
const PROVIDERS = ['password', 'nkey', 'tls', 'tls-required', 'untrusted', 'wrong', 'forbidden'];

const folder = mkdtempSync(join(tmpdir(), 'tocsin-nats-'));
const manifests = join(folder, 'manifests');
const authority = createCertificateAuthority('nats integration');
const servers: ChildProcess[] = [];
const received: { subject: string; body: string }[] = [];
let reader: NatsConnection | undefined;
let product: Product | undefined;
let plainPort = 0;
let deliveries: readonly TriedDelivery[] = [];

before(async () => {
  plainPort = await startServer('plain', '');
  const server = authority.issueServer(['localhost']);
  writeFileSync(join(folder, 'cert.pem'), server.cert);
  writeFileSync(join(folder, 'key.pem'), server.key);
  const tlsPort = await startServer('tls', `tls { cert_file: "${join(folder, 'cert.pem')}", key_file: "${join(folder, 'key.pem')}" }`);
  reader = await connect({ servers: `127.0.0.1:${plainPort}`, user: 'reader', pass: 'r' });
  reader.subscribe('>', {
    callback: (_error, message) => {
      received.push({ subject: message.subject, body: message.string() });
    },
  });
  await reader.flush();
  mkdirSync(manifests);
  writeFileSync(join(manifests, 'all.yaml'), fleet(tlsPort));
  product = await startProduct({ manifests: [manifests], store: join(folder, 'outbox.db'), logFile: join(folder, 'log') });
  deliveries = await deliverEvent(product, eventOf('Applied revision: main'), PROVIDERS);
});

after(async () => {
  await reader?.close();
  await product?.stop();
  for (const server of servers) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function startServer(name: string, tls: string): Promise<number> {
  const port = await findFreePort();
  const config = join(folder, `${name}.conf`);
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"
max_payload: 4096
${tls}
authorization { users = [
  { user: flux, password: p4ssw0rd, permissions: { publish: ["flux.>"] } }
  { nkey: ${PUBLIC_KEY}, permissions: { publish: ["flux.>"] } }
  { user: reader, password: r }
] }
`,
  );
  servers.push(spawn('nats-server', ['-c', config, '-l', join(folder, `${name}.log`)], { stdio: 'ignore' }));
  await untilTrue(() => isListening(port), 'nats-server to listen; it is the Debian package nats-server');
  return port;
}

interface NatsProvider {
  readonly name: string;
  readonly address: string;
  readonly channel?: string;
  readonly secret?: Readonly<Record<string, string>>;
  readonly ca?: boolean;
}

function fleet(tlsPort: number): string {
  const plain = `nats://127.0.0.1:${plainPort}`;
  const secret = { username: 'flux', password: 'p4ssw0rd' };
  return [
    toManifests({ name: 'password', address: plain, secret }),
    toManifests({ name: 'nkey', address: plain, channel: 'flux.nkey', secret: { nkey: SEED } }),
    toManifests({ name: 'tls', address: `tls://localhost:${tlsPort}`, secret, ca: true }),
    toManifests({ name: 'tls-required', address: `nats://localhost:${tlsPort}`, secret, ca: true }),
    toManifests({ name: 'untrusted', address: `tls://localhost:${tlsPort}`, secret }),
    toManifests({ name: 'wrong', address: plain, secret: { ...secret, password: 'wr0ng-p4ss' } }),
    toManifests({ name: 'forbidden', address: plain, channel: 'private.events', secret }),
  ].join('');
}

function toManifests({ name, address, channel = `flux.${name}`, secret = {}, ca = false }: NatsProvider): string {
  const meta = { name, namespace: 'apps' };
  const spec = { type: 'nats', address, channel, secretRef: { name }, ...(ca ? { certSecretRef: { name: `${name}-ca` } } : {}) };
  const apiVersion = 'notification.toolkit.fluxcd.io/v1beta3';
  const alert = { providerRef: { name }, eventSources: [{ kind: 'Kustomization', name: '*' }] };
  const objects = [
    { apiVersion, kind: 'Provider', metadata: meta, spec },
    { apiVersion, kind: 'Alert', metadata: meta, spec: alert },
    { apiVersion: 'v1', kind: 'Secret', metadata: meta, stringData: secret },
    ...(ca
      ? [{ apiVersion: 'v1', kind: 'Secret', metadata: { ...meta, name: `${name}-ca` }, stringData: { 'ca.crt': authority.cert } }]
      : []),
  ];
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
}

function eventOf(message: string): string {
  return toEventBody({ namespace: 'apps', name: 'web', message });
}

function find(name: string, among = deliveries): TriedDelivery {
  return among.find((delivery) => delivery.target.name === name) ?? assert.fail(`no delivery to ${name}`);
}

test('events arrive with a password, with an nkey, and over TLS', async () => {
  for (const name of ['password', 'nkey', 'tls', 'tls-required']) assert.equal(find(name).state, 'delivered', JSON.stringify(find(name)));
  await reader?.flush();

  assert.deepEqual(received.map(({ subject }) => subject).toSorted(), ['flux.nkey', 'flux.password']);
  for (const { body } of received) assert.equal((JSON.parse(body) as { message: string }).message, 'Applied revision: main');
});

const REFUSED = [
  { name: 'wrong', reason: 'auth', message: /error connecting to server: nats: Authorization Violation$/ },
  { name: 'forbidden', reason: 'auth', message: /Permissions Violation for Publish to "private\.events"/ },
  { name: 'untrusted', reason: 'network', message: /tcp:\/\/localhost:\d+: .*certificate/ },
];

for (const { name, reason, message } of REFUSED) {
  test(`what the server refuses is told and kept: ${name}`, () => {
    const { state, history } = find(name);

    assert.equal(state, 'waiting');
    assert.equal(history[0]?.reason, reason);
    assert.match(history[0]?.message ?? '', message);
  });
}

test('an event that is larger than the server takes becomes a dead letter', async () => {
  const all = await deliverEvent(product ?? assert.fail('not started'), eventOf('x'.repeat(8000)), ['password']);

  assert.equal(find('password', all).state, 'dead');
  assert.equal(find('password', all).history[0]?.reason, 'too-large');
});

test('no secret is written down', () => {
  assert.doesNotMatch(`${product?.log() ?? ''}${JSON.stringify(deliveries)}`, /p4ss|SUAMK/);
});
