// A database that is not there at the start, with a clock that is moved by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Outbox, StoreError } from '../internal/outbox/store.ts';
import { ManualClock } from '../test/support/clock.ts';
import { MemoryOutbox } from '../test/support/memory-outbox.ts';
import { createRecordingLog } from '../test/support/recording-log.ts';
import { settleDown } from '../test/support/until.ts';
import { awaitOutbox } from './awaited-outbox.ts';

const AWAY = new StoreError('busy', 'PostgreSQL does not answer');
const WRONG = new StoreError('io', 'the password is wrong');
const LEASE = { owner: 'a', limit: 1, leaseMs: 1_000, waitMs: 3_000 };

/** Openings go as they are listed; the last goes on for ever. */
function world(...openings: readonly (Outbox | StoreError | Promise<Outbox>)[]) {
  const clock = new ManualClock();
  const log = createRecordingLog();
  const failures: Error[] = [];
  let tries = 0;
  const options = {
    open: async () => {
      const next = openings[Math.min(tries, openings.length - 1)];
      tries += 1;
      if (next === undefined || next instanceof StoreError) throw next ?? AWAY;
      return next;
    },
    isWorthWaiting: (error: unknown) => error === AWAY,
    onFailure: (error: Error) => void failures.push(error),
    clock,
    log,
  };
  return { clock, log, failures, tries: () => tries, options };
}

function memory(changes: Partial<Outbox> = {}): Outbox {
  return Object.assign(new MemoryOutbox(), changes) as MemoryOutbox & Outbox;
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  await settleDown();
  clock.advance(ms);
  await settleDown();
}

test('a database that is there is used as it is', async () => {
  const outbox = memory();
  const { options } = world(outbox);

  assert.equal(await awaitOutbox(options), outbox);
});

test('what waiting cannot mend is told at once', async () => {
  const { options } = world(WRONG);

  await assert.rejects(awaitOutbox(options), WRONG);
});

test('until it opens, nothing is taken, the store is not writable and says why', async () => {
  const { clock, log, options, tries } = world(AWAY, AWAY, memory({ targets: async () => [] }));

  const outbox = await awaitOutbox(options);
  await settleDown();
  const before = await outbox.stats();
  await assert.rejects(outbox.append([]), { code: 'busy', message: AWAY.message });
  await pass(clock, 500);
  await assert.rejects(outbox.targets(), { code: 'busy' });
  await pass(clock, 1_000);

  assert.deepEqual([before.writable, before.problem], [false, AWAY.message]);
  assert.deepEqual(await outbox.targets(), []);
  assert.equal(tries(), 3);
  assert.deepEqual(log.lines(), ['warn the store cannot be opened yet; it is tried again until it can', 'info the store is open']);
});

test('tries become as rare as one in five seconds', async () => {
  const { clock, options, tries } = world(AWAY);

  const outbox = await awaitOutbox(options);
  for (const ms of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) await pass(clock, ms);

  assert.equal(tries(), 7);
  await outbox.close();
});

test('a start is not held up by a database that keeps silent, and its late answer counts', async () => {
  const late = Promise.withResolvers<Outbox>();
  const { clock, options, tries } = world(late.promise);

  const waiting = awaitOutbox(options);
  await pass(clock, 2_000);
  const outbox = await waiting;
  await assert.rejects(outbox.targets(), { code: 'busy' });
  late.resolve(memory({ targets: async () => [] }));
  await settleDown();

  assert.deepEqual(await outbox.targets(), []);
  assert.equal(tries(), 1);
});

test('what turns out to be wrong later ends the waiting', async () => {
  const { clock, failures, options, tries } = world(AWAY, WRONG);

  await awaitOutbox(options);
  await pass(clock, 500);
  await pass(clock, 60_000);

  assert.deepEqual(failures, [WRONG]);
  assert.equal(tries(), 2);
});

test('a lease waits as for an empty store, and is served once it opens', async () => {
  const leases = memory();
  const { clock, options } = world(AWAY, AWAY, leases);
  const outbox = await awaitOutbox(options);

  const early = outbox.lease({ ...LEASE, waitMs: 400 });
  const aborted = outbox.lease({ ...LEASE, signal: AbortSignal.abort() });
  const served = outbox.lease(LEASE);
  await pass(clock, 500);
  await pass(clock, 1_000);

  assert.deepEqual(await early, []);
  assert.deepEqual(await aborted, []);
  assert.equal((leases as unknown as MemoryOutbox).requests.length, 1);
  void served;
});

test('closed, it opens nothing and keeps nothing open', async () => {
  let closed = 0;
  const late = Promise.withResolvers<Outbox>();
  const { clock, options } = world(AWAY, late.promise);
  const outbox = await awaitOutbox(options);
  await pass(clock, 500);

  await outbox.close();
  late.resolve(memory({ close: async () => void (closed += 1) }));
  await settleDown();

  await assert.rejects(outbox.append([]), { code: 'closed' });
  await assert.rejects(outbox.lease(LEASE), { code: 'closed' });
  await assert.rejects(outbox.stats(), { code: 'closed' });
  assert.equal(closed, 1);
});
