import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ManualClock } from '../../test/support/clock.ts';
import { type Answer, type RecordingServer, startRecordingServer, startTcpServer } from '../../test/support/servers.ts';
import { type HttpRequest, TransportError } from '../sdk/http.ts';
import type { Connection, Observed, Transport } from '../sdk/transport.ts';
import { parseEgress } from './egress.ts';
import { createTransport, type TransportOptions } from './transport.ts';

const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const DIRECT: Connection = { pool: 'flux//default/hook', concurrency: 8 };
const NEVER = new AbortController().signal;

function newTransport(options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({
    environment: {},
    egress: parseEgress({ deny: [], allow: [], denyLoopback: false }),
    ownListeners: () => [],
    clock: new ManualClock(),
    userAgent: 'tocsin/test',
    ...options,
  });
  cleanups.push(() => transport.close());
  return transport;
}

async function newServer(answer?: Answer): Promise<RecordingServer> {
  const server = await startRecordingServer(answer === undefined ? {} : { answer });
  cleanups.push(() => server.close());
  return server;
}

function post(url: string, extra: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', url, headers: [['Content-Type', 'application/json']], body: '{}', ...extra };
}

async function failureOf(attempt: Promise<unknown>): Promise<TransportError> {
  try {
    await attempt;
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return error;
  }
  return assert.fail('the request succeeded');
}

test('what is sent is what was asked for: order and case of headers, length, user info as Basic', async () => {
  const server = await newServer();
  const send = newTransport().open({ connection: DIRECT, signal: NEVER });
  const headers = [
    ['X-b', '1'],
    ['x-A', ' padded '],
    ['Host', 'other.example'],
    ['Content-Length', '999'],
    ['X-u', 'grüße'],
    ['x-b', '2'],
  ] as const;

  const response = await send({ method: 'PUT', url: `http://user:pa%20ss@${server.host}/a/b/?x=1&y=%20z#frag`, headers, body: '{"ü":1}' });

  assert.equal(response.status, 200);
  assert.equal(Buffer.from(response.body).toString(), 'ok');
  const [request] = server.requests;
  assert.equal(request?.method, 'PUT');
  assert.equal(request?.url, '/a/b/?x=1&y=%20z');
  assert.equal(request?.body, '{"ü":1}');
  const sent = request?.rawHeaders ?? [];
  const names = sent.filter((_, index) => index % 2 === 0);
  assert.deepEqual(
    names.filter((name) => /^x-/i.test(name)),
    ['X-b', 'x-A', 'X-u', 'x-b'],
  );
  assert.equal(request?.headers.host, server.host);
  assert.equal(request?.headers['content-length'], '8');
  assert.equal(request?.headers.authorization, `Basic ${Buffer.from('user:pa ss').toString('base64')}`);
  assert.equal(request?.headers['user-agent'], 'tocsin/test');
  assert.equal(request?.headers['accept-encoding'], 'gzip');
  assert.equal(request?.headers['x-a'], 'padded');
  assert.equal(Buffer.from(String(request?.headers['x-u']), 'latin1').toString(), 'grüße');
});

test('headers of the request win over what the transport would add', async () => {
  const server = await newServer();
  const send = newTransport().open({ connection: DIRECT, signal: NEVER });

  await send(
    post(`http://u:p@${server.host}/`, {
      headers: [
        ['authorization', 'Bearer t'],
        ['user-agent', 'me/1'],
      ],
    }),
  );

  assert.equal(server.requests[0]?.headers.authorization, 'Bearer t');
  assert.equal(server.requests[0]?.headers['user-agent'], 'me/1');
});

test('addresses and headers that cannot be sent are configuration faults that show no value', async () => {
  const send = newTransport().open({ connection: DIRECT, signal: NEVER });
  const cases: readonly (readonly [name: string, request: HttpRequest, want: RegExp])[] = [
    ['empty', post(''), /empty url/],
    ['path only', post('/hook-s3cret'), /unsupported protocol scheme ""/],
    ['ftp', post('ftp://h/hook-s3cret'), /unsupported protocol scheme "ftp"/],
    ['file', post('file:///etc/s3cret'), /unsupported protocol scheme "file"/],
    ['blank in host', post('http://exa mple.com/s3cret'), /invalid character in host name/],
    ['blank before', post(' http://h/s3cret'), /unsupported protocol scheme/],
    ['blank behind', post('http://h/s3cret '), /blank at the end/],
    ['newline', post('http://h/s3cret\n'), /control character/],
    ['backslash', post('http://h\\@evil/s3cret'), /invalid character in host name/],
    ['no host', post('http:///s3cret'), /no host/],
    ['no slashes', post('http:h/s3cret'), /no host/],
    ['port', post('http://h:99999/s3cret'), /invalid host or port/],
    ['IPv6', post('http://[::g]/s3cret'), /invalid host or port/],
    ['header name', post('http://127.0.0.1:1/', { headers: [['A s3cret', 'x']] }), /header name/],
    ['header newline', post('http://127.0.0.1:1/', { headers: [['Authorization', 'Bearer s3cret\n']] }), /value of header Authorization/],
    ['method', post('http://127.0.0.1:1/', { method: 'A B' }), /invalid request method/],
  ];

  for (const [name, request, want] of cases) {
    const failure = await failureOf(send(request));
    assert.equal(failure.reason, 'config', name);
    assert.match(failure.message, want, name);
    assert.doesNotMatch(failure.message, /s3cret/, name);
  }
});

test('IPv6 literals, default ports and international names are understood', async () => {
  const asked: string[] = [];
  const transport = newTransport({
    lookup: (name, _options, callback) => {
      asked.push(name);
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), []);
    },
  });
  const send = transport.open({ connection: DIRECT, signal: NEVER });

  const failure = await failureOf(send(post('https://grüße.example/secret-path?q=secret')));
  const refused = await failureOf(send(post('http://[::1]:1/secret')));

  assert.deepEqual(asked, ['xn--gre-6ka8l.example']);
  assert.equal(failure.reason, 'network');
  assert.equal(failure.message, 'POST https://xn--gre-6ka8l.example: getaddrinfo ENOTFOUND xn--gre-6ka8l.example');
  assert.equal(refused.reason, 'network');
  assert.match(refused.message, /^POST http:\/\/\[::1\]:1: connect E/);
});

function to(status: number, location: string): string {
  return `/${status}?to=${encodeURIComponent(location)}`;
}

test('only 307 and 308 to the same scheme, host and port are followed, three times', async () => {
  const server = await newServer((request, response) => {
    const [, status = '200', location = ''] = /^\/([0-9]+)\?to=(.*)$/.exec(request.url) ?? [];
    response.writeHead(Number(status), location === '' ? {} : { Location: decodeURIComponent(location) });
    response.end();
  });
  const cases: readonly (readonly [name: string, path: string, requests: number, status: number])[] = [
    ['301', to(301, '/x'), 1, 301],
    ['302', to(302, '/x'), 1, 302],
    ['303', to(303, '/x'), 1, 303],
    ['307', to(307, '/x'), 2, 200],
    ['308', to(308, '/x?y=1'), 2, 200],
    ['absolute', to(307, `http://${server.host}/x`), 2, 200],
    ['with user info', to(307, `http://evil:pw@${server.host}/x`), 2, 200],
    ['other port', to(307, 'http://127.0.0.1:1/x'), 1, 307],
    ['other host', to(307, `http://localhost:${server.port}/x`), 1, 307],
    ['other scheme', to(307, `https://${server.host}/x`), 1, 307],
    ['no location', '/307?to=', 1, 307],
    ['unusable location', to(307, 'http://[/'), 1, 307],
    ['loop', to(307, '/307?to=%2F307%3Fto%3D%252F307%253Fto%253D%25252F307%25253Fto%25253D%2525252Fx'), 4, 307],
  ];
  const send = newTransport().open({ connection: DIRECT, signal: NEVER });

  for (const [name, path, want, status] of cases) {
    const before = server.requests.length;
    const response = await send(post(`http://u:p@${server.host}${path}`, { body: 'body' }));
    const seen = server.requests.slice(before);
    assert.equal(response.status, status, name);
    assert.equal(seen.length, want, name);
    for (const request of seen) {
      assert.equal(request.method, 'POST', name);
      assert.equal(request.body, 'body', name);
      assert.equal(request.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`, name);
    }
  }
});

test('answers: joined headers, no body, hostile names', async () => {
  const server = await startTcpServer((socket) => {
    socket.on('data', () => {
      socket.write(
        'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\n__proto__: x\r\nconstructor: y\r\nContent-Length: 0\r\n\r\n',
      );
    });
  });
  cleanups.push(() => server.close());

  const response = await newTransport().open({ connection: DIRECT, signal: NEVER })({
    method: 'GET',
    url: `http://${server.host}/`,
    headers: [],
  });

  assert.deepEqual(response, {
    status: 200,
    headers: { 'x-a': '1, 2', constructor: 'y', 'content-length': '0' },
    body: Buffer.alloc(0),
    truncated: false,
  });
});

test('sequential requests share one connection, parallel ones at most the limit', async () => {
  const one = await newServer();
  const many = await newServer((_request, response) => setImmediate(() => response.end('late')));
  const transport = newTransport();
  const send = transport.open({ connection: DIRECT, signal: NEVER });

  for (let count = 0; count < 20; count++) await send(post(`http://${one.host}/${count}`));
  const limited = transport.open({ connection: { pool: 'other', concurrency: 3 }, signal: NEVER });
  await Promise.all(Array.from({ length: 30 }, () => limited(post(`http://${many.host}/`))));

  assert.equal(one.connections(), 1);
  assert.equal(one.requests.length, 20);
  assert.equal(many.connections(), 3);
  assert.equal(many.requests.length, 30);
});

test('Targets do not share connections; pools of gone ones are closed and come back when needed', async () => {
  const server = await newServer();
  const transport = newTransport();
  const first = transport.open({ connection: { pool: 'a', concurrency: 8 }, signal: NEVER });
  const second = transport.open({ connection: { pool: 'b', concurrency: 8 }, signal: NEVER });

  await first(post(`http://${server.host}/`));
  await second(post(`http://${server.host}/`));
  assert.equal(server.connections(), 2);
  await transport.retain(new Set(['b']));
  await second(post(`http://${server.host}/`));
  assert.equal(server.connections(), 2);
  await first(post(`http://${server.host}/`));
  assert.equal(server.connections(), 3);
});

test('equal settings share a pool even when the Connection is a new object', async () => {
  const server = await newServer();
  const transport = newTransport();

  for (let count = 0; count < 5; count++)
    await transport.open({ connection: { ...DIRECT }, signal: NEVER })(post(`http://${server.host}/`));

  assert.equal(server.connections(), 1);
});

test('a socket that nobody uses is closed after a while', async () => {
  const closed = Promise.withResolvers<void>();
  const server = await startTcpServer((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    socket.on('close', () => closed.resolve());
  });
  cleanups.push(() => server.close());

  await newTransport({ limits: { idleSocketMs: 20 } }).open({ connection: DIRECT, signal: NEVER })(post(`http://${server.host}/`));

  await closed.promise;
});

test('pools that nobody used for a while are closed', async () => {
  const server = await newServer();
  const clock = new ManualClock();
  const transport = newTransport({ clock });
  const send = (pool: string): Promise<unknown> =>
    transport.open({ connection: { pool, concurrency: 1 }, signal: NEVER })(post(`http://${server.host}/`));

  await send('a');
  clock.advance(11 * 60_000);
  await send('b');
  await send('a');

  assert.equal(server.connections(), 3);
});

test('the answer is capped, and the connection works on', async () => {
  const server = await newServer((request, response) => response.end(Buffer.alloc(request.url === '/big' ? 300_000 : 65_536, 'x')));
  const send = newTransport({ limits: { maxResponseBytes: 65_536 } }).open({ connection: DIRECT, signal: NEVER });

  const big = await send(post(`http://${server.host}/big`));
  const exact = await send(post(`http://${server.host}/exact`));

  assert.equal(big.truncated, true);
  assert.equal(big.body.length, 65_536);
  assert.equal(exact.truncated, false);
  assert.equal(exact.body.length, 65_536);
});

test('compressed answers are unpacked up to the cap; what is not what it says comes as it is', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const bodies: Readonly<Record<string, readonly [encoding: string, body: Buffer]>> = {
    '/gzip': ['gzip', gzipSync('hello')],
    '/deflate': ['deflate', deflateSync('hello')],
    '/br': ['br', brotliCompressSync('hello')],
    '/bomb': ['gzip', bomb],
    '/cut': ['gzip', gzipSync('hello'.repeat(1000)).subarray(0, 30)],
    '/lie': ['gzip', Buffer.from('hello')],
    '/unknown': ['zip', Buffer.from('hello')],
  };
  const server = await newServer((request, response) => {
    const [encoding, body] = bodies[request.url] ?? ['', Buffer.alloc(0)];
    response.writeHead(200, { 'Content-Encoding': encoding }).end(body);
  });
  const send = newTransport().open({ connection: DIRECT, signal: NEVER });
  const get = async (path: string): Promise<{ text: string; truncated: boolean; encoding: string | undefined }> => {
    const response = await send({ method: 'GET', url: `http://${server.host}${path}`, headers: [] });
    return { text: Buffer.from(response.body).toString(), truncated: response.truncated, encoding: response.headers['content-encoding'] };
  };

  for (const path of ['/gzip', '/deflate', '/br'])
    assert.deepEqual(await get(path), { text: 'hello', truncated: false, encoding: undefined }, path);
  const unpacked = await get('/bomb');
  assert.equal(unpacked.truncated, true);
  assert.equal(unpacked.text.length, 1024 * 1024);
  assert.match((await get('/cut')).text, /^h/);
  assert.deepEqual(await get('/lie'), { text: 'hello', truncated: false, encoding: 'gzip' });
  assert.deepEqual(await get('/unknown'), { text: 'hello', truncated: false, encoding: 'zip' });
});

test('a deadline ends a request wherever it hangs: before the answer, within it, and in the queue for a socket', async () => {
  const silent = await startTcpServer((socket) => socket.resume());
  const stuck = await startTcpServer((socket) =>
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
  );
  cleanups.push(
    () => silent.close(),
    () => stuck.close(),
  );
  const transport = newTransport();

  for (const server of [silent, stuck]) {
    const deadline = new AbortController();
    const connection = { pool: server.host, concurrency: 1 };
    const sent = transport.open({ connection, signal: deadline.signal })(post(`http://${server.host}/secret`));
    const queued = transport.open({ connection, signal: deadline.signal })(post(`http://${server.host}/secret`));
    setImmediate(() => deadline.abort());
    for (const failure of [await failureOf(sent), await failureOf(queued)]) {
      assert.equal(failure.reason, 'timeout');
      assert.equal(failure.message, `POST http://${server.host}: no complete answer before the deadline`);
    }
  }
  const late = await failureOf(transport.open({ connection: DIRECT, signal: AbortSignal.abort() })(post(`http://${silent.host}/`)));
  assert.equal(late.reason, 'timeout');
  const worded = AbortSignal.abort(new TransportError('timeout', 'no answer within 15 s'));
  const told = await failureOf(transport.open({ connection: DIRECT, signal: worded })(post(`http://${silent.host}/`)));
  assert.equal(told.message, `POST http://${silent.host}: no answer within 15 s`);
});

test('what breaks on the way is a network failure in words without path or query', async () => {
  const reset = await startTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const midBody = await startTcpServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', () => socket.resetAndDestroy()));
  });
  const closed = await startTcpServer((socket) => socket.once('data', () => socket.end()));
  const nonsense = await startTcpServer((socket) => socket.once('data', () => socket.end('SSH-2.0-x\r\n')));
  const refused = await startTcpServer(() => {});
  cleanups.push(
    () => reset.close(),
    () => midBody.close(),
    () => closed.close(),
    () => nonsense.close(),
  );
  await refused.close();
  const send = newTransport().open({ connection: DIRECT, signal: NEVER });

  for (const [name, server] of Object.entries({ reset, midBody, closed, nonsense, refused })) {
    const failure = await failureOf(send(post(`http://${server.host}/secret?q=secret`)));
    assert.equal(failure.reason, 'network', name);
    assert.ok(failure.message.startsWith(`POST http://${server.host}: `), failure.message);
    assert.doesNotMatch(failure.message, /secret/, name);
  }
});

test('every exchange is observed, each hop and each failure', async () => {
  const server = await newServer((request, response) => {
    if (request.url === '/hop') response.writeHead(307, { Location: '/end' });
    response.end('done');
  });
  const seen: Observed[] = [];
  const send = newTransport().open({ connection: DIRECT, signal: NEVER, onExchange: (observed) => seen.push(observed) });

  await send(post(`http://${server.host}/hop`));
  await failureOf(send(post('ftp://x/')));

  assert.deepEqual(
    seen.map(({ request, response, error }) => [request.url, response?.status ?? (error instanceof TransportError ? error.reason : '')]),
    [
      [`http://${server.host}/hop`, 307],
      [`http://${server.host}/end`, 200],
      ['ftp://x/', 'config'],
    ],
  );
});

test('the guard judges what a name resolves to at each connection', async () => {
  const server = await newServer((_request, response) => response.writeHead(200, { Connection: 'close' }).end());
  const answers = ['127.0.0.1', '169.254.169.254'];
  const transport = newTransport({
    lookup: (_name, _options, callback) => callback(null, [{ address: answers.shift() ?? '', family: 4 }]),
  });
  const send = transport.open({ connection: DIRECT, signal: NEVER });

  const first = await send(post(`http://rebind.example:${server.port}/`));
  const second = await failureOf(send(post(`http://rebind.example:${server.port}/secret`)));

  assert.equal(first.status, 200);
  assert.equal(second.reason, 'egress');
  assert.equal(
    second.message,
    `POST http://rebind.example:${server.port}: requests to rebind.example:${server.port} are refused: it is a cloud metadata address`,
  );
});

test('of several addresses only those that may be connected to are tried', async () => {
  const server = await newServer();
  const transport = newTransport({
    lookup: (_name, _options, callback) =>
      callback(null, [
        { address: '169.254.169.254', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]),
  });

  const response = await transport.open({ connection: DIRECT, signal: NEVER })(post(`http://two.example:${server.port}/`));

  assert.equal(response.status, 200);
});

test('literal addresses and own listeners are refused before a socket is opened', async () => {
  const server = await newServer();
  const transport = newTransport({ ownListeners: () => [{ host: '127.0.0.1', port: server.port }] });
  const send = transport.open({ connection: DIRECT, signal: NEVER });

  for (const url of [
    'http://169.254.169.254/latest',
    'http://[::ffff:169.254.169.254]/',
    'http://2852039166/',
    `http://127.0.0.1:${server.port}/`,
    `http://2130706433:${server.port}/`,
    `http://[::ffff:127.0.0.1]:${server.port}/`,
    `http://localhost:${server.port}/`,
  ]) {
    assert.equal((await failureOf(send(post(url)))).reason, 'egress', url);
  }
  assert.equal(server.connections(), 0);
});

test('the same stack as fetch: a real Response', async () => {
  const server = await newServer((request, response) => {
    if (request.url === '/empty') response.writeHead(204).end();
    else if (request.url === '/big') response.end(Buffer.alloc(2_000_000));
    else response.writeHead(201, { 'Content-Type': 'application/json', 'X-B': 'c' }).end(JSON.stringify({ got: request.body }));
  });
  const fetch = newTransport().openFetch({ connection: DIRECT, signal: NEVER });

  const response = await fetch(`http://${server.host}/a`, { method: 'post', headers: { 'X-A': 'b' }, body: 'text' });
  const empty = await fetch(new URL(`http://${server.host}/empty`), { headers: new Headers([['x-a', 'c']]) });
  const asRequest = await fetch(new Request(`http://${server.host}/r`, { method: 'PUT', body: 'from request' }));

  assert.ok(response instanceof Response);
  assert.equal(response.status, 201);
  assert.equal(response.url, `http://${server.host}/a`);
  assert.equal(response.headers.get('x-b'), 'c');
  assert.deepEqual(await response.json(), { got: 'text' });
  assert.equal(empty.status, 204);
  assert.equal(await empty.text(), '');
  assert.deepEqual(await asRequest.json(), { got: 'from request' });
  assert.deepEqual(
    server.requests.map(({ method, headers }) => [method, headers['x-a']]),
    [
      ['POST', 'b'],
      ['GET', 'c'],
      ['PUT', undefined],
    ],
  );
  assert.equal((await failureOf(fetch(`http://${server.host}/big`))).reason, 'too-large');
  const badHeader = await failureOf(fetch(`http://${server.host}/`, { headers: { authorization: 's3cret\n\u2028' } }));
  assert.equal(badHeader.reason, 'config');
  assert.doesNotMatch(badHeader.message, /s3cret/);
  assert.equal((await failureOf(fetch(`http://${server.host}/`, { signal: AbortSignal.abort() }))).reason, 'timeout');
});
