import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import type { Socket } from 'node:net';
import { mock } from 'node:test';
import { inspect } from 'node:util';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { TransportError } from '../../internal/sdk/http.ts';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { encodeFluxEvent } from '../../internal/sdk/text/go-json.ts';
import type { Connection } from '../../internal/sdk/transport.ts';
import { parseEgress } from '../../internal/transport/egress.ts';
import { createTransport } from '../../internal/transport/transport.ts';
import { createCertificateAuthority } from '../../test/support/certificates.ts';
import { ManualClock } from '../../test/support/clock.ts';
import { type NatsServerOptions, startNatsServer } from '../../test/support/nats-server.ts';
import { createBench, type RunOptions, toRenderInput } from '../../test/support/provider-run.ts';
import { startHttpProxy, startSocks5Proxy, startTcpServer } from '../../test/support/servers.ts';
import { until } from '../../test/support/until.ts';
import { publish } from './publish.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, test } = ownHooks();

// Made for these tests; they open nothing.
const SEED = 'SUAMK2FG4MI6UE3ACF3FK3OIQBCEIEZV7NSWFFEW63UXMRLFM2XLAXK4GY';
const PUBLIC_KEY = 'UAT6BWCSCWLUKJT6K6MBJJOEOTXZ5AJDOYKNEVRFC7VNO6OA43N4TRNO';
const CREDS = `-----BEGIN NATS USER JWT-----\neyJ0eXAi.placeholder.sig\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`;

interface Try {
  readonly address: string;
  readonly channel?: string;
  readonly secret?: Readonly<Record<string, string>>;
  readonly connection?: Partial<Connection>;
  readonly deny?: readonly string[];
  readonly signal?: AbortSignal;
  readonly event?: RunOptions['event'];
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** One delivery through the real transport. */
async function run({
  address,
  channel = 'flux.events',
  secret,
  connection,
  deny = [],
  signal,
  event = exampleEvent(),
}: Try): Promise<Outcome | Error> {
  const transport = createTransport({
    environment: {},
    egress: parseEgress({ deny, allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock: new ManualClock(),
    lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  cleanups.push(() => transport.close());
  const lines: { destroy(): void }[] = [];
  const dial = transport.openDial({
    connection: { pool: 'p', concurrency: 1, ...connection },
    signal: signal ?? new AbortController().signal,
  });
  const { context } = createBench(() => assert.fail('no HTTP is spoken'));
  const input = toRenderInput({ spec: { address, channel }, ...(secret === undefined ? {} : { secret }), event });
  try {
    const recorded = async (endpoint: Parameters<typeof dial>[0]): ReturnType<typeof dial> => {
      const line = await dial(endpoint);
      lines.push(line.stream);
      return line;
    };
    return await publish({ ...context, dial: recorded }, input);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  } finally {
    for (const line of lines) line.destroy();
  }
}

async function newServer(options: NatsServerOptions = {}): ReturnType<typeof startNatsServer> {
  const server = await startNatsServer(options);
  cleanups.push(() => server.close());
  return server;
}

/** What a CONNECT says about who connects. */
function loginOf(connect: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const names = ['user', 'pass', 'auth_token', 'nkey', 'jwt'].filter((name) => name in connect);
  return Object.fromEntries(names.map((name) => [name, connect[name]]));
}

const LOGINS: readonly { name: string; userInfo?: string; secret?: Readonly<Record<string, string>>; want: object; signs?: boolean }[] = [
  { name: 'nothing', want: {} },
  { name: 'user name and password', secret: { username: 'u', password: 'p' }, want: { user: 'u', pass: 'p' } },
  { name: 'an nkey before a password', secret: { nkey: SEED, username: 'u', password: 'p' }, want: { nkey: PUBLIC_KEY }, signs: true },
  { name: 'an nkey with a line end', secret: { nkey: `${SEED}\n` }, want: { nkey: PUBLIC_KEY }, signs: true },
  { name: 'creds before an nkey', secret: { creds: CREDS, nkey: 'broken' }, want: { jwt: 'eyJ0eXAi.placeholder.sig' }, signs: true },
  {
    name: 'creds with Windows line ends',
    secret: { creds: CREDS.replaceAll('\n', '\r\n') },
    want: { jwt: 'eyJ0eXAi.placeholder.sig' },
    signs: true,
  },
  { name: 'user info of the address', userInfo: 'a%40b:c', secret: { username: 'u', password: 'p' }, want: { user: 'a@b', pass: 'c' } },
  { name: 'a token in the address', userInfo: 'tok', want: { auth_token: 'tok' } },
];

for (const { name, userInfo, secret, want, signs = false } of LOGINS) {
  test(`a login with ${name}`, async () => {
    const server = await newServer();
    const address = `nats://${userInfo === undefined ? '' : `${userInfo}@`}${server.host}`;

    const outcome = await run({ address, ...(secret === undefined ? {} : { secret }) });

    assert.deepEqual(outcome, { kind: 'delivered' });
    const [connect] = server.connects;
    assert.deepEqual(loginOf(connect), want);
    assert.equal(connect?.['name'], 'NATS Provider Publisher');
    if (signs) assert.ok(isSigned(String(connect?.['sig']), server.nonces[0] ?? ''));
  });
}

/** Ed25519 over the nonce; the raw public key stands in an nkey behind its prefix byte and before its checksum. */
function isSigned(signature: string, nonce: string): boolean {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: fromBase32(PUBLIC_KEY).subarray(1, 33).toString('base64url') },
    format: 'jwk',
  });
  return verify(null, Buffer.from(nonce), key, Buffer.from(signature, 'base64url'));
}

function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (char) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(char).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/[01]{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

test('the event is published as Flux writes it, and the connection ends with the delivery', async () => {
  const server = await newServer();
  const event = exampleEvent({ message: 'a <b> & "c"\nünï 🚀' });

  assert.deepEqual(await run({ address: `nats://${server.host}`, event }), { kind: 'delivered' });

  assert.deepEqual(
    server.published.map(({ subject, body }) => [subject, body.toString()]),
    [['flux.events', encodeFluxEvent(event)]],
  );
  await until(() => server.open() === 0, 'the connection to end');
});

const FAULTS: readonly { name: string; try: Try; fault: RegExp }[] = [
  { name: 'no server', try: { address: '' }, fault: /^NATS server \(address\) cannot be empty$/ },
  { name: 'only commas', try: { address: ' , ' }, fault: /^NATS server \(address\) cannot be empty$/ },
  { name: 'no subject', try: { address: 'nats://n', channel: '' }, fault: /^NATS subject \(channel\) cannot be empty$/ },
  { name: 'a blank in the subject', try: { address: 'nats://n', channel: 'a b' }, fault: /must not hold blanks/ },
  { name: 'a line end in the subject', try: { address: 'nats://n', channel: 'a\r\nPUB b 0' }, fault: /must not hold blanks/ },
  { name: 'a foreign scheme', try: { address: 'wss://n' }, fault: /unsupported scheme 'wss'/ },
  { name: 'no host', try: { address: 'nats://' }, fault: /invalid host or port/ },
  { name: 'a port that is none', try: { address: 'nats://n:99999' }, fault: /invalid host or port/ },
  { name: 'a path', try: { address: 'nats://n/?x' }, fault: /invalid host or port/ },
  {
    name: 'creds that are none',
    try: { address: 'nats://n', secret: { creds: 'garbage' } },
    fault: /^error signing nonce: unable to extract key pair/,
  },
  {
    name: 'creds with a broken seed',
    try: { address: 'nats://n', secret: { creds: CREDS.replace(SEED, 'SUAX') } },
    fault: /not the seed of a user/,
  },
  { name: 'a broken nkey', try: { address: 'nats://n', secret: { nkey: 'garbage' } }, fault: /^error parsing nkey seed/ },
];

for (const { name, try: attempt, fault } of FAULTS) {
  test(`a fault of configuration: ${name}`, async () => {
    const error = await run(attempt);

    assert.ok(error instanceof ConfigFault, inspect(error));
    assert.match(error.message, fault);
    assert.doesNotMatch(`${error.message}${error.stack}`, /garbage|SUA/);
  });
}

test('a refused login waits for the Provider to change', async () => {
  const server = await newServer({ refuse: () => 'Authorization Violation' });

  const outcome = await run({ address: `nats://${server.host}`, secret: { username: 'rejected', password: 'p4ssw0rd' } });

  assert.deepEqual(outcome, {
    kind: 'deferred',
    reason: 'auth',
    message: 'error publishing event to subject flux.events: error connecting to server: nats: Authorization Violation',
    until: 'target-change',
  });
  assert.equal(server.published.length, 0);
});

test('a server that has no room is asked again', async () => {
  const server = await newServer({ refuse: () => 'maximum connections exceeded' });

  const outcome = await run({ address: `nats://${server.host}` });

  assert.ok(!(outcome instanceof Error) && outcome.kind === 'retry' && outcome.reason === 'server', inspect(outcome));
  assert.match(outcome.message, /maximum connections exceeded/);
});

test('a refused subject is told, although NATS itself does not answer a message', async () => {
  const server = await newServer({ refusePublish: (subject) => `Permissions Violation for Publish to "${subject}"` });

  const outcome = await run({ address: `nats://${server.host}` });

  assert.ok(!(outcome instanceof Error) && outcome.kind === 'deferred' && outcome.reason === 'auth', inspect(outcome));
  assert.match(outcome.message, /Permissions Violation for Publish to/);
});

test('an event that is larger than the server takes is rejected before it is written', async () => {
  const server = await newServer({ info: { max_payload: 100 } });

  const outcome = await run({ address: `nats://${server.host}` });

  assert.ok(!(outcome instanceof Error) && outcome.kind === 'rejected' && outcome.reason === 'too-large', inspect(outcome));
  assert.equal(server.published.length, 0);
});

const SILENT_ENDS = [
  { name: 'closed at once', onConnection: (socket: Socket) => socket.end() },
  { name: 'reset at once', onConnection: (socket: Socket) => socket.resetAndDestroy() },
  { name: 'HTTP', onConnection: (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
  { name: 'INFO that is no JSON', onConnection: (socket: Socket) => socket.end('INFO {oops\r\n') },
  { name: 'INFO without a version', onConnection: (socket: Socket) => socket.write('INFO {}\r\n') },
  {
    name: 'another protocol after INFO',
    onConnection: (socket: Socket) => socket.write('INFO {"version":"2.9.10"}\r\n\u0000\u0001 what\r\n'),
  },
  { name: 'closed after INFO', onConnection: (socket: Socket) => socket.end('INFO {"max_payload":10}\r\n') },
];

for (const { name, onConnection } of SILENT_ENDS) {
  test(`a server that does not speak NATS is a broken connection: ${name}`, async () => {
    const server = await startTcpServer((socket) => void onConnection(socket.on('error', () => {})));
    cleanups.push(() => server.close());

    const printed = mock.method(console, 'log', () => {});

    const error = await run({ address: server.host });

    assert.equal(printed.mock.callCount(), 0, 'the library prints nothing');
    printed.mock.restore();
    assert.ok(error instanceof TransportError && error.reason === 'network', inspect(error));
    assert.ok(error.message.startsWith(`tcp://${server.host}: `), error.message);
  });
}

test('a connection that ends before the message is confirmed is not a delivery, and no other server gets it', async () => {
  const first = await newServer({ hangUp: true });
  const second = await newServer();

  const error = await run({ address: `${first.host},${second.host}` });

  assert.ok(error instanceof TransportError && error.reason === 'network', inspect(error));
  assert.match(error.message, /before the server confirmed/);
  assert.equal(second.published.length, 0);
});

test('a deadline ends a session with a silent server', async () => {
  const deadline = new AbortController();
  const server = await startTcpServer((socket) => {
    socket.on('error', () => {});
    deadline.abort();
  });
  cleanups.push(() => server.close());

  const error = await run({ address: server.host, signal: deadline.signal });

  assert.ok(error instanceof TransportError, inspect(error));
});

test('of several servers the first that can be reached gets the event', async () => {
  const server = await newServer();
  const gone = await newServer();
  await gone.close();

  assert.deepEqual(await run({ address: `nats://${gone.host}, nats://${server.host}/` }), { kind: 'delivered' });
  assert.equal(server.published.length, 1);
});

test('servers that the server tells of are never asked', async () => {
  const other = await newServer();
  const server = await newServer({ info: { connect_urls: [other.host] }, hangUp: true });

  assert.ok((await run({ address: server.host })) instanceof TransportError);
  assert.equal(other.connects.length, 0);
});

test('the egress guard holds for every server of the list', async () => {
  const server = await newServer();

  for (const address of [`nats://169.254.169.254:4222,${server.host}`, `nats://nats.test:${server.port}`]) {
    const error = await run({ address, deny: ['nats.test'] });
    assert.ok(error instanceof TransportError && error.reason === 'egress', inspect(error));
  }
  assert.equal(server.connects.length, 0);
});

test('TLS: spoken where the server insists, with the CA of the Provider, and the name is checked', async () => {
  const authority = createCertificateAuthority('nats test');
  const server = await newServer({ tls: authority.issueServer(['nats.test']) });
  const trusting = { tls: { ca: authority.cert } };

  assert.deepEqual(await run({ address: `nats://nats.test:${server.port}`, connection: trusting }), { kind: 'delivered' });
  assert.deepEqual(await run({ address: `tls://nats.test:${server.port}`, connection: trusting }), { kind: 'delivered' });
  for (const refused of [
    { address: `nats://nats.test:${server.port}` },
    { address: `nats://other.test:${server.port}`, connection: trusting },
    { address: `nats://127.0.0.1:${server.port}`, connection: trusting },
  ]) {
    const error = await run(refused);
    assert.ok(error instanceof TransportError && error.reason === 'network', inspect(error));
  }
  assert.deepEqual(
    server.published.map(({ isEncrypted }) => isEncrypted),
    [true, true],
  );
});

test('tls:// says nothing to a server that does not speak TLS', async () => {
  const server = await newServer();

  const error = await run({ address: `tls://${server.host}`, secret: { username: 'u', password: 'p' } });

  assert.ok(error instanceof ConfigFault, inspect(error));
  assert.match(error.message, /does not speak TLS/);
  assert.equal(server.connects.length, 0);
});

test("the Provider's own proxy is crossed, and no name is resolved on this side of it", async () => {
  const server = await newServer();
  const http = await startHttpProxy(server.port);
  const socks = await startSocks5Proxy(server.port);
  cleanups.push(
    () => http.close(),
    () => socks.close(),
  );

  for (const proxyUrl of [`http://user:pass@${http.host}`, `socks5://${socks.host}`]) {
    assert.deepEqual(await run({ address: 'nats://nats.invalid', connection: { proxyUrl } }), { kind: 'delivered' });
  }
  assert.match(http.seen[0] ?? '', /^CONNECT nats.invalid:4222 Basic /);
  assert.match(socks.seen[0] ?? '', /^SOCKS5 nats.invalid:4222/);
});
