import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { ProviderDefinition } from '../../internal/sdk/provider.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import genericHmac from './generic-hmac.provider.ts';
import generic from './generic.provider.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function traceOf({ type, render }: ProviderDefinition, traceparent?: string, headers = 'X-Team: platform'): string | undefined {
  const secret = { token: 'key', headers };
  const input = toRenderInput({ spec: { type, address: 'https://hooks.example.com' }, secret, event: exampleEvent() });
  const [request] = render?.({ ...input, ...(traceparent === undefined ? {} : { traceparent }) }) ?? [];
  return request?.headers.find(([name]) => name.toLowerCase() === 'traceparent')?.[1];
}

for (const definition of [generic, genericHmac]) {
  test(`${definition.type} passes the trace of the event on, unless the Secret has one`, () => {
    assert.equal(traceOf(definition, TRACEPARENT), TRACEPARENT);
    assert.equal(traceOf(definition), undefined);
    assert.equal(traceOf(definition, TRACEPARENT, 'traceparent: other'), 'other');
  });
}

test('a key that is no text signs with its bytes', () => {
  const tokenBytes = Uint8Array.of(0xff, 0x00, 0x80, 0x0a);
  const input = toRenderInput({ spec: { type: 'generic-hmac', address: 'https://hooks.example.com' }, event: exampleEvent() });

  const [request] = genericHmac.render?.({ ...input, config: { ...input.config, token: '\ufffd\0\ufffd\n', tokenBytes } }) ?? [];

  const want = createHmac('sha256', tokenBytes)
    .update(request?.body ?? '')
    .digest('hex');
  assert.deepEqual(request?.headers.at(-1), ['X-Signature', `sha256=${want}`]);
});
