import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createCertificateAuthority } from '../../test/support/certificates.ts';
import { ManualClock } from '../../test/support/clock.ts';
import { startHttpProxy, startRecordingServer, startTcpServer } from '../../test/support/servers.ts';
import { until } from '../../test/support/until.ts';
import { TransportError } from '../sdk/http.ts';
import type { Dial } from '../sdk/session.ts';
import type { Connection, Observed } from '../sdk/transport.ts';
import { parseEgress } from './egress.ts';
import { createTransport, type TransportOptions } from './transport.ts';
import { ownHooks } from '../../test/support/own-hooks.ts';

const { afterEach, test } = ownHooks();

const AUTHORITY = createCertificateAuthority('line test');
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Way {
  readonly options?: Partial<TransportOptions>;
  readonly connection?: Partial<Connection>;
  readonly signal?: AbortSignal;
}

function newDial({ options = {}, connection = {}, signal = new AbortController().signal }: Way = {}): { dial: Dial; observed: Observed[] } {
  const transport = createTransport({
    environment: {},
    egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock: new ManualClock(),
    lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    ...options,
  });
  cleanups.push(() => transport.close());
  const observed: Observed[] = [];
  const onExchange = (seen: Observed): void => void observed.push(seen);
  return { dial: transport.openDial({ connection: { pool: 'p', concurrency: 1, ...connection }, signal, onExchange }), observed };
}

/** Says hello to whoever connects. */
async function newGreeter(): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = await startTcpServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.write('hello');
  });
  cleanups.push(() => server.close());
  return { port: server.port, sockets };
}

test('a line carries bytes and is seen by whoever records the attempt', async () => {
  const { port } = await newGreeter();
  const { dial, observed } = newDial();

  const { stream } = await dial({ host: 'greeter.test', port });

  assert.equal(String((await once(stream, 'data'))[0]), 'hello');
  stream.destroy();
  assert.deepEqual(observed, [{ request: { method: 'CONNECT', url: `tcp://greeter.test:${port}`, headers: [] } }]);
});

test('the guard judges literal addresses, what a name resolves to, and names behind a proxy', async () => {
  const { port, sockets } = await newGreeter();
  const proxy = await startHttpProxy(port);
  cleanups.push(() => proxy.close());
  const egress = parseEgress({ deny: ['127.0.0.0/8', 'denied.test'], allow: [], denyLoopback: false });
  const own = { ownListeners: () => [{ host: '127.0.0.1', port }] };
  const ways: readonly (readonly [way: Way, host: string])[] = [
    [{ options: { egress } }, '127.0.0.1'],
    [{ options: { egress } }, '::ffff:127.0.0.1'],
    [{ options: { egress } }, 'rebound.test'],
    [{ options: own }, 'localhost'],
    [
      {
        connection: { proxyUrl: `http://${proxy.host}` },
        options: { egress: parseEgress({ deny: ['denied.test'], allow: [], denyLoopback: false }) },
      },
      'denied.test',
    ],
    [{}, '169.254.169.254'],
  ];

  for (const [way, host] of ways) {
    const { dial, observed } = newDial(way);
    await assert.rejects(dial({ host, port }), (error) => error instanceof TransportError && error.reason === 'egress', host);
    assert.ok(observed[0]?.error instanceof TransportError, host);
  }
  assert.equal(sockets.length, 0);
});

test("proxies of the environment are for HTTP and are not asked, the Provider's own is", async () => {
  const { port } = await newGreeter();
  const proxy = await startHttpProxy(port);
  cleanups.push(() => proxy.close());
  const proxyUrl = `http://${proxy.host}`;

  const direct = newDial({ options: { environment: { httpProxy: proxyUrl, httpsProxy: proxyUrl } } });
  (await direct.dial({ host: 'greeter.test', port })).stream.destroy();
  assert.equal(proxy.seen.length, 0);

  const through = newDial({ connection: { proxyUrl } });
  (await through.dial({ host: 'greeter.test', port: 4222 })).stream.destroy();
  assert.deepEqual(proxy.seen, ['CONNECT greeter.test:4222']);
});

test('TLS is started on an open line; a certificate of another name or authority ends it', async () => {
  const server = await startRecordingServer({ tls: AUTHORITY.issueServer(['good.test']) });
  cleanups.push(() => server.close());
  const tls = { ca: AUTHORITY.cert };

  const secure = await (await newDial({ connection: { tls } }).dial({ host: 'good.test', port: server.port })).startTls();
  assert.ok('encrypted' in secure && secure.encrypted === true);
  secure.destroy();

  for (const [way, host] of [
    [{ connection: { tls } }, 'other.test'],
    [{ connection: { tls } }, '127.0.0.1'],
    [{}, 'good.test'],
  ] as const) {
    const line = await newDial(way).dial({ host, port: server.port });
    await assert.rejects(line.startTls(), (error) => error instanceof TransportError && error.reason === 'network', host);
    assert.ok(line.stream.destroyed);
  }
});

test('a handshake that gets no answer ends in time', async () => {
  const { port } = await newGreeter();
  const silent = await startTcpServer((socket) => void socket.on('error', () => {}));
  cleanups.push(() => silent.close());
  const clock = new ManualClock();
  const line = await newDial({ options: { clock } }).dial({ host: 'silent.test', port: silent.port });

  const handshake = line.startTls();
  clock.advance(10_000);

  await assert.rejects(handshake, (error) => error instanceof TransportError && error.reason === 'timeout');
  const garbled = await newDial().dial({ host: 'greeter.test', port });
  await assert.rejects(garbled.startTls(), (error) => error instanceof TransportError && error.reason === 'network');
});

test('the end of the attempt ends the line', async () => {
  const { port, sockets } = await newGreeter();
  const attempt = new AbortController();
  const { dial } = newDial({ signal: attempt.signal });
  const { stream } = await dial({ host: 'greeter.test', port });

  attempt.abort(new TransportError('timeout', 'no answer within 15 s'));

  assert.ok(stream.destroyed);
  await until(
    () => sockets.every((socket) => socket.destroyed || socket.readableEnded || socket.resume().readableEnded),
    'the other side to see it',
  );
  await assert.rejects(dial({ host: 'greeter.test', port }), /^TransportError: tcp:\/\/greeter\.test:\d+: no answer within 15 s$/);
});

test('nobody there is a network failure', async () => {
  const { port } = await newGreeter();
  for (const cleanup of cleanups.splice(0)) await cleanup();

  await assert.rejects(
    newDial().dial({ host: 'greeter.test', port }),
    (error) => error instanceof TransportError && error.reason === 'network',
  );
});
