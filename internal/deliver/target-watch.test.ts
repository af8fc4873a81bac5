import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/clock.ts';
import { toLease } from '../../test/support/deliveries.ts';
import { createRecordingLog } from '../../test/support/recording-log.ts';
import { settleDown } from '../../test/support/until.ts';
import { type Event, OWN_ORIGIN } from '../event/event.ts';
import type { DeliveryState, Lease, StoreEnd, TargetState } from '../outbox/store.ts';
import type { Outcome } from '../sdk/outcome.ts';
import { toKey } from '../sdk/target.ts';
import { createTargetWatch, type TargetWatch } from './target-watch.ts';

const MINUTE_MS = 60_000;
const DOWN: Outcome = { kind: 'retry', reason: 'server', message: 'HTTP 503' };

interface World {
  readonly watch: TargetWatch;
  readonly clock: ManualClock;
  readonly told: Event[];
  /** `reason severity` of each. */
  lines(): readonly string[];
  owes: boolean;
  answer: 'accepted' | 'busy';
  tried(outcome: Outcome, state?: DeliveryState, lease?: Lease): void;
  pass(ms: number): Promise<void>;
}

function toWorld(): World {
  const clock = new ManualClock();
  const told: Event[] = [];
  const world: World = {
    clock,
    told,
    owes: true,
    answer: 'accepted',
    watch: createTargetWatch({
      emit: async (events) => {
        if (world.answer === 'accepted') told.push(...events);
        return events.map(() => ({ outcome: world.answer }));
      },
      outbox: { targets: async () => (world.owes ? [state(toLease('d'))] : []) },
      clock,
      log: createRecordingLog(),
    }),
    lines: () => told.map(({ flux }) => `${flux.reason} ${flux.severity}`),
    tried(outcome, now = outcome.kind === 'delivered' ? 'delivered' : 'waiting', lease = toLease('d')) {
      world.watch.settled({
        lease,
        settlement: { deliveryId: 'd', token: 1, outcome, attempt: { durationMs: 1, outcome: outcome.kind, exchanges: [] } },
        result: { result: 'settled', state: now, dueAtMs: null, breaker: 'closed' },
        durationMs: 1,
      });
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 5_000) {
        clock.advance(5_000);
        await settleDown(3);
      }
    },
  };
  world.watch.start();
  return world;
}

function state({ delivery }: Lease): TargetState {
  return { key: toKey(delivery.target), waiting: 1, leased: 0, dead: 0, pausedUntilMs: null, failures: 1, oldestWaitingMs: 1 };
}

/** A delivery of an event that this program told of itself. */
function ofOwnEvent(): Lease {
  const lease = toLease('own');
  return { ...lease, event: { ...lease.event, origin: OWN_ORIGIN } };
}

test('a Provider that fails for five minutes is told of once, and so is its recovery', async () => {
  const world = toWorld();
  world.tried(DOWN);
  await world.pass(4 * MINUTE_MS);
  world.tried(DOWN);
  assert.deepEqual(world.lines(), []);
  await world.pass(2 * MINUTE_MS);
  world.tried(DOWN);
  await world.pass(10 * MINUTE_MS);
  assert.deepEqual(world.lines(), ['TargetFailing error']);

  world.tried({ kind: 'delivered' });
  world.tried({ kind: 'delivered' });
  await world.pass(MINUTE_MS);

  assert.deepEqual(world.lines(), ['TargetFailing error', 'TargetRecovered info']);
  const { delivery } = toLease('d');
  const [failing, recovered] = world.told;
  const { namespace, name, uid } = delivery.target;
  assert.deepEqual(failing?.subject, {
    apiVersion: 'notification.toolkit.fluxcd.io/v1beta3',
    kind: 'Provider',
    namespace,
    name,
    uid,
    resourceVersion: '',
    fieldPath: '',
  });
  assert.equal(failing?.flux.reportingController, 'tocsin');
  assert.equal(failing?.origin, OWN_ORIGIN);
  assert.equal(failing?.dedup, null);
  assert.equal(failing?.flux.message, `Provider ${namespace}/${name} has not taken any message for 5 minutes, 2 attempts failed: HTTP 503`);
  assert.match(recovered?.flux.message ?? '', /takes messages again after 3 failed attempts in 16 minutes/);
});

const SILENT: readonly { name: string; outcome: Outcome }[] = [
  { name: 'a person suspended it', outcome: { kind: 'deferred', reason: 'suspended', message: 'm', until: 'target-change' } },
  { name: 'it is gone', outcome: { kind: 'deferred', reason: 'target-gone', message: 'm', until: 'target-change' } },
  { name: 'it asked to wait', outcome: { kind: 'deferred', reason: 'rate-limited', message: 'm', until: { afterMs: 1 } } },
  { name: 'it refused one message', outcome: { kind: 'rejected', reason: 'bad-request', message: 'm' } },
];

for (const { name, outcome } of SILENT) {
  test(`a Provider does not count as failing when ${name}`, async () => {
    const world = toWorld();
    world.tried(outcome, 'waiting');
    await world.pass(10 * MINUTE_MS);
    assert.deepEqual(world.lines(), []);
  });
}

test('a short failure, and one of which nothing is owed any more, are not told', async () => {
  const world = toWorld();
  world.tried(DOWN);
  await world.pass(4 * MINUTE_MS);
  world.tried({ kind: 'delivered' });
  world.tried(DOWN);
  world.owes = false;
  await world.pass(10 * MINUTE_MS);

  assert.deepEqual(world.lines(), []);
});

test('every dead letter is told, whoever ended it', async () => {
  const world = toWorld();
  const { delivery } = toLease('d');
  world.tried({ kind: 'rejected', reason: 'bad-request', message: 'HTTP 400' }, 'dead');
  const { route, target, subject } = delivery;
  const end: StoreEnd = {
    deliveryId: 'x',
    eventId: 'e',
    origin: 'http',
    type: 'generic',
    route,
    target,
    subject,
    state: 'dead',
    reason: 'expired',
    message: '',
    ageMs: 1,
  };
  world.watch.ended(end);
  world.watch.ended({ ...end, state: 'superseded' });
  world.watch.ended({ ...end, origin: OWN_ORIGIN });
  await settleDown();

  assert.deepEqual(world.lines(), ['DeadLetter error', 'DeadLetter error']);
  const { kind, namespace, name } = subject;
  const [first, second] = world.told.map(({ flux }) => flux);
  const about = `a message about ${kind}/${namespace}/${name} of Alert ${route.namespace}/${route.name} was given up`;
  assert.equal(first?.message, `Provider ${target.namespace}/${target.name} has a dead letter: ${about} (bad-request: HTTP 400)`);
  assert.match(second?.message ?? '', /\(expired\)$/);
  assert.equal(second?.metadata['notification.toolkit.fluxcd.io/delivery'], 'x');
});

test('nothing is told of deliveries of such events', async () => {
  const world = toWorld();
  world.tried(DOWN, 'waiting', ofOwnEvent());
  world.tried({ kind: 'rejected', reason: 'bad-request', message: 'm' }, 'dead', ofOwnEvent());
  await world.pass(10 * MINUTE_MS);

  assert.deepEqual(world.lines(), []);
});

test('what the store does not take is handed in again', async () => {
  const world = toWorld();
  world.answer = 'busy';
  world.tried({ kind: 'rejected', reason: 'bad-request', message: 'm' }, 'dead');
  await settleDown();
  assert.deepEqual(world.lines(), []);

  world.answer = 'accepted';
  await world.pass(MINUTE_MS);
  assert.deepEqual(world.lines(), ['DeadLetter error']);
});

test('after stop nobody is told anything', async () => {
  const world = toWorld();
  world.tried(DOWN);
  world.watch.stop();
  await world.pass(10 * MINUTE_MS);

  assert.deepEqual(world.lines(), []);
});
