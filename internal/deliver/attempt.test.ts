import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDefinition, toLease, toResolved, toTarget } from '../../test/support/deliveries.ts';
import { createHarness, type HarnessOptions } from '../../test/support/engine.ts';
import { hang, toAnswer } from '../../test/support/scripted-transport.ts';
import { settleDown } from '../../test/support/until.ts';
import { type Lease, type Settlement, StoreError } from '../outbox/store.ts';
import { SecretUnavailable } from '../sdk/credentials.ts';
import { TransportError } from '../sdk/http.ts';
import type { Outcome } from '../sdk/outcome.ts';
import { ConfigFault, type ProviderDefinition, type RenderInput } from '../sdk/provider.ts';

const STATUS = { capabilities: { ...toDefinition().capabilities, accepts: ['commit-status' as const] }, lane: () => undefined };

function sending(send: NonNullable<ProviderDefinition['send']>): HarnessOptions {
  return { targets: [toTarget(toDefinition({ send }))] };
}

function failing(error: Error): HarnessOptions {
  return {
    script: () => {
      throw error;
    },
  };
}

/** Three requests in order. */
const renderThree: ProviderDefinition['render'] = ({ config }) =>
  ['one', 'two', 'three'].map((body) => ({ method: 'POST', url: config.address, headers: [], body }));

/** Sends as a vendor's client does that hides why it failed. */
const sendThroughClient: ProviderDefinition['send'] = async (context) => {
  const response = await context.fetch('https://api.example.com/x').catch(() => undefined);
  if (response === undefined) return { kind: 'rejected', reason: 'bad-request', message: 'client gave up' };
  return { kind: 'deferred', reason: 'rate-limited', message: 'slow down', until: { afterMs: 60_000 } };
};

/** Runs one lease and lets `advanceMs` pass once it is under way. */
async function run(
  options: HarnessOptions,
  lease: Lease = toLease('d'),
  advanceMs = 0,
): Promise<{ settlement: Settlement; logged: string[] }> {
  const { engine, outbox, clock, log } = createHarness(options);
  engine.start();
  outbox.offer(lease);
  await settleDown();
  clock.advance(advanceMs);
  await settleDown();
  await engine.drain(0);
  const [settlement] = outbox.settled;
  assert.ok(settlement !== undefined, 'nothing was settled');
  return { settlement, logged: [...log.lines()] };
}

function toText(outcome: Outcome): string {
  if (outcome.kind === 'delivered') return 'delivered';
  const until = outcome.kind !== 'deferred' ? '' : ` until ${outcome.until === 'target-change' ? outcome.until : outcome.until.afterMs}`;
  return `${outcome.kind} ${outcome.reason}${until}: ${outcome.message}`;
}

test('every way a try can end has its outcome', async () => {
  const cases: readonly { name: string; options: HarnessOptions; lease?: Lease; advanceMs?: number; want: string }[] = [
    { name: 'delivered', options: {}, want: 'delivered' },
    { name: 'target gone', options: { targets: [] }, want: 'deferred target-gone until target-change: apps/hook does not exist' },
    {
      name: 'suspended',
      options: { targets: [toTarget(toDefinition(), { suspended: true })] },
      want: 'deferred suspended until target-change: apps/hook is suspended',
    },
    { name: 'unknown type', options: { targets: [toTarget(null)] }, want: 'deferred config until target-change: unknown type "unknown"' },
    {
      name: 're-created target',
      options: {
        targets: [toTarget(toDefinition(), { ref: { dialect: 'flux', tenant: '', namespace: 'apps', name: 'hook', uid: 'other' } })],
      },
      want: 'delivered',
    },
    {
      name: 'faulty configuration',
      options: { resolve: () => Promise.reject(new ConfigFault('no key token')) },
      want: 'deferred config until target-change: no key token',
    },
    {
      name: 'secret not readable now',
      options: { resolve: () => Promise.reject(new SecretUnavailable('API down')) },
      want: 'deferred config until 30000: API down',
    },
    {
      name: 'secret never comes',
      options: { resolve: () => new Promise(() => {}) },
      advanceMs: 15_000,
      want: 'deferred config until 30000: secrets could not be read in time',
    },
    {
      name: 'render refuses',
      options: {
        targets: [
          toTarget(
            toDefinition({
              render: () => {
                throw new ConfigFault('bad channel');
              },
            }),
          ),
        ],
      },
      want: 'deferred config until target-change: bad channel',
    },
    {
      name: 'render has a bug',
      options: {
        targets: [
          toTarget(
            toDefinition({
              render: () => {
                throw new TypeError('x of undefined');
              },
            }),
          ),
        ],
      },
      want: 'retry bug: unexpected error: TypeError: x of undefined',
    },
    { name: 'network', options: failing(new TransportError('network', 'connection refused')), want: 'retry network: connection refused' },
    {
      name: 'egress',
      options: failing(new TransportError('egress', 'link-local')),
      want: 'deferred egress until target-change: link-local',
    },
    {
      name: 'bad address',
      options: failing(new TransportError('config', 'no scheme')),
      want: 'deferred config until target-change: no scheme',
    },
    { name: 'too large', options: failing(new TransportError('too-large', 'cap')), want: 'rejected too-large: cap' },
    {
      name: 'unsendable',
      options: failing(new TransportError('bad-request', 'redirect loop')),
      want: 'rejected bad-request: redirect loop',
    },
    {
      name: 'wrapped by a vendor client',
      options: sending(() => Promise.reject(new Error('HttpError', { cause: new TransportError('network', 'reset') }))),
      want: 'retry network: reset',
    },
    {
      name: 'memory not readable',
      options: sending(() => Promise.reject(new StoreError('io', 'disk'))),
      want: 'deferred bug until 10000: memory could not be read (io)',
    },
    { name: 'thrown text', options: sending(() => Promise.reject('boo')), want: 'retry bug: unexpected error: boo' },
    {
      name: 'time-out',
      options: { script: (_request, signal) => hang(signal) },
      advanceMs: 15_000,
      want: 'retry timeout: no answer within 15 s',
    },
    {
      name: 'send that never listens',
      options: sending(() => new Promise(() => {})),
      advanceMs: 15_000,
      want: 'retry timeout: no answer within 15 s',
    },
    {
      name: 'timeout longer than the lease',
      options: { ...sending(() => new Promise(() => {})), settings: { leaseMs: 10_000 } },
      advanceMs: 5000,
      want: 'retry timeout: no answer within 5 s',
    },
    {
      name: 'wait out of bounds',
      options: sending(async () => ({ kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: Number.NaN } })),
      want: 'deferred rate-limited until 1000: m',
    },
    {
      name: 'answer read by the provider',
      options: {
        targets: [toTarget(toDefinition({ interpret: () => ({ kind: 'rejected', reason: 'not-found', message: 'no channel' }) }))],
      },
      want: 'rejected not-found: no channel',
    },
    {
      name: 'status id fails',
      options: {
        targets: [toTarget(toDefinition(STATUS))],
        statusIdFor: () => {
          throw new Error('no such key: x');
        },
      },
      want: 'deferred config until target-change: failed to create commit status: no such key: x',
    },
  ];
  for (const { name, options, lease, advanceMs, want } of cases) {
    const { settlement } = await run(options, lease, advanceMs);

    assert.equal(toText(settlement.outcome), want, name);
    assert.equal(settlement.attempt.outcome, settlement.outcome.kind, name);
  }
});

test('a bug is logged as an error and an expected failure as a warning', async () => {
  const bug = await run(sending(() => Promise.reject(new TypeError('oops'))));
  const expected = await run(failing(new TransportError('network', 'refused')));

  assert.deepEqual(bug.logged, ['error Attempt failed through a bug']);
  assert.deepEqual(expected.logged, ['warn Attempt failed']);
});

test('a provider that returns nonsense harms only its own delivery', async () => {
  const nonsense = [undefined, null, 'delivered', {}, { kind: 'retry' }, { kind: 'delivered', remember: 'all' }];
  for (const returned of nonsense) {
    const { settlement, logged } = await run(sending(async () => returned as unknown as Outcome));

    assert.equal(settlement.outcome.kind, 'retry', JSON.stringify(returned));
    assert.equal(settlement.attempt.reason, 'bug', JSON.stringify(returned));
    assert.deepEqual(logged, ['error Attempt failed through a bug'], JSON.stringify(returned));
  }
});

test('memory of the lane is given up exactly when the other side may have acted', async () => {
  const cases = [
    { name: 'delivered', options: {}, want: undefined },
    { name: 'answered', options: { script: () => toAnswer(500) }, want: undefined },
    { name: 'network', options: failing(new TransportError('network', 'reset')), want: ['lane-of-hook'] },
    { name: 'bug while sending', options: sending(() => Promise.reject(new TypeError('oops'))), want: ['lane-of-hook'] },
    {
      name: 'bug before sending',
      options: {
        targets: [
          toTarget(
            toDefinition({
              render: () => {
                throw new TypeError('x');
              },
            }),
          ),
        ],
      },
      want: undefined,
    },
    { name: 'nothing sent', options: { targets: [] }, want: undefined },
  ];
  for (const { name, options, want } of cases) assert.deepEqual((await run(options)).settlement.forget, want, name);
});

test('the provider is told everything it may need', async () => {
  const inputs: RenderInput[] = [];
  const render = (input: RenderInput): [] => {
    inputs.push(input);
    return [];
  };
  const lease = toLease('d7', { precededBy: 3, metadata: { summary: 's' } });

  const plain = await run({ targets: [toTarget(toDefinition({ render }))] }, lease);
  await run({ targets: [toTarget(toDefinition({ render, ...STATUS }))] }, lease);
  await run({ targets: [toTarget(toDefinition({ render, ...STATUS }))] }, toLease('d8', { statusId: 'stored/id' }));

  assert.equal(plain.settlement.attempt.note, 'the provider had nothing to send');
  const [first, second, third] = inputs;
  assert.equal(first?.deliveryId, 'd7');
  assert.equal(first?.precededBy, 3);
  assert.deepEqual(first?.event.metadata, { summary: 's' });
  assert.deepEqual([first?.statusId, second?.statusId, third?.statusId], [undefined, 'status/id', 'stored/id']);
});

test('a status links to the page of its Provider, and a link that cannot be made waits for the Provider', async () => {
  const links: (string | undefined)[] = [];
  const render = (input: RenderInput): [] => {
    links.push(input.targetUrl);
    return [];
  };
  const targets = [toTarget(toDefinition({ render, ...STATUS }))];

  for (const link of ['https://console.example.com', '', undefined]) await run({ targets, targetUrlFor: () => link }, toLease('d9'));
  const { settlement } = await run(
    {
      targets,
      targetUrlFor: () => {
        throw new Error('no such key: console');
      },
    },
    toLease('d10'),
  );

  assert.deepEqual(links, ['https://console.example.com', undefined, undefined]);
  assert.equal(toText(settlement.outcome), 'deferred config until target-change: failed to create commit status: no such key: console');
});

for (const { name, refusal, attempts, first } of [
  { name: 'a failure', refusal: toAnswer(503), attempts: 1, first: 'retry' },
  {
    name: 'a wait that the vendor asked for, which costs no attempt',
    refusal: toAnswer(503, '', { 'retry-after': '1' }),
    attempts: 0,
    first: 'deferred',
  },
]) {
  test(`the requests that are done are not repeated after ${name}`, async () => {
    let isDown = true;
    const { engine, outbox, clock, transport } = createHarness({
      targets: [toTarget(toDefinition({ render: renderThree }))],
      script: ({ body }) => (body === 'two' && isDown ? refusal : toAnswer(200)),
    });
    engine.start();

    outbox.offer(toLease('d'));
    await settleDown();
    isDown = false;
    clock.advance(1_000);
    outbox.offer(toLease('d', { attempts }));
    await settleDown();
    await engine.drain(0);

    assert.deepEqual(
      transport.requests.map((request) => request.body),
      ['one', 'two', 'two', 'three'],
    );
    assert.deepEqual(
      outbox.settled.map((settlement) => settlement.outcome.kind),
      [first, 'delivered'],
    );
  });
}

test('a spent budget holds back everything with the same API and credential', async () => {
  const resolved = { mine: toResolved({ token: 'a' }), also: toResolved({ token: 'a' }), other: toResolved({ token: 'b' }) };
  const names = ['mine', 'also', 'other'] as const;
  let isLimited = true;
  const { engine, outbox, clock, transport } = createHarness({
    targets: names.map((name) => toTarget(toDefinition(), { name })),
    resolve: async (target) => resolved[target.ref.name as (typeof names)[number]],
    script: () => (isLimited ? toAnswer(429, '', { 'retry-after': '7200' }) : toAnswer(200)),
  });
  engine.start();
  const offer = async (id: string, provider: string): Promise<string> => {
    outbox.offer(toLease(id, { provider }));
    await settleDown();
    return toText(outbox.settled.at(-1)?.outcome ?? { kind: 'delivered' });
  };

  assert.equal(await offer('1', 'mine'), 'deferred rate-limited until 3600000: answered 429');
  isLimited = false;
  assert.equal(await offer('2', 'also'), 'deferred rate-limited until 3628750: the vendor asked to wait');
  assert.equal(await offer('3', 'other'), 'delivered');
  assert.equal(transport.requests.length, 2);
  // Half a minute after the reset even the youngest has had its turn.
  clock.advance(3_630_000);
  assert.equal(await offer('4', 'also'), 'delivered');
  await engine.drain(0);
});

test('a spent budget wins over what a vendor client makes of the refusal', async () => {
  const { engine, outbox } = createHarness({ ...sending(sendThroughClient), script: () => toAnswer(403) });
  engine.start();

  for (const id of ['1', '2']) {
    outbox.offer(toLease(id));
    await settleDown();
  }
  await engine.drain(0);

  assert.deepEqual(
    outbox.settled.map((settlement) => toText(settlement.outcome)),
    ['deferred rate-limited until 60000: slow down', 'deferred rate-limited until 89979: the vendor asked to wait'],
  );
});

test('what was learnt on the way is remembered although the delivery is put off', async () => {
  const fact = { scope: 'commit', key: 'statuses', value: 'read' };
  const { engine, outbox } = createHarness(
    sending(async (context) => {
      context.learn([fact]);
      return { kind: 'deferred', reason: 'rate-limited', message: 'later', until: { afterMs: 60_000 } };
    }),
  );
  engine.start();

  outbox.offer(toLease('1'));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(outbox.settled[0]?.remember, [fact]);
});

test('work is shared by Providers with the same credential only', async () => {
  const resolved = { mine: toResolved({ token: 'a' }), also: toResolved({ token: 'a' }), other: toResolved({ token: 'b' }) };
  const names = ['mine', 'also', 'other'] as const;
  let reads = 0;
  const send: ProviderDefinition['send'] = async (context) => ({
    kind: 'delivered',
    note: await context.shared('list', async () => `reading ${(reads += 1)}`),
  });
  const { engine, outbox } = createHarness({
    targets: names.map((name) => toTarget(toDefinition({ send }), { name })),
    resolve: async (target) => resolved[target.ref.name as (typeof names)[number]],
  });
  engine.start();

  outbox.offer(...names.map((provider, index) => toLease(String(index), { provider })));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(
    outbox.settled.map(({ outcome }) => (outcome.kind === 'delivered' ? outcome.note : '')),
    ['reading 1', 'reading 1', 'reading 2'],
  );
});

test('tokens are shared by Providers with the same credential only', async () => {
  const keys: string[] = [];
  const { engine, outbox } = createHarness({
    targets: ['a', 'b', 'c'].map((name) =>
      toTarget(
        toDefinition({
          send: async (context) => ({ kind: 'delivered', ref: await context.token('app', async () => ({ value: 't', expiresAtMs: 0 })) }),
        }),
        { name },
      ),
    ),
    resolve: async (target) => toResolved({ secret: { key: target.ref.name === 'c' ? 'other' : 'same' } }),
    tokens: async (key, acquire) => {
      keys.push(key);
      return (await acquire()).value;
    },
  });
  engine.start();
  for (const provider of ['a', 'b', 'c']) outbox.offer(toLease(provider, { provider }));
  await settleDown();
  await engine.drain(0);

  assert.equal(keys.length, 3);
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[0], keys[2]);
});

test('the record names scheme and host only and keeps a request body for failures only', async () => {
  const delivered = await run({ script: () => toAnswer(200, 'thanks') });
  const rejected = await run({ script: () => toAnswer(400, 'what?') });

  assert.deepEqual(delivered.settlement.attempt.exchanges, [
    { method: 'POST', origin: 'https://hooks.example.com', requestBytes: 68, status: 200, responseBody: 'thanks' },
  ]);
  const [exchange] = rejected.settlement.attempt.exchanges;
  assert.equal(exchange?.responseBody, 'what?');
  assert.match(exchange?.requestBody ?? '', /^Applied revision/);
});

test('a provider is told of the trace that the event belongs to', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const seen: (string | undefined)[] = [];
  const options: HarnessOptions = {
    targets: [
      toTarget(
        toDefinition({
          render: (input) => {
            seen.push(input.traceparent);
            return [];
          },
        }),
      ),
    ],
  };
  const lease = toLease('d');

  await run(options, { ...lease, event: { ...lease.event, traceparent } });
  await run(options, lease);

  assert.deepEqual(seen, [traceparent, undefined]);
});
