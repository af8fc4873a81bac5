import assert from 'node:assert/strict';
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
