// What goes over the wire, read back from protobuf, and what a collector may answer.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import { toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import otel from './otel.provider.ts';
import { resourceAttributes } from './resource.ts';
import { bytesField, enumField, message, readMessage, textField } from './protobuf.ts';

const ADDRESS = 'http://collector:4318';

function toInput(options: Partial<Parameters<typeof toRenderInput>[0]> = {}): RenderInput {
  return toRenderInput({ spec: { type: 'otel', address: ADDRESS }, event: exampleEvent(), ...options });
}

function spanOf(input: RenderInput): ReadonlyMap<number, bigint | Uint8Array> {
  const [request] = otel.render?.(input) ?? [];
  assert.ok(request?.body instanceof Uint8Array);
  const path = [1, 2, 2];
  return path.reduce((fields, number) => {
    const inner = fields.get(number);
    assert.ok(inner instanceof Uint8Array);
    return readMessage(inner) ?? assert.fail('no message');
  }, readMessage(request.body) ?? assert.fail('no message'));
}

function hex(value: bigint | Uint8Array | undefined): string {
  assert.ok(value instanceof Uint8Array);
  return Buffer.from(value).toString('hex');
}

for (const { name, metadata, revision } of [
  { name: 'a revision', metadata: { revision: 'main@sha1:1' }, revision: 'main@sha1:1' },
  { name: 'nothing', metadata: {}, revision: 'unknown' },
  { name: 'a version and a digest', metadata: { revision: 'r', 'app-version': '1.2', 'oci-digest': 'sha256:1' }, revision: '1.2@sha256:1' },
  { name: 'a version alone', metadata: { revision: 'r', 'app-version': '1.2' }, revision: 'r' },
]) {
  test(`the trace is that of the Alert and of ${name}`, () => {
    const input = toInput({ event: exampleEvent({ metadata }) });

    const want = createHash('sha256').update(`${input.alert.uid}:${revision}`).digest('hex').slice(0, 32);
    assert.equal(hex(spanOf(input).get(1)), want);
  });
}

test('the environment adds to the resource, and what the Alert says wins', () => {
  const OTEL_RESOURCE_ATTRIBUTES = 'cluster=prod%20eu , service.name=x,odd, =y,z=%zz,cluster.id=a=b';
  const input = toInput({ environment: { OTEL_RESOURCE_ATTRIBUTES } });

  assert.deepEqual(resourceAttributes(input), [
    ['cluster', 'prod eu'],
    ['cluster.id', 'a=b'],
    ['service.instance.id', input.alert.uid],
    ['service.name', 'apps/alert'],
    ['service.namespace', 'apps'],
    ['z', '%zz'],
  ]);
});

test('metadata without a key is counted and left out', () => {
  const span = spanOf(toInput({ event: exampleEvent({ metadata: { '': 'x' } }) }));

  assert.equal(span.get(10), 1n);
  assert.equal(spanOf(toInput()).get(10), undefined);
});

test('a repeat is the same span, another delivery is not', () => {
  const input = toInput();

  assert.equal(hex(spanOf(input).get(2)), hex(spanOf({ ...input, nowMs: input.nowMs + 5_000 }).get(2)));
  assert.notEqual(hex(spanOf(input).get(2)), hex(spanOf({ ...input, deliveryId: 'other' }).get(2)));
});

test('a failure has the status of an error and its message', () => {
  const status = spanOf(toInput({ event: exampleEvent({ severity: 'error', message: 'boom \ud800' }) })).get(15);
  assert.ok(status instanceof Uint8Array);
  const fields = readMessage(status);

  assert.equal(Buffer.from((fields?.get(2) as Uint8Array | undefined) ?? []).toString('utf8'), 'boom \ufffd');
  assert.equal(fields?.get(3), 2n);
});

test('a failure without a message has the status alone', () => {
  const status = spanOf(toInput({ event: exampleEvent({ severity: 'error', message: '' }) })).get(15);

  assert.deepEqual(status, Buffer.from(enumField(3, 2)));
});

test('a span never ends before it starts', () => {
  const input = toInput();
  const fields = spanOf({ ...input, occurredAtMs: input.nowMs + 60_000 });

  assert.equal(hex(fields.get(7)), hex(fields.get(8)));
});

test('older messages that were not sent are an attribute', () => {
  const [request] = otel.render?.(toInput({ precededBy: 3 })) ?? [];

  assert.ok(Buffer.from((request?.body as Uint8Array | undefined) ?? []).includes('tocsin.earlier_messages'));
});

for (const { name, secret, want } of [
  { name: 'a token alone', secret: { token: 't' }, want: ['Bearer t'] },
  { name: 'user name and password alone', secret: { username: 'u', password: 'p' }, want: ['Basic dTpw'] },
  { name: 'user name, password and token', secret: { username: 'u', password: 'p', token: 't' }, want: ['Basic dTpw'] },
  { name: 'empty headers and a token', secret: { headers: '{}', token: 't' }, want: ['Bearer t'] },
  { name: 'a header of its own', secret: { headers: 'authorization: Own x', token: 't' }, want: ['Own x'] },
  { name: 'nothing', secret: {}, want: [] },
]) {
  test(`credentials: ${name}`, () => {
    const [request] = otel.render?.(toInput({ secret })) ?? [];

    const sent = request?.headers.filter(([header]) => header.toLowerCase() === 'authorization').map(([, value]) => value);
    assert.deepEqual(sent, want);
  });
}

for (const { address, want } of [
  { address: 'http://collector:4318', want: 'http://collector:4318/v1/traces' },
  { address: 'http://collector:4318/', want: 'http://collector:4318/' },
  { address: 'https://user:pass@collector/otlp/x?y=z#f', want: 'https://collector/otlp/x' },
  { address: 'grpc://collector:4317/x', want: 'http://collector:4317/x' },
  { address: 'http://[::1]:4318', want: 'http://[::1]:4318/v1/traces' },
]) {
  test(`the endpoint of ${address}`, () => {
    assert.equal(otel.render?.(toInput({ spec: { type: 'otel', address } }))[0]?.url, want);
  });
}

test('certificates need https', () => {
  const input = toInput();
  const withTls = (address: string) => ({ ...input, config: { ...input.config, address, hasTls: true } });

  assert.throws(() => otel.render?.(withTls('http://collector')), ConfigFault);
  assert.equal(otel.render?.(withTls('https://collector')).length, 1);
});

const PROTOBUF = { 'content-type': 'application/x-protobuf' };

for (const { name, body, headers, want } of [
  { name: 'all is well', body: new Uint8Array(), headers: PROTOBUF, want: undefined },
  { name: 'a warning', body: bytesField(1, textField(2, 'careful')), headers: PROTOBUF, want: undefined },
  {
    name: 'a span was refused',
    body: bytesField(1, message(enumField(1, 300), textField(2, 'too old'))),
    headers: PROTOBUF,
    want: { kind: 'rejected', reason: 'bad-request', message: 'the collector refused the span' },
  },
  { name: 'a cut answer', body: Uint8Array.of(0x0a, 0x7f), headers: PROTOBUF, want: undefined },
  { name: 'a number without an end', body: new Uint8Array(20).fill(0xff), headers: PROTOBUF, want: undefined },
  { name: 'JSON', body: Buffer.from('{}'), headers: { 'content-type': 'application/json' }, want: undefined },
]) {
  test(`an answer with 200: ${name}`, () => {
    const [request] = otel.render?.(toInput()) ?? [];
    assert.ok(request);

    assert.deepEqual(otel.interpret?.({ ...toResponse(200, '', headers), body }, request), want);
  });
}
