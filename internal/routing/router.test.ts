import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Event } from '../event/event.ts';
import { toPattern } from '../expr/pattern.ts';
import type { Outbox, PendingEvent, Resolution } from '../outbox/store.ts';
import type { Logger } from '../sdk/ports.ts';
import { toKey } from '../sdk/target.ts';
import { ManualClock } from '../../test/support/clock.ts';
import { toLabels, toMetadata, toRef, toSelector, toTestEvent, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import { type DecideContext, decide } from './decide.ts';
import type { LabelSource, Notice, Snapshot, SnapshotChanges, SnapshotSource, Verdict } from './route.ts';
import { createRouter, type Router } from './router.ts';
import { emptySnapshot, nextSnapshot } from './snapshot.ts';

const HOUR_MS = 3_600_000;

/** Keeps pending events as a store does: due times, replacement of verdicts by route, ages by its own clock. */
class MemoryOutbox implements Pick<Outbox, 'pending' | 'resolve'> {
  readonly resolutions: Resolution[] = [];
  readonly #clock: ManualClock;
  readonly #events = new Map<string, { event: Event; verdicts: readonly Verdict[]; sinceMs: number; dueMs: number }>();
  isBroken = false;
  /** Takes no delivery of these events, as when something in it cannot be stored. */
  readonly refused = new Set<string>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  append(event: Event, verdicts: readonly Verdict[]): void {
    this.#events.set(event.id, { event, verdicts, sinceMs: this.#clock.nowMs(), dueMs: 0 });
  }

  verdicts(id: string): readonly string[] {
    return (this.#events.get(id)?.verdicts ?? []).map((verdict) =>
      'reason' in verdict ? `${verdict.kind} ${verdict.reason}` : verdict.kind,
    );
  }

  pending({ limit, all }: { readonly limit: number; readonly all?: boolean }): Promise<readonly PendingEvent[]> {
    if (this.isBroken) return Promise.reject(new Error('the disk is full'));
    const nowMs = this.#clock.nowMs();
    const due = [...this.#events.values()].filter(
      ({ verdicts, dueMs }) => verdicts.some(({ kind }) => kind === 'pending') && (all === true || dueMs <= nowMs),
    );
    return Promise.resolve(due.slice(0, limit).map(({ event, verdicts, sinceMs }) => ({ event, verdicts, ageMs: nowMs - sinceMs })));
  }

  resolve(entries: readonly Resolution[]): Promise<void> {
    const refused = entries.find(({ eventId, deliveries }) => deliveries.length > 0 && this.refused.has(eventId));
    if (refused !== undefined) return Promise.reject(new TypeError(`${refused.eventId} cannot be stored`));
    for (const entry of entries) {
      const stored = this.#events.get(entry.eventId);
      assert.ok(stored !== undefined);
      const merged = new Map(stored.verdicts.map((verdict) => [toKey(verdict.route), verdict]));
      for (const verdict of entry.verdicts) merged.set(toKey(verdict.route), verdict);
      stored.verdicts = [...merged.values()];
      stored.dueMs = this.#clock.nowMs() + entry.retryAfterMs;
      this.resolutions.push(entry);
    }
    return Promise.resolve();
  }
}

class Source implements SnapshotSource {
  #snapshot: Snapshot | null = null;
  readonly #listeners = new Set<(snapshot: Snapshot, changed: readonly string[]) => void>();

  current(): Snapshot | null {
    return this.#snapshot;
  }

  subscribe(listener: (snapshot: Snapshot, changed: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(changes: Partial<SnapshotChanges>): Snapshot {
    const snapshot = nextSnapshot(this.#snapshot ?? emptySnapshot(), {
      upsertRoutes: [],
      removeRoutes: [],
      upsertTargets: [],
      removeTargets: [],
      ...changes,
    });
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener(snapshot, []);
    return snapshot;
  }
}

interface World {
  readonly clock: ManualClock;
  readonly outbox: MemoryOutbox;
  readonly source: Source;
  readonly router: Router;
  readonly notices: Notice[];
  readonly logged: string[];
  /** What was counted. */
  readonly decided: string[];
  readonly context: DecideContext;
  /** Intake's part. */
  receive(event: Event): void;
  /** Lets everything happen that does not wait for time to pass. */
  rest(): Promise<void>;
}

function toWorld(labels: LabelSource = toLabels(), searchBudget = 1_000_000): World {
  const clock = new ManualClock();
  const outbox = new MemoryOutbox(clock);
  const source = new Source();
  const notices: Notice[] = [];
  const logged: string[] = [];
  const decided: string[] = [];
  const context = { labels, noCrossNamespaceRefs: false, searchBudget };
  const router = createRouter({
    outbox,
    snapshots: source,
    context,
    metrics: { decided: (...words) => decided.push(words.join(' ').trim()) },
    onNotices: (some) => notices.push(...some),
    clock,
    log: toLog(logged),
  });
  return {
    clock,
    outbox,
    source,
    router,
    notices,
    logged,
    decided,
    context,
    receive(event) {
      outbox.append(event, decide(event, source.current(), context).verdicts);
    },
    async rest() {
      for (let turn = 0; turn < 50; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(0);
      }
    },
  };
}

function toLog(lines: string[]): Logger {
  const write = (_fields: unknown, message: string): void => void lines.push(message);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
}

/** Second by second, so that what a timer starts can go on before the next one fires. */
async function letPass({ clock }: World, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the router', () => {
  test('decides whole events once there is a Snapshot', async () => {
    const world = toWorld();
    const event = toTestEvent();
    world.receive(event);
    world.router.start();
    await world.rest();
    assert.deepEqual(world.outbox.verdicts(event.id), ['pending no-snapshot']);

    world.source.change({ upsertRoutes: [toTestRoute('a'), toTestRoute('b', { suspended: true })], upsertTargets: [toTestTarget()] });
    await world.rest();

    assert.deepEqual(world.outbox.verdicts(event.id), ['dropped nothing-to-send', 'matched', 'dropped suspended']);
    assert.deepEqual(world.decided, ['flux matched', 'flux dropped suspended']);
    assert.equal(world.outbox.resolutions.flatMap(({ deliveries }) => deliveries).length, 1);
    await world.router.stop();
  });

  test('delivers when the missing Provider appears, and tells of it once', async () => {
    const world = toWorld();
    world.source.change({
      upsertRoutes: [toTestRoute('a', { inclusions: ['[', 'some'].map(toPattern), summary: 'x', metadata: toMetadata({ summary: 'y' }) })],
    });
    const event = toTestEvent();
    world.receive(event);
    world.router.start();
    await world.rest();
    world.clock.advance(HOUR_MS);
    await world.rest();
    assert.deepEqual(world.outbox.verdicts(event.id), ['pending provider-missing']);
    assert.deepEqual(world.notices, []);

    world.source.change({ upsertTargets: [toTestTarget()] });
    await world.rest();

    assert.deepEqual(world.outbox.verdicts(event.id), ['matched']);
    assert.equal(world.outbox.resolutions.at(-1)?.deliveries[0]?.target.name, 'provider');
    assert.deepEqual(
      world.notices.map(({ reason }) => reason),
      ['MetadataAppendFailed'],
    );
    await world.router.stop();
  });

  test('asks for labels again with growing pauses', async () => {
    const known: Record<string, Record<string, string> | null> = { 'Kustomization/foo-ns/foo': null };
    const world = toWorld({ lookup: (object) => toLabels(known).lookup(object) });
    world.source.change({
      upsertRoutes: [toTestRoute('a', { selectors: [toSelector({ matchLabels: { app: 'x' } })] })],
      upsertTargets: [toTestTarget()],
    });
    const event = toTestEvent();
    world.receive(event);
    world.router.start();
    await letPass(world, 600);
    const asked = world.outbox.resolutions.length;
    assert.ok(asked > 5 && asked < 30, `asked ${asked} times in 10 minutes`);
    assert.equal(world.outbox.resolutions.at(-1)?.retryAfterMs, 60_000);

    known['Kustomization/foo-ns/foo'] = { app: 'x' };
    await letPass(world, 66);

    assert.deepEqual(world.outbox.verdicts(event.id), ['matched']);
    await world.router.stop();
  });

  test('searches what was too much before the answer', async () => {
    const world = toWorld(toLabels(), 1000);
    const message = `${'abcdefgh '.repeat(20_000)}needle`;
    world.source.change({
      upsertRoutes: [
        toTestRoute('a', { inclusions: ['x.{20}y', 'needle'].map(toPattern) }),
        toTestRoute('b', { exclusions: [toPattern('needle$')] }),
      ],
      upsertTargets: [toTestTarget()],
    });
    const event = toTestEvent({ flux: { message } });
    world.receive(event);
    assert.deepEqual(world.outbox.verdicts(event.id), ['pending too-much-work', 'pending too-much-work']);

    world.router.start();
    await world.rest();

    assert.deepEqual(world.outbox.verdicts(event.id), ['matched', 'dropped exclusion']);
    await world.router.stop();
  });

  test('an Alert that is gone says nothing any more, one that changed says what it says now', async () => {
    const world = toWorld();
    world.source.change({ upsertRoutes: [toTestRoute('a'), toTestRoute('b')] });
    const event = toTestEvent();
    world.receive(event);
    world.router.start();

    world.source.change({
      removeRoutes: [toKey(toRef('foo-ns', 'a'))],
      upsertRoutes: [toTestRoute('b', { selectors: [toSelector({ name: 'other' })] })],
    });
    await world.rest();

    assert.deepEqual(world.outbox.verdicts(event.id), ['dropped nothing-to-send', 'dropped name']);
    await world.router.stop();
  });

  test('after a day a missing Provider is a dead letter', async () => {
    const world = toWorld();
    world.source.change({ upsertRoutes: [toTestRoute('a', { metadata: toMetadata({ env: 'prod' }) })] });
    const event = toTestEvent();
    world.receive(event);
    world.clock.advance(24 * HOUR_MS);
    world.router.start();
    await world.rest();

    const dead = world.outbox.resolutions.flatMap((resolution) => resolution.dead ?? []);
    assert.deepEqual(
      dead.map(({ delivery, reason }) => ({
        reason,
        route: delivery.route.name,
        target: toKey(delivery.target),
        metadata: { ...delivery.metadata },
      })),
      [{ reason: 'target-gone', route: 'a', target: 'flux//foo-ns/provider', metadata: { env: 'prod' } }],
    );
    assert.deepEqual(world.outbox.verdicts(event.id), ['matched']);
    assert.equal(world.logged.length, 1);
    await world.router.stop();
  });

  test('settles more events than one page holds, also when none of them can be settled', async () => {
    const world = toWorld();
    for (let index = 0; index < 350; index += 1) world.receive({ ...toTestEvent(), id: `event-${index}` });
    world.router.start();
    await world.rest();
    assert.equal(new Set(world.outbox.resolutions.map(({ eventId }) => eventId)).size, 350);

    world.source.change({ upsertRoutes: [toTestRoute('a')], upsertTargets: [toTestTarget()] });
    await world.rest();

    assert.equal(world.outbox.resolutions.filter(({ deliveries }) => deliveries.length === 1).length, 350);
    await world.router.stop();
  });

  test('a store that fails is asked again, and told of once', async () => {
    const world = toWorld();
    const event = toTestEvent();
    world.receive(event);
    world.outbox.isBroken = true;
    world.router.start();
    world.source.change({ upsertRoutes: [toTestRoute('a')], upsertTargets: [toTestTarget()] });
    await world.rest();
    for (let pass = 0; pass < 3; pass += 1) {
      world.clock.advance(10_000);
      await world.rest();
    }
    assert.deepEqual(world.logged, ['pending events could not be settled']);

    world.outbox.isBroken = false;
    world.clock.advance(10_000);
    await world.rest();

    assert.deepEqual(world.outbox.verdicts(event.id), ['dropped nothing-to-send', 'matched']);
    assert.deepEqual(world.logged.slice(1), ['pending events are settled again']);
    await world.router.stop();
  });

  test('an event whose decision cannot be stored holds nobody else up, and is a dead letter after a day', async () => {
    const world = toWorld();
    const ids = ['before', 'bad', 'after'];
    for (const id of ids) world.receive({ ...toTestEvent(), id });
    world.outbox.refused.add('bad');
    world.source.change({ upsertRoutes: [toTestRoute('a')], upsertTargets: [toTestTarget()] });
    world.router.start();
    await world.rest();

    assert.deepEqual(
      ids.map((id) => world.outbox.verdicts(id).at(-1)),
      ['matched', 'pending no-snapshot', 'matched'],
    );
    assert.deepEqual(world.decided, ['flux matched', 'flux matched']);
    assert.deepEqual(world.logged, ['what was decided of an event could not be stored']);

    world.clock.advance(24 * HOUR_MS);
    await letPass(world, 10);

    const dead = world.outbox.resolutions.flatMap((resolution) => resolution.dead ?? []);
    assert.equal(dead.length, 1);
    await world.router.stop();
  });

  test('an event that cannot be decided holds nobody else up', async () => {
    const world = toWorld({
      lookup({ name }) {
        if (name === 'bad') throw new TypeError('a defect');
        return { state: 'labels', labels: { app: 'x' } };
      },
    });
    const bad = { ...toTestEvent({ subject: { name: 'bad' } }), id: 'bad' };
    const good = { ...toTestEvent(), id: 'good' };
    world.receive(bad);
    world.receive(good);
    world.router.start();
    world.source.change({
      upsertRoutes: [toTestRoute('a', { selectors: [toSelector({ matchLabels: { app: 'x' } })] })],
      upsertTargets: [toTestTarget()],
    });
    await world.rest();

    assert.deepEqual(world.outbox.verdicts('bad'), ['pending no-snapshot']);
    assert.deepEqual(world.outbox.verdicts('good'), ['dropped nothing-to-send', 'matched']);
    assert.ok(world.logged.includes('an event could not be decided'));

    world.clock.advance(24 * HOUR_MS);
    await letPass(world, 10);
    assert.equal(world.outbox.resolutions.flatMap((resolution) => resolution.dead ?? []).length, 1);
    await world.router.stop();
  });

  test('does nothing after stop', async () => {
    const world = toWorld();
    world.router.start();
    await world.rest();
    await world.router.stop();

    world.receive(toTestEvent());
    world.source.change({ upsertRoutes: [toTestRoute('a')] });
    await world.rest();

    assert.deepEqual(world.outbox.resolutions, []);
    assert.equal(world.clock.pending, 0);
  });
});
