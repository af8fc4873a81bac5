import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { ZERO_TIME } from '../../internal/sdk/text/rfc3339.ts';
import { NOW_MS, toRenderInput } from '../../test/support/provider-run.ts';
import { toEnvelope } from './envelope.ts';

interface Payload {
  readonly environment?: string;
  readonly timestamp: string;
  readonly start_timestamp?: string;
  readonly spans?: readonly { readonly start_timestamp: string; readonly timestamp: string }[];
}

function payloadOf(options: Partial<Parameters<typeof toRenderInput>[0]>): Payload {
  const input = toRenderInput({ spec: { type: 'sentry' }, event: exampleEvent(), ...options });
  return JSON.parse(toEnvelope(input, 'https://k@h/1').split('\n')[2] ?? '') as Payload;
}

test('an event without a time happened now, and its span never', () => {
  const now = new Date(NOW_MS).toISOString().replace('.000Z', 'Z');

  const success = payloadOf({ event: exampleEvent({ timestamp: null }) });
  const failure = payloadOf({ event: exampleEvent({ timestamp: null, severity: 'error' }) });

  assert.equal(success.timestamp, now);
  assert.equal(success.start_timestamp, ZERO_TIME);
  assert.deepEqual(
    success.spans?.map((span) => [span.start_timestamp, span.timestamp]),
    [[ZERO_TIME, ZERO_TIME]],
  );
  assert.equal(failure.timestamp, now);
});

for (const { name, spec, environment, want } of [
  {
    name: 'the channel',
    spec: { type: 'sentry', channel: 'production' },
    environment: { SENTRY_ENVIRONMENT: 'staging' },
    want: 'production',
  },
  { name: 'the environment of the process', spec: { type: 'sentry' }, environment: { SENTRY_ENVIRONMENT: 'staging' }, want: 'staging' },
  { name: 'nothing', spec: { type: 'sentry' }, environment: {}, want: undefined },
]) {
  test(`${name} says under which environment events are shown`, () => {
    assert.equal(payloadOf({ spec, environment }).environment, want);
  });
}
