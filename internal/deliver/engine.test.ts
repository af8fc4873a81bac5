import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDefinition, toLease, toTarget } from '../../test/support/deliveries.ts';
import { createHarness } from '../../test/support/engine.ts';
import { hang, toAnswer } from '../../test/support/scripted-transport.ts';
import { settleDown } from '../../test/support/until.ts';
import { StoreError } from '../outbox/store.ts';
import type { HttpResponse } from '../sdk/http.ts';

function fail(): never {
  throw new Error('metrics');
}

test('keeps one standing lease request and never runs more than its limit', async () => {
  const answers: ((response: HttpResponse) => void)[] = [];
  const { engine, outbox, transport } = createHarness({
    settings: { maxInFlight: 3 },
    script: () => new Promise((resolve) => answers.push(resolve)),
  });
  engine.start();
  engine.start();
  outbox.offer(...['1', '2', '3', '4', '5'].map((id) => toLease(id)));
  await settleDown();

  assert.equal(engine.inFlight(), 3);
  assert.equal(transport.requests.length, 3);
  for (const answer of answers.splice(0)) answer(toAnswer(204));
  await settleDown();
  assert.equal(transport.requests.length, 5);
  for (const answer of answers.splice(0)) answer(toAnswer(204));
  await settleDown();

  assert.equal(outbox.settled.length, 5);
  assert.equal(engine.inFlight(), 0);
  assert.ok(outbox.requests.every((request) => request.limit <= 3 && request.owner === 'test'));
  await engine.drain(0);
});

test('leases nothing more while what is being sent takes too much memory', async () => {
  const answers: ((response: HttpResponse) => void)[] = [];
  const { engine, outbox } = createHarness({
    settings: { maxInFlightChars: 3, leaseBatch: 1 },
    script: () => new Promise((resolve) => answers.push(resolve)),
  });
  engine.start();
  outbox.offer(...['1', '2', '3'].map((id) => toLease(id)));
  await settleDown();
  assert.equal(engine.inFlight(), 2, 'each event has two characters');

  answers[0]?.(toAnswer(204));
  await settleDown();
  assert.equal(outbox.settled.length, 1);
  assert.equal(answers.length, 3);

  for (const answer of answers) answer(toAnswer(204));
  await settleDown();
  await engine.drain(0);
});

test('settles all results of a tick in one call', async () => {
  const { engine, outbox } = createHarness();
  engine.start();
  outbox.offer(...Array.from({ length: 50 }, (_, number) => toLease(String(number))));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(outbox.batches, [50]);
});

test('draining waits for what is being sent, and leases nothing more', async () => {
  const answers: ((response: HttpResponse) => void)[] = [];
  const { engine, outbox } = createHarness({ script: () => new Promise((resolve) => answers.push(resolve)) });
  engine.start();
  outbox.offer(toLease('1'));
  await settleDown();

  const drained = engine.drain(8000);
  outbox.offer(toLease('2'));
  await settleDown();
  answers[0]?.(toAnswer(204));
  await drained;

  assert.deepEqual(
    outbox.settled.map(({ deliveryId, outcome }) => `${deliveryId} ${outcome.kind}`),
    ['1 delivered'],
  );
});

test('draining aborts what outlives the grace period and says that it may have arrived', async () => {
  const { engine, outbox, clock, log, notices } = createHarness({ script: (_request, signal) => hang(signal) });
  engine.start();
  outbox.offer(toLease('1'));
  await settleDown();

  const drained = engine.drain(8000);
  await settleDown();
  clock.advance(7999);
  await settleDown();
  assert.equal(outbox.settled.length, 0);
  clock.advance(1);
  await settleDown();
  await drained;

  const [settlement] = outbox.settled;
  assert.equal(settlement?.attempt.outcome, 'aborted');
  assert.deepEqual(settlement?.outcome, { kind: 'retry', reason: 'network', message: 'aborted by shutdown' });
  assert.deepEqual(settlement?.forget, ['lane-of-hook']);
  assert.deepEqual(notices, []);
  assert.deepEqual(log.lines(), ['warn Attempts are cut short by shutdown', 'info Attempt was cut short by shutdown']);
});

test('draining gives back what was leased but not sent', async () => {
  const { engine, outbox, clock } = createHarness({ resolve: () => new Promise(() => {}) });
  engine.start();
  outbox.offer(toLease('1'));
  await settleDown();

  const drained = engine.drain(100);
  await settleDown();
  clock.advance(100);
  await settleDown();
  await drained;

  assert.deepEqual(outbox.released, ['1']);
  assert.deepEqual(outbox.settled, []);
});

test('draining ends although the store takes nothing any more', async () => {
  const { engine, outbox, clock, log } = createHarness();
  engine.start();
  outbox.settleError = new StoreError('full', 'disk full');
  outbox.offer(toLease('1'));
  await settleDown();

  const drained = engine.drain(8000);
  await settleDown();
  clock.advance(8000);
  await settleDown();
  clock.advance(1000);
  await drained;

  assert.deepEqual(log.lines(), ['error Results cannot be stored, sending stops', 'error Results could not be stored before shutdown']);
});

test('sending stops while results cannot be stored, and goes on afterwards', async () => {
  const { engine, outbox, clock, log, transport } = createHarness();
  engine.start();
  outbox.settleError = new StoreError('full', 'disk full');
  outbox.offer(toLease('1'));
  await settleDown();

  outbox.offer(toLease('2'));
  await settleDown();
  assert.equal(transport.requests.length, 1, 'nothing is sent that could not be recorded');
  assert.deepEqual(outbox.released, ['2'], 'what the standing request brought is given back');

  for (let round = 0; round < 20; round++) {
    clock.advance(60_000);
    await settleDown();
  }
  outbox.settleError = undefined;
  clock.advance(60_000);
  await settleDown();
  outbox.offer(toLease('3'));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(
    outbox.settled.map(({ deliveryId }) => deliveryId),
    ['1', '3'],
  );
  assert.deepEqual(log.lines(), ['error Results cannot be stored, sending stops', 'info The store takes results again']);
});

test('results that wait for the store count against a limit of their own', async () => {
  const { engine, outbox, transport } = createHarness({ settings: { maxUnsettled: 2 } });
  const settle = outbox.settle.bind(outbox);
  const writes: (() => void)[] = [];
  outbox.settle = async (entries) => {
    await new Promise<void>((resolve) => writes.push(resolve));
    return settle(entries);
  };
  engine.start();
  outbox.offer(...['1', '2', '3', '4', '5'].map((id) => toLease(id)));
  await settleDown();
  assert.equal(transport.requests.length, 2);

  while (outbox.settled.length < 5) {
    for (const write of writes.splice(0)) write();
    await settleDown();
  }
  await engine.drain(0);
});

test('one result that the store cannot take does not hold up the others', async () => {
  const { engine, outbox, log } = createHarness();
  const settle = outbox.settle.bind(outbox);
  outbox.settle = (entries) => {
    if (entries.some(({ deliveryId }) => deliveryId === 'poison')) return Promise.reject(new TypeError('cannot encode'));
    return settle(entries);
  };
  engine.start();
  outbox.offer(toLease('1'), toLease('poison'), toLease('2'));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(
    outbox.settled.map(({ deliveryId }) => deliveryId),
    ['1', '2'],
  );
  assert.deepEqual(log.lines(), ['error Results are lost, their deliveries will be tried again']);
});

test('a store that cannot lease is asked again with back-off', async () => {
  const { engine, outbox, clock, log } = createHarness();
  outbox.leaseError = new StoreError('io', 'disk');
  engine.start();
  await settleDown();
  for (let round = 0; round < 5; round++) {
    clock.advance(1000);
    await settleDown();
  }
  assert.ok(outbox.requests.length >= 3 && outbox.requests.length <= 6, `${outbox.requests.length} requests in 5 s`);

  outbox.leaseError = undefined;
  outbox.offer(toLease('1'));
  engine.wake();
  await settleDown();
  await engine.drain(0);

  assert.equal(outbox.settled.length, 1);
  assert.deepEqual(log.lines(), ['error Deliveries cannot be leased', 'info Deliveries can be leased again']);
});

test('a lost lease is logged once and has no other effect', async () => {
  const { engine, outbox, log, notices, counted } = createHarness({ script: () => toAnswer(400) });
  outbox.results.set('1', { result: 'fenced', state: 'leased' });
  outbox.results.set('2', { result: 'fenced', state: 'cancelled' });
  engine.start();
  outbox.offer(toLease('1'), toLease('2'));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(log.lines(), ['warn Lease was lost before the result was stored', 'info Delivery was cancelled while it was sent']);
  assert.deepEqual([notices, counted], [[], []]);
});

test('the same cause for the same Target is logged once, then counted, and recovery says how often', async () => {
  let status = 500;
  const { engine, outbox, log } = createHarness({
    script: () => toAnswer(status),
    targets: ['hook', 'other'].map((name) => toTarget(toDefinition(), { name })),
  });
  engine.start();
  const deliver = async (...providers: string[]): Promise<void> => {
    for (const provider of providers) {
      outbox.offer(toLease(`${outbox.settled.length}`, { provider }));
      await settleDown();
    }
  };
  await deliver('hook', 'hook', 'hook', 'other');
  status = 403;
  await deliver('hook');
  status = 200;
  await deliver('hook', 'hook');
  await engine.drain(0);

  assert.deepEqual(
    log.entries.filter(({ level }) => level !== 'debug').map(({ message, fields }) => [message, fields['provider'], fields['failures']]),
    [
      ['Attempt failed', 'apps/hook', undefined],
      ['Attempt failed', 'apps/other', undefined],
      ['Attempt failed', 'apps/hook', undefined],
      ['Delivered again after failures', 'apps/hook', 4],
    ],
  );
});

test('people are told at the first failure and at the end, once each', async () => {
  const cases = [
    { name: 'first failure', status: 500, lease: toLease('1'), want: ['first-attempt server'] },
    { name: 'later failure', status: 500, lease: toLease('1', { attempts: 1 }), want: [] },
    { name: 'later deferral', status: 403, lease: toLease('1', { reason: 'auth' }), want: [] },
    { name: 'refused at once', status: 400, lease: toLease('1'), want: ['ended bad-request'] },
    { name: 'given up', status: 400, lease: toLease('1', { attempts: 3 }), want: ['ended bad-request'] },
    { name: 'delivered', status: 200, lease: toLease('1'), want: [] },
  ];
  for (const { name, status, lease, want } of cases) {
    const { engine, outbox, notices } = createHarness({ script: () => toAnswer(status) });
    engine.start();
    outbox.offer(lease);
    await settleDown();
    await engine.drain(0);

    assert.deepEqual(notices, want, name);
  }
});

test('suspending a Provider is no failure to tell anybody about', async () => {
  const { engine, outbox, notices, log } = createHarness({ targets: [toTarget(toDefinition(), { suspended: true })] });
  engine.start();
  outbox.offer(toLease('1'));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(notices, []);
  assert.deepEqual(log.lines(), ['info Delivery waits for its Provider to be resumed']);
});

test('a listener that throws harms nobody', async () => {
  const { engine, outbox, log } = createHarness({
    script: () => toAnswer(500),
    onFailure: () => {
      throw new Error('listener');
    },
  });
  engine.start();
  outbox.offer(toLease('1'), toLease('2'));
  await settleDown();
  await engine.drain(0);

  assert.equal(outbox.settled.length, 2);
  assert.ok(log.lines().includes('error Failure notice could not be given'));
});

test('a result that cannot be reported is stored once all the same', async () => {
  const { engine, outbox, log } = createHarness({ metrics: { attempted: fail, ended: fail, breaker: fail } });
  engine.start();
  outbox.offer(toLease('1'), toLease('2'));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(outbox.batches, [2]);
  assert.deepEqual(log.lines(), ['error A stored result could not be reported', 'error A stored result could not be reported']);
});

test('attempts, ends and breakers are counted by type', async () => {
  const { engine, outbox, counted, log } = createHarness();
  outbox.results.set('2', { state: 'waiting', breaker: 'opened' });
  outbox.results.set('3', { breaker: 'recovered' });
  engine.start();
  outbox.offer(toLease('1'), toLease('2'), toLease('3'));
  await settleDown();
  await engine.drain(0);

  assert.deepEqual(counted, [
    'test-hook delivered',
    'test-hook delivered',
    'test-hook delivered',
    'test-hook breaker opened',
    'test-hook delivered',
    'test-hook delivered',
    'test-hook breaker recovered',
  ]);
  assert.deepEqual(log.lines(), ['warn Provider is paused after repeated failures', 'info Provider has recovered']);
});

test('sends no more to one Target at a time than it takes, and gives back what was leased ahead of one that is down', async () => {
  const answers: ((response: HttpResponse) => void)[] = [];
  const definition = toDefinition({ capabilities: { ...toDefinition().capabilities, concurrency: 2 } });
  const { engine, outbox, transport } = createHarness({
    targets: [toTarget(definition)],
    script: () => new Promise((resolve) => answers.push(resolve)),
  });
  engine.start();
  outbox.offer(...['1', '2', '3', '4', '5'].map((id) => toLease(id)));
  await settleDown();
  assert.equal(transport.requests.length, 2);

  answers.shift()?.(toAnswer(204));
  await settleDown();
  assert.equal(transport.requests.length, 3);

  outbox.results.set('2', { state: 'waiting', dueAtMs: 1, breaker: 'opened' });
  answers.shift()?.(toAnswer(500));
  await settleDown();

  assert.deepEqual(outbox.released, ['5']);
  for (const answer of answers) answer(toAnswer(500));
  await settleDown();
  assert.equal(transport.requests.length, 4);
  await engine.drain(0);
});
