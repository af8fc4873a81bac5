import assert from 'node:assert/strict';
import { type RequestListener, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { sendHttp } from '../../test/support/http-sender.ts';
import { settleDown, until } from '../../test/support/until.ts';
import { type HttpListener, ListenError, createHttpListener } from './http-listener.ts';

const HOST = '127.0.0.1';

function listen(app: RequestListener, clock: ManualClock, port = 0, host = HOST): Promise<HttpListener> {
  return createHttpListener({ app, address: { host, port }, flag: '--events-addr', clock, refusesBody: () => false });
}

test('a port in use is an error that names address and flag', async () => {
  const clock = new ManualClock();
  const first = await listen(() => {}, clock);

  await assert.rejects(
    listen(() => {}, clock, first.port),
    (error: unknown) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.code, 'EADDRINUSE');
      assert.equal(
        error.message,
        `cannot listen on ${HOST}:${first.port} (--events-addr): the address is already in use by another process`,
      );
      return true;
    },
  );

  await closeNow(first, clock);
});

test('an address of another machine is an error as well', async () => {
  await assert.rejects(
    listen(() => {}, new ManualClock(), 0, '192.0.2.1'),
    /cannot listen on 192\.0\.2\.1:0 \(--events-addr\): this machine does not have/,
  );
});

test('a stop lets an open request finish and takes nothing new', async () => {
  const clock = new ManualClock();
  const open: ServerResponse[] = [];
  const listener = await listen((_request, response) => open.push(response), clock);
  const answer = sendHttp({ to: { host: HOST, port: listener.port }, method: 'POST', path: '/', headers: {}, body: '' });
  await until(() => open.length === 1, 'the request');

  const closed = listener.close(5_000);
  await assert.rejects(
    sendHttp({ to: { host: HOST, port: listener.port }, method: 'GET', path: '/', headers: {}, body: '' }),
    /ECONNREFUSED/,
  );
  clock.advance(1_000);
  open[0]?.end('done');

  assert.equal((await answer).body, 'done');
  await settleDown();
  clock.advance(100);
  await closed;
  assert.equal(clock.pending, 0);
});

test('a stop cuts what is left after the grace period', async () => {
  const clock = new ManualClock();
  let requests = 0;
  const listener = await listen(() => (requests += 1), clock);
  const answer = sendHttp({ to: { host: HOST, port: listener.port }, method: 'POST', path: '/', headers: {}, body: '' });
  const cut = assert.rejects(answer, /socket hang up|ECONNRESET/);
  await until(() => requests === 1, 'the request');
  const closed = listener.close(5_000);

  clock.advance(4_999);
  await settleDown();
  clock.advance(1);

  await cut;
  await closed;
});

test('a connection that never said anything does not hold up a stop', async () => {
  const clock = new ManualClock();
  const listener = await listen(() => {}, clock);
  const socket = connect(listener.port, HOST);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));

  await closeNow(listener, clock);

  await until(() => socket.closed, 'the end of the connection');
});

async function closeNow(listener: HttpListener, clock: ManualClock): Promise<void> {
  const closed = listener.close(60_000);
  clock.advance(100);
  await closed;
}
