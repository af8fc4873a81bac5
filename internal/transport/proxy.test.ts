import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createCertificateAuthority } from '../../test/support/certificates.ts';
import { ManualClock } from '../../test/support/clock.ts';
import {
  type RecordingProxy,
  type RecordingServer,
  startHttpProxy,
  startRecordingServer,
  startSocks5Proxy,
  startTcpServer,
} from '../../test/support/servers.ts';
import { TransportError } from '../sdk/http.ts';
import { ConfigFault } from '../sdk/provider.ts';
import type { Connection, Transport } from '../sdk/transport.ts';
import { parseEgress } from './egress.ts';
import { createProxyChooser, parseProxy } from './proxy.ts';
import { createTransport, type TransportOptions } from './transport.ts';

const AUTHORITY = createCertificateAuthority('proxy test');
const SERVER_TLS = AUTHORITY.issueServer(['target.test', '127.0.0.1', 'localhost']);
const NEVER = new AbortController().signal;

const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

function newTransport(options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({
    environment: {},
    egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock: new ManualClock(),
    lookup: (name, _options, callback) => callback(new Error(`${name} was resolved`), []),
    extraCa: AUTHORITY.cert,
    ...options,
  });
  cleanups.push(() => transport.close());
  return transport;
}

async function keep<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  cleanups.push(() => started.close());
  return started;
}

function through(proxyUrl: string, extra: Partial<Connection> = {}): Connection {
  return { pool: 'p', concurrency: 2, proxyUrl, ...extra };
}

async function post(transport: Transport, connection: Connection, url: string): Promise<number | TransportError> {
  try {
    const response = await transport.open({ connection, signal: NEVER })({ method: 'POST', url, headers: [['X-A', 'b']], body: 'body' });
    return response.status;
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return error;
  }
}

async function newTarget(tls: boolean): Promise<RecordingServer> {
  return keep(startRecordingServer(tls ? { tls: SERVER_TLS } : {}));
}

test('plain HTTP through an HTTP proxy asks it with the whole address, and names are not resolved here', async () => {
  const proxy = await keep(startHttpProxy(0));
  const transport = newTransport();
  const connection = through(`http://us%20er:p%40ss%3Aword@${proxy.host}`);

  assert.equal(await post(transport, connection, 'http://u:p@target.test/hook?x=1'), 200);
  assert.equal(await post(transport, connection, 'http://127.0.0.1:1/loopback'), 200);

  const basic = 'Basic dXMgZXI6cEBzczp3b3Jk';
  assert.deepEqual(proxy.seen, [
    `absolute-form target.test http://target.test/hook?x=1 ${basic}`,
    `absolute-form 127.0.0.1:1 http://127.0.0.1:1/loopback ${basic}`,
  ]);
});

test('HTTPS through an HTTP proxy is tunnelled, with credentials only for the proxy', async () => {
  const target = await newTarget(true);
  const proxy = await keep(startHttpProxy(target.port));
  const transport = newTransport();
  const connection = through(`http://u:p@${proxy.host}`);

  for (let count = 0; count < 3; count++) assert.equal(await post(transport, connection, 'https://target.test/hook'), 200);

  assert.deepEqual(proxy.seen, ['CONNECT target.test:443 Basic dTpw']);
  assert.equal(target.requests.length, 3);
  assert.equal(target.requests[0]?.headers['proxy-authorization'], undefined);
  assert.equal(target.requests[0]?.headers.host, 'target.test');
  assert.equal(target.requests[0]?.body, 'body');
});

test('a proxy over TLS is held to the same CA as the target', async () => {
  const target = await newTarget(true);
  const proxy = await keep(startHttpProxy(target.port, { tls: SERVER_TLS }));
  const own = through(`https://${proxy.host}`, { tls: { ca: AUTHORITY.cert } });
  const other = through(`https://${proxy.host}`, { tls: { ca: createCertificateAuthority('other').cert } });
  const transport = newTransport();

  assert.equal(await post(transport, own, 'https://target.test/hook'), 200);
  assert.equal(await post(transport, own, 'http://target.test/plain'), 200);
  const refused = await post(transport, other, 'https://target.test/hook');

  assert.ok(refused instanceof TransportError);
  assert.equal(refused.reason, 'network');
  assert.deepEqual(proxy.seen, ['CONNECT target.test:443', 'absolute-form target.test http://target.test/plain']);
});

test('SOCKS5 with and without credentials, for plain HTTP and HTTPS; the proxy gets the name', async () => {
  const plain = await newTarget(false);
  const secure = await newTarget(true);
  const open = await keep(startSocks5Proxy(plain.port));
  const guarded = await keep(startSocks5Proxy(secure.port, { password: 'p@ss' }));
  const transport = newTransport();

  assert.equal(await post(transport, through(`socks5://${open.host}`), 'http://target.test/a'), 200);
  assert.equal(await post(transport, through(`socks5://${open.host}`), 'http://target.test/b'), 200);
  assert.equal(await post(transport, through(`socks5://${open.host}`), 'http://10.0.0.1:8080/c'), 200);
  assert.equal(await post(transport, through(`socks5://${open.host}`), 'http://[2001:db8::1]:8080/d'), 200);
  assert.equal(await post(transport, through(`socks5://user:p%40ss@${guarded.host}`), 'https://target.test/e'), 200);

  assert.deepEqual(open.seen, ['SOCKS5 target.test:80', 'SOCKS5 10.0.0.1:8080', 'SOCKS5 [20010db8000000000000000000000001]:8080']);
  assert.deepEqual(guarded.seen, ['SOCKS5 target.test:443 user:p@ss']);
  assert.deepEqual(
    plain.requests.map((request) => request.url),
    ['/a', '/b', '/c', '/d'],
  );
});

test('what a proxy refuses', async () => {
  const cases: readonly (readonly [
    name: string,
    start: () => Promise<RecordingProxy>,
    scheme: string,
    url: string,
    want: number | RegExp,
  ])[] = [
    ['CONNECT 407', () => startHttpProxy(0, { status: 407 }), 'http', 'https://target.test/s3cret', 407],
    ['absolute-form 407', () => startHttpProxy(0, { status: 407 }), 'http', 'http://target.test/s3cret', 407],
    [
      'CONNECT 502',
      () => startHttpProxy(0, { status: 502 }),
      'http',
      'https://target.test/s3cret',
      /^network POST https:\/\/target\.test: the proxy answered CONNECT with 502$/,
    ],
    [
      'SOCKS refuses',
      () => startSocks5Proxy(0, { reply: 5 }),
      'socks5',
      'http://target.test/s3cret',
      /^network .*answered: connection refused$/,
    ],
    [
      'SOCKS no credentials',
      () => startSocks5Proxy(0, { password: 'x' }),
      'socks5',
      'http://target.test/s3cret',
      /^network .*none of the ways to authenticate$/,
    ],
    [
      'SOCKS wrong password',
      () => startSocks5Proxy(0, { password: 'x' }),
      'socks5://u:s3cret@',
      'http://target.test/',
      /^config .*refused the user name or password$/,
    ],
  ];

  for (const [name, start, scheme, url, want] of cases) {
    const proxy = await keep(start());
    const proxyUrl = scheme.includes('@') ? scheme + proxy.host : `${scheme}://${proxy.host}`;
    const got = await post(newTransport(), through(proxyUrl), url);
    if (typeof want === 'number') assert.equal(got, want, name);
    else assert.match(got instanceof TransportError ? `${got.reason} ${got.message}` : String(got), want, name);
    assert.doesNotMatch(String(got), /s3cret/, name);
  }
});

test('a proxy that never answers ends with the time for connecting; one that closes or talks nonsense fails at once', async () => {
  const clock = new ManualClock();
  const heard = Promise.withResolvers<void>();
  const silent = await keep(startTcpServer((socket) => socket.once('data', () => heard.resolve())));
  const closing = await keep(startTcpServer((socket) => socket.once('data', () => socket.end())));
  const nonsense = await keep(startTcpServer((socket) => socket.once('data', () => socket.write('SSH-2.0\r\n\r\n'))));
  const endless = await keep(startTcpServer((socket) => socket.once('data', () => socket.write('x'.repeat(100_000)))));
  const transport = newTransport({ clock });

  const waiting = post(transport, through(`http://${silent.host}`), 'https://target.test/');
  await heard.promise;
  clock.advance(10_000);
  const got = [await waiting];
  for (const server of [closing, nonsense, endless])
    got.push(await post(transport, through(`http://${server.host}`), 'https://target.test/'));

  assert.deepEqual(
    got.map((failure) => (failure instanceof TransportError ? `${failure.reason} ${failure.message.split(': ')[1] ?? ''}` : failure)),
    [
      'timeout the proxy did not open the connection in time',
      'network the proxy closed the connection',
      'network the proxy does not speak HTTP',
      'network the answer of the proxy is too long',
    ],
  );
});

test("behind a proxy the name and a literal address of the target are judged, and the address of a Provider's proxy", async () => {
  const proxy = await keep(startHttpProxy(0));
  const egress = parseEgress({ deny: ['denied.test'], allow: [], denyLoopback: false });
  const connection = through(`http://${proxy.host}`);

  for (const url of [
    'http://169.254.169.254/',
    'http://metadata.google.internal/',
    'http://denied.test/',
    'https://[::ffff:169.254.169.254]/',
  ]) {
    const got = await post(newTransport({ egress }), connection, url);
    assert.ok(got instanceof TransportError && got.reason === 'egress', url);
  }
  const own = await post(
    newTransport({ ownListeners: () => [{ host: '127.0.0.1', port: proxy.port }] }),
    connection,
    'http://target.test/',
  );
  assert.ok(own instanceof TransportError && own.reason === 'egress');
  const inCluster = parseEgress({ deny: [], allow: [], denyLoopback: true });
  const loopback = await post(newTransport({ egress: inCluster }), connection, 'http://target.test/');
  assert.ok(loopback instanceof TransportError && loopback.reason === 'egress');
  const metadata = await post(newTransport(), through('http://169.254.169.254'), 'http://target.test/');
  assert.ok(metadata instanceof TransportError && metadata.reason === 'egress');
  assert.deepEqual(proxy.seen, []);

  const environment = { httpProxy: `http://${proxy.host}` };
  assert.equal(await post(newTransport({ egress: inCluster, environment }), { pool: 'p', concurrency: 1 }, 'http://target.test/'), 200);
});

test("the environment's proxies apply where a Provider has none, and never to loopback", async () => {
  const target = await newTarget(false);
  const secure = await newTarget(true);
  const proxy = await keep(startHttpProxy(secure.port));
  const own = await keep(startHttpProxy(0));
  const environment = { httpProxy: proxy.host, httpsProxy: `http://${proxy.host}`, noProxy: 'exempt.test' };
  const transport = newTransport({
    environment,
    lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const direct: Connection = { pool: 'p', concurrency: 1 };

  assert.equal(await post(transport, direct, 'http://target.test/a'), 200);
  assert.equal(await post(transport, direct, 'https://target.test/b'), 200);
  assert.equal(await post(transport, direct, `http://${target.host}/c`), 200);
  assert.equal(await post(transport, direct, `http://exempt.test:${target.port}/d`), 200);
  assert.equal(await post(transport, through(`http://${own.host}`), 'http://exempt.test/e'), 200);

  assert.deepEqual(proxy.seen, ['absolute-form target.test http://target.test/a', 'CONNECT target.test:443']);
  assert.deepEqual(own.seen, ['absolute-form exempt.test http://exempt.test/e']);
  assert.deepEqual(
    target.requests.map((request) => request.url),
    ['/c', '/d'],
  );
});

test("NO_PROXY in Go's syntax", () => {
  const cases: readonly (readonly [noProxy: string, url: string, isProxied: boolean])[] = [
    ['', 'http://a.example.com/', true],
    ['', 'http://localhost/', false],
    ['', 'http://LOCALHOST:8080/', false],
    ['', 'http://127.0.0.1/', false],
    ['', 'http://127.9.9.9/', false],
    ['', 'http://[::1]/', false],
    ['', 'http://10.0.0.1/', true],
    ['*', 'http://a.example.com/', false],
    ['example.com', 'http://example.com/', false],
    ['example.com', 'http://a.example.com/', false],
    ['example.com', 'http://badexample.com/', true],
    ['.example.com', 'http://example.com/', true],
    ['.example.com', 'http://a.b.example.com/', false],
    ['*.example.com', 'http://a.example.com/', false],
    ['*.example.com', 'http://example.com/', true],
    ['EXAMPLE.com', 'http://a.Example.COM/', false],
    ['other.com, example.com ,', 'http://example.com/', false],
    ['example.com:8080', 'http://example.com:8080/', false],
    ['example.com:8080', 'http://example.com/', true],
    ['example.com:443', 'https://example.com/', false],
    ['10.0.0.0/8', 'http://10.1.2.3/', false],
    ['10.0.0.0/8', 'http://11.1.2.3/', true],
    ['10.0.0.0/8', 'http://ten.example.com/', true],
    ['10.1.2.3', 'http://10.1.2.3/', false],
    ['10.1.2.3:81', 'http://10.1.2.3:81/', false],
    ['10.1.2.3:81', 'http://10.1.2.3/', true],
    ['fd00::/8', 'http://[fd12::1]/', false],
    ['[fd12::1]:81', 'http://[fd12::1]:81/', false],
    ['10.0.0.0/99', 'http://10.1.2.3/', true],
  ];

  for (const [noProxy, url, isProxied] of cases) {
    const { protocol, hostname, port } = new URL(url);
    const choose = createProxyChooser({ httpProxy: 'proxy:3128', httpsProxy: 'proxy:3129', noProxy });
    assert.ok(protocol === 'http:' || protocol === 'https:');
    const chosen = choose({ protocol, hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) });
    assert.equal(chosen?.port, isProxied ? (protocol === 'https:' ? 3129 : 3128) : undefined, `${noProxy} ${url}`);
  }
});

test('proxy addresses', () => {
  const cases: readonly (readonly [address: string, want: readonly unknown[]])[] = [
    ['http://h', ['http', 'h', 80, '', '']],
    ['https://h', ['https', 'h', 443, '', '']],
    ['socks5://h', ['socks5', 'h', 1080, '', '']],
    ['socks5h://u:p@h:1', ['socks5', 'h', 1, 'u', 'p']],
    ['h:3128', ['http', 'h', 3128, '', '']],
    ['ftp://h:21', ['http', 'h', 80, '', '']],
    ['ftp://127.0.0.1:3128', ['http', '127.0.0.1', 3128, '', '']],
    ['http://us%20er:100%@[::1]:8080', ['http', '::1', 8080, 'us er', '100%']],
  ];

  for (const [address, want] of cases) {
    const { protocol, hostname, port, username, password } = parseProxy(address, 'proxy');
    assert.deepEqual([protocol, hostname, port, username, password], want, address);
  }
  for (const address of ['https://u:s3cret@exampleproxy.com|', 'http://', 'http://u:s3cret@exa mple']) {
    assert.throws(
      () => parseProxy(address, 'HTTP_PROXY'),
      (error) => error instanceof ConfigFault && error.message === 'unable to parse HTTP_PROXY URL',
    );
  }
});
