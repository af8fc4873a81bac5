// The engine on the real store, with Targets that do their worst; only time is moved by hand.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { toDefinition, toTarget } from '../../test/support/deliveries.ts';
import { createHarness, type Harness, type HarnessOptions } from '../../test/support/engine.ts';
import { aDelivery, anAppend, anEvent } from '../../test/support/outbox.ts';
import { World } from '../../test/support/outbox-suite/world.ts';
import { makeSqlitePlace } from '../../test/support/sqlite-place.ts';
import { createRedactor } from '../../test/support/plain-redactor.ts';
import { settleDown, until } from '../../test/support/until.ts';
import { createTokenCache } from '../credentials/token-cache.ts';
import type { Outcome } from '../sdk/outcome.ts';
import type { ProviderDefinition } from '../sdk/provider.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const MANY = 2_000;
const SOME = 300;
const CONCURRENCY = 8;
const ROOM = 256;
const HANGING = 64;
const DELIVERED: Outcome = { kind: 'delivered' };
const REFUSED: Outcome = { kind: 'deferred', reason: 'auth', message: 'HTTP 401', until: 'target-change' };

type Send = NonNullable<ProviderDefinition['send']>;

describe('the engine with the worst of Targets', () => {
  let world: World;
  let harness: Harness;
  beforeEach(async () => {
    world = await World.open(makeSqlitePlace);
  });
  afterEach(async () => {
    await Promise.all([harness.engine.drain(0), passSoon(2_000)]);
    await world.dispose();
  });

  async function passSoon(ms: number): Promise<void> {
    await settleDown();
    world.clock.advance(ms);
    await settleDown();
    world.clock.advance(ms);
  }

  function start(sends: Readonly<Record<string, Send>>, options: HarnessOptions = {}): void {
    const targets = Object.entries(sends).map(([name, send]) => toTarget(toDefinition({ send }), { name }));
    harness = createHarness({ outbox: world.outbox, clock: world.clock, targets, ...options });
    harness.engine.start();
  }

  async function owe(target: string, ids: readonly string[]): Promise<void> {
    const ref = { ...toTarget(null, { name: target }).ref };
    await world.outbox.append(ids.map((id) => anAppend(anEvent(id), [{ ...aDelivery({ lane: id }), target: ref }])));
  }

  /** What whoever watches the configuration does when a Provider or its Secret changes. */
  async function change(target: string): Promise<void> {
    const keys = [toTarget(null, { name: target }).key];
    harness.engine.targetsChanged(keys);
    await world.outbox.wake(keys);
  }

  /** Lets time pass as it does for a program: timers one after the other, and what they set off. */
  async function pass(ms: number): Promise<void> {
    const endMs = world.clock.monotonicMs() + ms;
    while (world.clock.monotonicMs() < endMs) {
      const stepMs = Math.min(endMs - world.clock.monotonicMs(), world.clock.untilNextMs ?? ms);
      world.clock.advance(stepMs);
      await settleDown();
    }
  }

  it('delivers at once beside thousands that are owed to a Target that never answers and never listens', async () => {
    let sending = 0;
    let most = 0;
    let healthy = 0;
    await owe(
      'dead',
      Array.from({ length: MANY }, (_, index) => `d${index}`),
    );
    await owe(
      'healthy',
      Array.from({ length: 20 }, (_, index) => `h${index}`),
    );
    start({
      dead: () => {
        most = Math.max(most, ++sending);
        return new Promise(() => undefined);
      },
      healthy: async () => {
        healthy += 1;
        return DELIVERED;
      },
    });

    await until(() => healthy === 20, 'the healthy Target');

    assert.equal(world.clock.monotonicMs(), 0, 'without any time passing');
    assert.equal(most, CONCURRENCY);
    await pass(20 * SECOND_MS);
    const dead = (await world.outbox.targets()).find(({ key }) => key.endsWith('/dead'));
    assert.ok(dead?.pausedUntilMs !== null, 'its time-outs pause it');
    assert.ok(harness.engine.inFlight() <= 1);
    await owe('healthy', ['late']);
    await until(() => healthy === 21, 'the healthy Target again');
  });

  it('delivers at once beside more hanging Targets than there is room for', async () => {
    const hanging = Array.from({ length: HANGING }, (_, index) => `hanging${index}`);
    let healthy = 0;
    for (const target of hanging) await owe(target, idsOf(target));
    start(
      {
        ...Object.fromEntries(hanging.map((target): [string, Send] => [target, () => new Promise(() => undefined)])),
        healthy: async () => {
          healthy += 1;
          return DELIVERED;
        },
      },
      { settings: { maxInFlight: ROOM } },
    );
    await until(() => harness.engine.inFlight() >= ROOM - HANGING / 4, 'a crowd');
    await settleDown(100);
    assert.ok(harness.engine.inFlight() < ROOM);
    assert.notEqual(world.clock.untilNextMs, 0, 'nothing is asked for again and again');

    await owe('healthy', idsOf('healthy'));
    await until(() => healthy === 2 * CONCURRENCY, 'the healthy Target');

    assert.equal(world.clock.monotonicMs(), 0, 'without any time passing');
  });

  it('ends every one of hundreds as a dead letter after a day, and none before', async () => {
    await owe(
      'down',
      Array.from({ length: SOME }, (_, index) => `d${index}`),
    );
    start({
      down: () => {
        throw new TypeError('thrown at once');
      },
    });
    await settleDown(100);
    await pass(23 * HOUR_MS);
    assert.equal((await world.outbox.stats()).states.dead, 0);

    await pass(HOUR_MS);
    for (let round = 0; round < 5; round += 1) await world.outbox.maintain();
    await settleDown(100);

    const { states } = await world.outbox.stats();
    assert.deepEqual([states.waiting, states.leased, states.dead], [0, 0, SOME]);
  });

  it('settles nothing that is answered after the time of its try, and tries once more', async () => {
    const answers: ((outcome: Outcome) => void)[] = [];
    await owe('late', ['e1']);
    start({ late: () => new Promise((resolve) => answers.push(resolve)) });
    await until(() => answers.length === 1, 'the first try');

    await pass(20 * SECOND_MS);
    answers[0]?.(DELIVERED);
    await until(() => answers.length === 2, 'the second try');
    answers[1]?.(DELIVERED);
    await until(() => harness.counted.includes('generic delivered'), 'its end');

    const { history, state } = await world.deliveryOf('e1');
    assert.deepEqual(
      [state, ...history.map(({ outcome, reason }) => `${outcome} ${reason ?? ''}`)],
      ['delivered', 'retry timeout', 'delivered '],
    );
  });

  it('tries again at once what a refused try deferred until a change that came meanwhile', async () => {
    const answers: ((outcome: Outcome) => void)[] = [];
    await owe('changed', ['e1']);
    start({ changed: () => new Promise((resolve) => answers.push(resolve)) });
    await until(() => answers.length === 1, 'the first try');

    await change('changed');
    answers[0]?.(REFUSED);
    await until(() => answers.length === 2, 'the second try');
    answers[1]?.(REFUSED);
    await until(() => harness.counted.filter((line) => line.includes('deferred')).length === 2, 'its end');
    await settleDown();

    assert.equal(answers.length, 2, 'nothing changed during the second');
    assert.equal(world.clock.monotonicMs(), 0, 'without any time passing');
    await change('other');
    await settleDown();
    assert.equal(answers.length, 2);
    await change('changed');
    await until(() => answers.length === 3, 'the third try');
    answers[2]?.(DELIVERED);
    await until(() => harness.counted.includes('generic delivered'), 'its end');
  });

  for (const what of ['shared', 'token'] as const) {
    it(`waits for ${what} work that hangs no longer than the try that began it`, async () => {
      let begun = 0;
      const work = async (): Promise<{ readonly value: string; readonly expiresAtMs: number }> => {
        begun += 1;
        return begun === 1 ? new Promise(() => undefined) : { value: 'done', expiresAtMs: Number.MAX_SAFE_INTEGER };
      };
      await owe('patient', ['e1']);
      const tokens = createTokenCache({ clock: world.clock, redactor: createRedactor(), maxSize: 10, maxDurationMs: HOUR_MS });
      start(
        {
          patient: async (context) => {
            await (what === 'shared' ? context.shared('key', work) : context.token('key', work));
            return DELIVERED;
          },
        },
        { tokens: tokens.token },
      );
      await until(() => begun === 1, 'the first try');

      await pass(20 * SECOND_MS);

      await until(() => harness.counted.includes('generic delivered'), 'its end');
      assert.equal(begun, 2);
    });
  }
});

/** Twice as many deliveries of a Target as it takes at a time. */
function idsOf(target: string): readonly string[] {
  return Array.from({ length: 2 * CONCURRENCY }, (_, index) => `${target}-${index}`);
}
