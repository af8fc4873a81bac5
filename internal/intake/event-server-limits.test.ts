import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { header, post, recordedHeaders, speak, startEventPort } from '../../test/support/event-port.ts';
import { until } from '../../test/support/until.ts';

function bodyOf(bytes: number): Buffer {
  return Buffer.from(`{"message":"${'a'.repeat(bytes - 14)}"}`);
}

test('the body may have exactly 3 MiB', async (context) => {
  const { port, outbox } = await startEventPort(context);
  const largest = await post({ port, body: bodyOf(3_145_728) });
  const larger = await post({ port, body: bodyOf(3_145_729) });
  const noJson = await post({ port, body: Buffer.alloc(6 * 1024 * 1024, 'A') });

  assert.equal(largest.status, 202);
  for (const answer of [larger, noJson]) {
    assert.equal(answer.status, 413);
    assert.equal(answer.body, '');
    assert.deepEqual(recordedHeaders(answer), {});
    assert.equal(header(answer, 'Connection'), 'close');
  }
  assert.equal(outbox.stored.length, 1);
});

test('a body that is too large is refused before it is there', async (context) => {
  const { port, clock, metrics } = await startEventPort(context, { maxBodyBytes: 100 });
  const cases: { name: string; head: string }[] = [
    { name: 'declared', head: 'Content-Length: 101\r\n\r\n' },
    { name: 'asked for', head: 'Expect: 100-continue\r\nContent-Length: 101\r\n\r\n' },
    { name: 'in chunks', head: `Transfer-Encoding: chunked\r\n\r\n65\r\n${'x'.repeat(0x65)}\r\n` },
  ];
  for (const { name, head } of cases) {
    const { socket, received, isClosed } = await speak(context, port);
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}`);
    await until(() => received().includes('\r\n\r\n'), name);
    assert.match(received(), /^HTTP\/1\.1 413 /, name);
    // A sender that goes on is cut off.
    clock.advance(500);
    await until(isClosed, `${name}: closed`);
  }
  assert.deepEqual(
    metrics.finished.map(({ code }) => code),
    [413, 413, 413],
  );
});

test('a sender may ask before it sends', async (context) => {
  const { port } = await startEventPort(context);
  const { socket, received } = await speak(context, port);

  socket.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
  await until(() => received().includes('100 Continue'), 'the invitation');
  socket.write('{}');

  await until(() => received().includes('HTTP/1.1 202'), 'the answer');
});

test('a body in chunks is put together', async (context) => {
  const { port, outbox } = await startEventPort(context);
  const { socket, received } = await speak(context, port);

  socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const part of ['{"mess', 'age":', '"é"}']) socket.write(`${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
  socket.write('0\r\n\r\n');

  await until(() => received().includes('HTTP/1.1 202'), 'the answer');
  assert.equal(outbox.stored[0]?.event.flux.message, 'é');
});

test('requests on one connection are answered in order', async (context) => {
  const { port } = await startEventPort(context);
  const { socket, received } = await speak(context, port);
  const bodies = ['{"message":"a"}', '{}x', '{"message":"a"}'];

  socket.write(bodies.map((body) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`).join(''));

  await until(() => received().endsWith('Too Many Requests\n'), 'three answers');
  assert.deepEqual(
    [...received().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['202', '400', '429'],
  );
});

test('a sender that goes away in the middle of a body leaves nothing behind', async (context) => {
  const { port, outbox, metrics } = await startEventPort(context);
  const { socket } = await speak(context, port);

  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"message"');
  await until(() => metrics.started.length === 1, 'the request');
  socket.destroy();

  await until(() => metrics.finished.length === 1, 'its end');
  assert.equal(outbox.batches.length, 0);
  assert.equal((await post({ port, body: '{}' })).status, 202);
});

test('an event whose sender did not wait is stored all the same', async (context) => {
  const { port, outbox, metrics } = await startEventPort(context);
  outbox.isHolding = true;
  const { socket } = await speak(context, port);
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}');
  await until(() => outbox.held === 1, 'the append');

  socket.destroy();
  await until(() => metrics.finished.length === 1, 'the end of the request');
  outbox.release();

  await until(() => outbox.stored.length === 1, 'the event');
  assert.equal(metrics.finished[0]?.code, 499);
});

test('all bodies together have a budget, a single one always fits', async (context) => {
  const { port, metrics } = await startEventPort(context, { bodyBudgetBytes: 1_000 });
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n';
  const slow = await speak(context, port);
  slow.socket.write(`${head}${' '.repeat(898)}`);
  await until(() => metrics.started.length === 1, 'the slow request');

  const refused = await post({ port, body: ' '.repeat(900) });
  slow.socket.write('{}');
  await until(() => slow.received().includes('202'), 'the slow answer');
  const alone = await post({ port, body: `{"message":"${'x'.repeat(2_000)}"}` });

  assert.equal(refused.status, 503);
  assert.equal(alone.status, 202);
});

test('more events at a time than there is room for are told to come back', async (context) => {
  const { port, outbox } = await startEventPort(context, { turns: { maxEvents: 1 } });
  outbox.isHolding = true;
  const first = post({ port, body: '{"message":"first"}' });
  await until(() => outbox.held === 1, 'the append');

  const second = await post({ port, body: '{"message":"second"}' });
  outbox.release();

  assert.equal(second.status, 503);
  assert.equal(header(second, 'Retry-After'), '1');
  assert.equal(header(second, 'Tocsin-Error'), 'too many events at a time');
  assert.equal((await first).status, 202);
  outbox.isHolding = false;
  assert.equal((await post({ port, body: '{"message":"third"}' })).status, 202);
});

test('what breaks HTTP is answered by status alone', async (context) => {
  const { port } = await startEventPort(context);
  const cases: { name: string; text: string; want: RegExp }[] = [
    { name: 'unknown method', text: 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n', want: /^HTTP\/1\.1 400 / },
    { name: 'CONNECT', text: 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', want: /^HTTP\/1\.1 400 / },
    { name: 'no host', text: 'POST / HTTP/1.1\r\n\r\n', want: /^HTTP\/1\.1 400 / },
    { name: 'target that is no URL', text: 'POST http://[ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', want: /^HTTP\/1\.1 400 / },
    { name: 'headers above 256 KiB', text: `POST / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(256 * 1024)}\r\n\r\n`, want: /^HTTP\/1\.1 431 / },
  ];
  for (const { name, text, want } of cases) {
    const { socket, received } = await speak(context, port);
    socket.write(text);
    await until(() => received().includes('\r\n\r\n'), name);
    assert.match(received(), want, name);
  }
  assert.equal((await post({ port, body: '{}' })).status, 202);
});

test('hostile bodies are answered like any other', async (context) => {
  const { port } = await startEventPort(context);
  const metadata = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`event.toolkit.fluxcd.io/${index}`, 'v']));
  const cases: { name: string; body: string | Buffer; want: number }[] = [
    { name: '10,000 metadata keys', body: JSON.stringify({ message: '1', metadata }), want: 202 },
    { name: 'prototype keys', body: '{"message":"2","__proto__":{"message":1},"metadata":{"__proto__":"x","constructor":"y"}}', want: 202 },
    { name: 'half pairs and separators', body: '{"message":"\\ud800\\udfff\\ud800\u2028\u202E\\u0000"}', want: 202 },
    { name: 'not UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), want: 202 },
    { name: 'nothing but brackets', body: '['.repeat(3_000_000), want: 400 },
    { name: 'deep', body: `{"x":${'{"x":'.repeat(20_000)}1${'}'.repeat(20_000)}}`, want: 400 },
  ];
  for (const { name, body, want } of cases) assert.equal((await post({ port, body })).status, want, name);
});

test('random bodies get one of the answers', async (context) => {
  const { port } = await startEventPort(context);
  const field = fc.constantFrom('message', 'metadata', 'involvedObject', 'timestamp', 'severity');
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.dictionary(field, fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value))),
  );
  await fc.assert(
    fc.asyncProperty(body, async (bytes) => {
      const { status } = await post({ port, body: Buffer.from(bytes) });
      assert.ok([202, 400, 429].includes(status));
    }),
    { numRuns: 50 },
  );
});
