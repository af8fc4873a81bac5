// What a provider's own conversation is given beside HTTP: connections that end with the attempt, and tokens of an identity.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { toDefinition, toLease, toResolved, toTarget } from '../../test/support/deliveries.ts';
import { createHarness, type HarnessOptions } from '../../test/support/engine.ts';
import { createScriptedTransport, toAnswer } from '../../test/support/scripted-transport.ts';
import { settleDown } from '../../test/support/until.ts';
import type { Settlement } from '../outbox/store.ts';
import { TransportError } from '../sdk/http.ts';
import type { IdentityRequest } from '../sdk/identity.ts';
import type { ProviderDefinition } from '../sdk/provider.ts';

type SendFunction = NonNullable<ProviderDefinition['send']>;

/** Runs one delivery of a provider that sends so, and lets `advanceMs` pass while it is under way. */
async function run(send: SendFunction, options: HarnessOptions = {}, advanceMs = 0): Promise<Settlement> {
  const { engine, outbox, clock } = createHarness({ targets: [toTarget(toDefinition({ send }))], ...options });
  engine.start();
  outbox.offer(toLease('d'));
  await settleDown();
  clock.advance(advanceMs);
  await settleDown();
  await engine.drain(0);
  return outbox.settled[0] ?? assert.fail('nothing was settled');
}

function withLines(): { transport: ReturnType<typeof createScriptedTransport>; streams: PassThrough[] } {
  const streams: PassThrough[] = [];
  const openDial = () => async () => {
    const stream = new PassThrough();
    streams.push(stream);
    return { stream, startTls: async () => stream };
  };
  return { transport: { ...createScriptedTransport(() => toAnswer(204)), openDial }, streams };
}

const ENDS: readonly { name: string; send: SendFunction; advanceMs?: number; want: string }[] = [
  {
    name: 'is delivered',
    send: async (context) => {
      await context.dial({ host: 'a', port: 1 });
      await context.dial({ host: 'b', port: 2 });
      return { kind: 'delivered' };
    },
    want: 'delivered',
  },
  {
    name: 'throws',
    send: async (context) => {
      await context.dial({ host: 'a', port: 1 });
      throw new TransportError('network', 'reset');
    },
    want: 'retry',
  },
  {
    name: 'hangs',
    send: async (context) => {
      await context.dial({ host: 'a', port: 1 });
      return new Promise(() => {});
    },
    advanceMs: 15_000,
    want: 'retry',
  },
];

for (const { name, send, advanceMs, want } of ENDS) {
  test(`no connection outlives an attempt that ${name}`, async () => {
    const { transport, streams } = withLines();

    const { outcome } = await run(send, { transport }, advanceMs);

    assert.equal(outcome.kind, want);
    assert.ok(streams.length > 0 && streams.every((stream) => stream.destroyed));
  });
}

test('a conversation is told of the variables that types declare', async () => {
  const told: unknown[] = [];

  await run(
    async (context, input) => {
      told.push(context.environment, input.environment);
      return { kind: 'delivered' };
    },
    { environment: { EXAMPLE_URL: 'https://example.com' } },
  );

  const variables = { EXAMPLE_URL: 'https://example.com' };
  assert.deepEqual(told, [variables, variables]);
});

test('a token of an identity is asked for the Provider that is sent to, and cached under the key of its source', async () => {
  const asked: IdentityRequest[] = [];
  const keys: string[] = [];
  let given = '';

  const { outcome } = await run(
    async (context) => {
      given = await context.identity({ cloud: 'azure', scopes: ['s'] });
      return { kind: 'delivered' };
    },
    {
      resolve: async () => toResolved({ serviceAccountName: 'flux' }),
      identity: {
        keyOf: () => 'whose',
        acquire: async (request) => {
          asked.push(request);
          return { value: 'token', expiresAtMs: 1 };
        },
      },
      tokens: async (key, acquire) => {
        keys.push(key);
        return (await acquire()).value;
      },
    },
  );

  assert.equal(outcome.kind, 'delivered');
  assert.equal(given, 'token');
  assert.deepEqual(asked, [{ cloud: 'azure', scopes: ['s'], namespace: 'apps', serviceAccountName: 'flux' }]);
  assert.deepEqual(keys, ['identity whose']);
});

test('without anything that proves an identity a Provider without a token waits for one', async () => {
  const { outcome } = await run(async (context) => {
    await context.identity({ cloud: 'gcp', scopes: [] });
    return { kind: 'delivered' };
  });

  assert.deepEqual(outcome, {
    kind: 'deferred',
    reason: 'config',
    message: 'there is no token in the Secret, and workload identity is not set up',
    until: 'target-change',
  });
});
