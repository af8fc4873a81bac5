// Providers are programs: what they return may be anything, and must never hold up the results of others.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toDefinition, toLease, toTarget } from '../../test/support/deliveries.ts';
import { createHarness } from '../../test/support/engine.ts';
import { aDelivery, anAppend, anEvent } from '../../test/support/outbox.ts';
import { World } from '../../test/support/outbox-suite/world.ts';
import { makeSqlitePlace } from '../../test/support/sqlite-place.ts';
import { settleDown, until } from '../../test/support/until.ts';
import type { Outcome } from '../sdk/outcome.ts';
import { toPlainOutcome } from './plain-outcome.ts';

function junk(value: unknown): Outcome {
  return value as Outcome;
}

describe('an outcome', () => {
  for (const { name, value, want } of [
    {
      name: 'loses what a client added',
      value: { kind: 'retry', reason: 'server', message: '500', cause: () => undefined, response: new Response() },
      want: { kind: 'retry', reason: 'server', message: '500' },
    },
    {
      name: 'keeps what it means',
      value: { kind: 'deferred', reason: 'config', message: 'm', until: 'target-change', retry: true },
      want: { kind: 'deferred', reason: 'config', message: 'm', until: 'target-change' },
    },
    {
      name: 'keeps its facts alone',
      value: { kind: 'delivered', ref: 'r', note: 'n', remember: [{ scope: 's', key: 'k', value: 'v', at: Symbol('at') }] },
      want: { kind: 'delivered', ref: 'r', note: 'n', remember: [{ scope: 's', key: 'k', value: 'v' }] },
    },
  ]) {
    it(name, () => assert.deepEqual(toPlainOutcome(junk(value)), want));
  }

  for (const { name, value } of [
    { name: 'nothing', value: undefined },
    { name: 'an unknown kind', value: { kind: 'maybe' } },
    { name: 'no reason', value: { kind: 'retry', message: 'm' } },
    { name: 'a reason of its own', value: { kind: 'rejected', reason: 'moon', message: 'm' } },
    { name: 'no message', value: { kind: 'rejected', reason: 'bug' } },
    { name: 'no time', value: { kind: 'deferred', reason: 'config', message: 'm' } },
    { name: 'a fact without a value', value: { kind: 'delivered', remember: [{ scope: 's', key: 'k' }] } },
  ]) {
    it(`is none with ${name}`, () => assert.throws(() => toPlainOutcome(junk(value)), TypeError));
  }
});

describe('the engine with providers that return anything', () => {
  const returned: readonly { readonly name: string; readonly value: unknown }[] = [
    { name: 'nothing', value: undefined },
    { name: 'no reason', value: { kind: 'retry', message: 'm' } },
    { name: 'functions', value: { kind: 'delivered', remember: [{ scope: 's', key: 'k', value: () => 'v' }] } },
    { name: 'strange numbers', value: { kind: 'retry', reason: 'server', message: 'm', afterMs: {} } },
    { name: 'no time', value: { kind: 'deferred', reason: 'config', message: 'm' } },
  ];

  it('stores the results of the others, and tries again what it cannot read', async () => {
    const world = await World.open(makeSqlitePlace);
    const broken = returned.map(({ name, value }) => toTarget(toDefinition({ send: async () => junk(value) }), { name }));
    const sound = toTarget(toDefinition({ send: async () => ({ kind: 'delivered' }) }), { name: 'sound' });
    const { engine, log, counted } = createHarness({ outbox: world.outbox, clock: world.clock, targets: [...broken, sound] });
    const { target } = toLease('x').delivery;
    const owed = [...broken, sound].map(({ ref: { name } }) =>
      anAppend(anEvent(name), [{ ...aDelivery({ lane: name }), target: { ...target, name } }]),
    );
    await world.outbox.append(owed);

    engine.start();
    const isTried = (): boolean => counted.filter((line) => / (retry|delivered) ?/.test(line)).length >= owed.length;
    await until(isTried, 'a stored result of each');

    assert.deepEqual(await world.states('sound'), ['delivered']);
    for (const { name } of returned) {
      const { state, reason, history } = await world.deliveryOf(name);
      assert.deepEqual([state, reason, history.length], ['waiting', 'bug', 1], name);
    }
    assert.deepEqual(
      log.lines().filter((line) => /cannot be stored|are lost/.test(line)),
      [],
    );
    await engine.drain(0);
    await settleDown();
    await world.dispose();
  });
});
