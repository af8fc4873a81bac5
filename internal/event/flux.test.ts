import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeFluxBody } from './flux-decode.ts';
import { encodeFluxEvent } from './flux-encode.ts';
import { projectFlux, toEvent } from './flux.ts';
import type { Event } from './event.ts';

function eventOf(body: string | Uint8Array): Event {
  const event = toEvent({ body, nowMs: 1_700_000_000_000, random: () => 0.5, windowMs: 300_000, origin: 'http' });
  assert.ok(!('invalid' in event), 'invalid' in event ? event.invalid : '');
  return event;
}

/** What a receiver would get, without the fields that are empty. */
function roundTrip(body: string | Uint8Array): unknown {
  return JSON.parse(encodeFluxEvent(eventOf(body).flux));
}

const SIGNED =
  '{"involvedObject":{"kind":"GitRepository","namespace":"gitops-system","name":"webapp"},"severity":"info","timestamp":"2022-09-30T06:40:29Z","message":"message","reason":"reason","metadata":{"test":"metadata"},"reportingController":"source-controller","reportingInstance":"source-controller-xyz"}';

test('the encoded event has the signature that receivers of the reference know', () => {
  const decoded = decodeFluxBody(SIGNED);
  assert.ok(!('invalid' in decoded));
  const body = encodeFluxEvent({ ...decoded, timestamp: decoded.timestamp?.text ?? null });

  assert.equal(body, SIGNED);
  assert.equal(
    createHmac('sha256', '7152fed34dd6149a7c75a276c510da27cb6f82b0').update(body).digest('hex'),
    '65b018549b1254e7226d1c08f9567ee45bc9de0fc4e7b1a40253f9a018b08be7',
  );
});

test('the encoded event leaves out what is empty and escapes as Go does', () => {
  assert.equal(
    encodeFluxEvent(projectFlux('null')),
    '{"involvedObject":{},"severity":"","timestamp":null,"message":"","reason":"","reportingController":""}',
  );
  assert.equal(
    encodeFluxEvent(
      projectFlux(
        '{"involvedObject":{"fieldPath":"f","resourceVersion":"1","apiVersion":"v1","uid":"u","name":"n"},"message":"<&>\\u2028","metadata":{"/\\ud83d\\ude00":"b","/\\uffff":"a","/10":"","/9":""}}',
      ),
    ),
    '{"involvedObject":{"name":"n","uid":"u","apiVersion":"v1","resourceVersion":"1","fieldPath":"f"},"severity":"","timestamp":null,"message":"\\u003c\\u0026\\u003e\\u2028","reason":"","metadata":{"/10":"","/9":"","/\uFFFF":"a","/😀":"b"},"reportingController":""}',
  );
});

const BLANK = { involvedObject: {}, severity: '', timestamp: null, message: '', reason: '', reportingController: '' };

test('bodies are read with the leniency of Go', () => {
  const cases: { name: string; in: string; want: object }[] = [
    { name: 'null is the empty event', in: 'null', want: {} },
    { name: 'empty object', in: ' {}\n', want: {} },
    { name: 'unknown fields', in: '{"foo":{"bar":[1,{"a":"b"}]},"severity":"info"}', want: { severity: 'info' } },
    { name: 'any severity', in: '{"severity":"weird"}', want: { severity: 'weird' } },
    { name: 'repeated key', in: '{"message":"first","message":"second"}', want: { message: 'second' } },
    { name: 'another case, later', in: '{"message":"first","MESSAGE":"second"}', want: { message: 'second' } },
    { name: 'another case, earlier', in: '{"MESSAGE":"first","message":"second"}', want: { message: 'second' } },
    {
      name: 'folded names',
      in: '{"me\u017F\u017Fage":"m","INVOLVEDOBJECT":{"\u212Aind":"K","NAME":"n"}}',
      want: { message: 'm', involvedObject: { kind: 'K', name: 'n' } },
    },
    { name: 'escaped name', in: '{"\\u006dessage":"m"}', want: { message: 'm' } },
    { name: 'null leaves a text alone', in: '{"reason":null,"message":"m","message":null}', want: { message: 'm' } },
    {
      name: 'null leaves the object alone',
      in: '{"involvedObject":{"kind":"K"},"involvedObject":null}',
      want: { involvedObject: { kind: 'K' } },
    },
    { name: 'null clears the time', in: '{"timestamp":"2026-01-02T03:04:05Z","timestamp":null}', want: {} },
    { name: 'null clears metadata', in: '{"metadata":{"/a":"1"},"metadata":null}', want: {} },
    {
      name: 'null in metadata',
      in: '{"metadata":{"event.toolkit.fluxcd.io/a":null}}',
      want: { metadata: { 'event.toolkit.fluxcd.io/a': '' } },
    },
    {
      name: 'repeated metadata is merged',
      in: '{"metadata":{"/a":"1","/b":"1"},"metadata":{"/b":"2"}}',
      want: { metadata: { '/a': '1', '/b': '2' } },
    },
    {
      name: 'repeated objects are merged',
      in: '{"involvedObject":{"kind":"K","name":"n","uid":"u"},"involvedObject":{"name":"second"}}',
      want: { involvedObject: { kind: 'K', name: 'second', uid: 'u' } },
    },
    { name: 'fieldPath', in: '{"involvedObject":{"fieldPath":"spec.x"}}', want: { involvedObject: { fieldPath: 'spec.x' } } },
    { name: 'escapes', in: '{"reason":"\\u00e9\\ud83d\\ude80\\/\\b"}', want: { reason: 'é🚀/\b' } },
    { name: 'half a pair', in: '{"reason":"a\\ud800b"}', want: { reason: 'a\uFFFDb' } },
    { name: 'half a pair before a pair', in: '{"reason":"\\ud83d\\ud83d\\ude80"}', want: { reason: '\uFFFD🚀' } },
    { name: 'NUL', in: '{"reason":"a\\u0000b"}', want: { reason: 'a\u0000b' } },
    { name: 'zero time', in: '{"timestamp":"0001-01-01T00:00:00Z"}', want: {} },
    { name: 'offset', in: '{"timestamp":"2026-01-02T03:04:05-07:30"}', want: { timestamp: '2026-01-02T10:34:05Z' } },
    { name: 'prototype keys', in: '{"__proto__":{"severity":"x"},"constructor":1,"involvedObject":{"__proto__":"y"}}', want: {} },
  ];
  for (const { name, in: body, want } of cases) assert.deepEqual(roundTrip(body), { ...BLANK, ...want }, name);
});

test('what is no event is refused with a reason', () => {
  const cases: { name: string; in: string; want: RegExp }[] = [
    { name: 'empty', in: '', want: /not one JSON value/ },
    { name: 'blank', in: '  \n', want: /not one JSON value/ },
    { name: 'text', in: 'hello', want: /not one JSON value/ },
    { name: 'truncated', in: '{"message":"x"', want: /not one JSON value/ },
    { name: 'trailing data', in: '{}x', want: /not one JSON value/ },
    { name: 'byte order mark', in: '\uFEFF{}', want: /not one JSON value/ },
    { name: 'control character', in: '{"reason":"a\tb"}', want: /not one JSON value/ },
    { name: 'array', in: '[{}]', want: /must be a JSON object/ },
    { name: 'number', in: '42', want: /must be a JSON object/ },
    { name: 'boolean', in: 'false', want: /must be a JSON object/ },
    { name: 'text value', in: '"x"', want: /must be a JSON object/ },
    { name: 'severity', in: '{"severity":"info","severity":true}', want: /severity must be a string/ },
    { name: 'a wrong type that a later one would hide', in: '{"message":1,"message":"m"}', want: /message must be a string/ },
    { name: 'a wrong type under another spelling', in: '{"MESSAGE":[],"message":"m"}', want: /message must be a string/ },
    { name: 'object', in: '{"involvedObject":"x"}', want: /involvedObject must be an object/ },
    { name: 'object as list', in: '{"involvedObject":[]}', want: /involvedObject must be an object/ },
    { name: 'uid', in: '{"involvedObject":{"uid":1}}', want: /involvedObject\.uid must be a string/ },
    { name: 'metadata as list', in: '{"metadata":[]}', want: /metadata must be an object/ },
    { name: 'number in metadata', in: '{"metadata":{"a":1}}', want: /metadata must be strings/ },
    { name: 'object in metadata', in: '{"metadata":{"a":{}}}', want: /metadata must be strings/ },
    { name: 'hidden number in metadata', in: '{"metadata":{"a":1,"a":"1"}}', want: /metadata must be strings/ },
    { name: 'timestamp number', in: '{"timestamp":12345}', want: /timestamp must be/ },
    { name: 'timestamp text', in: '{"timestamp":"yesterday"}', want: /timestamp must be/ },
    { name: 'hidden timestamp', in: '{"timestamp":"","timestamp":null}', want: /timestamp must be/ },
    { name: 'deep', in: `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, want: /not one JSON value/ },
  ];
  for (const { name, in: body, want } of cases) {
    const event = toEvent({ body, nowMs: 0, windowMs: 0, origin: 'http' });
    assert.match('invalid' in event ? event.invalid : 'accepted', want, name);
    assert.throws(() => projectFlux(body), TypeError, name);
  }
});

test('a refusal never quotes the body', () => {
  for (const body of ['{"metadata":{"canary":1}}', '{"canary', '{"severity":{"canary":"canary"}}', '{"timestamp":"canary"}', '"canary"']) {
    const event = toEvent({ body, nowMs: 0, windowMs: 0, origin: 'http' });
    assert.ok('invalid' in event && !event.invalid.includes('canary'), body);
  }
});

test('the envelope carries what the core needs', () => {
  const body =
    '{"involvedObject":{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","namespace":"apps","name":"webapp"},"timestamp":"2026-01-02T03:04:05.678Z","message":"m","metadata":{"kustomize.toolkit.fluxcd.io/token":"t","kustomize.toolkit.fluxcd.io/revision":"r"}}';

  const event = toEvent({ body, nowMs: 1, random: () => 0, windowMs: 0, origin: 'http', cluster: 'east' });

  assert.ok(!('invalid' in event));
  assert.equal(event.id, '00000000-0001-7000-8000-000000000000');
  assert.deepEqual([event.dialect, event.tenant, event.cluster, event.origin], ['flux', '', 'east', 'http']);
  assert.deepEqual(event.subject, event.flux.involvedObject);
  assert.equal(event.occurredAtMs, Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  assert.equal(event.dedup?.windowMs, 1000);
  assert.equal(event.body, body);
  assert.deepEqual({ ...event.flux.metadata }, { 'kustomize.toolkit.fluxcd.io/revision': 'r' });
  assert.deepEqual(projectFlux(event.body), event.flux);
});

function withToken(token: string): string {
  return `{"involvedObject":{"apiVersion":"g/v1"},"metadata":{"g/token":"${token}"}}`;
}

test('the token makes events differ although nobody gets to see it', () => {
  assert.notEqual(eventOf(withToken('a')).dedup?.key, eventOf(withToken('b')).dedup?.key);
  assert.deepEqual(eventOf(withToken('a')).flux, eventOf(withToken('b')).flux);
});

test('bytes that are not UTF-8 are replaced, and what is kept stays readable', () => {
  const body = Buffer.concat([Buffer.from('{"message":"a'), Buffer.from([0xe2, 0x82]), Buffer.from('b"}')]);

  const event = eventOf(body);

  assert.equal(event.flux.message, 'a\uFFFD\uFFFDb');
  assert.deepEqual(projectFlux(event.body), event.flux);
});

test('10,000 metadata keys and 3 MiB of message are no trouble', () => {
  const metadata = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`event.toolkit.fluxcd.io/${index}`, '<']));
  const message = '🚀<'.repeat(500_000);

  const event = eventOf(JSON.stringify({ metadata, message }));

  assert.equal(Object.keys(event.flux.metadata).length, 10_000);
  assert.equal(event.flux.message, message);
  assert.deepEqual(JSON.parse(encodeFluxEvent(event.flux)), { ...BLANK, metadata, message });
});

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      toEvent({ body: bytes, nowMs: 0, windowMs: 0, origin: 'http' });
    }),
  );
});

test('random JSON never throws', () => {
  const names = ['involvedObject', 'METADATA', 'metadata', 'timestamp', 'message', 'severity', 'kind', '__proto__', 'toString'];
  const key = fc.oneof(fc.constantFrom(...names), fc.string());
  const value = fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue()));
  fc.assert(
    fc.property(fc.dictionary(key, value), (body) => {
      toEvent({ body: JSON.stringify(body), nowMs: 0, windowMs: 0, origin: 'http' });
    }),
  );
});

test('an accepted event reads the same from its kept body and from its encoded form', () => {
  const text = fc.string({ unit: 'binary' });
  const metadata = fc.dictionary(
    text.map((rest) => `event.toolkit.fluxcd.io/${rest}`),
    fc.option(text),
  );
  const record = fc.record(
    {
      involvedObject: fc.record({ kind: text, name: text, namespace: text, apiVersion: text }),
      severity: text,
      message: text,
      reason: text,
      metadata,
      reportingInstance: text,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(record, (body) => {
      const event = eventOf(JSON.stringify(body));
      assert.deepEqual(projectFlux(event.body), event.flux);
      assert.deepEqual(projectFlux(encodeFluxEvent(event.flux)), event.flux);
    }),
  );
});
