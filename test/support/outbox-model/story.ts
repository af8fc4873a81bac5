// One store that lives through a story, and what must hold of it at every moment. Written against the port alone.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { ManualClock } from '../clock.ts';
import { aDelivery, anAppend, anEvent, aSettlement, DELIVERED, leaseNow } from '../outbox.ts';
import type { MakePlace, Place } from '../outbox-suite/world.ts';
import {
  DELIVERY_STATES,
  type Delivery,
  type DeliveryState,
  type Lease,
  type Outbox,
  type StoreStats,
  type TargetState,
} from '../../../internal/outbox/store.ts';
import type { Step } from './steps.ts';

const LANES = [
  { key: 'messages 1', policy: 'ordered' },
  { key: 'messages 2', policy: 'ordered' },
  { key: 'status 1', policy: 'newest' },
  { key: 'status 2', policy: 'newest' },
] as const;
const TARGETS = ['a', 'b'];
const LIMITS = { concurrency: 2 };
/** A lease may be that many times the concurrency of a Target that answers quickly. */
const MAX_AHEAD = 16;
const LEASE_MS = 300_000;
const QUARTER_MS = 15 * 60_000;
/** Longer than any pause of the schedule, of a Retry-After or of the breaker, for each of a few deliveries behind one another. */
const PATIENCE_QUARTERS = 24;

/** A store is at rest when it answers the same twice. */
const MAX_LOOKS = 10;

/** Lives through the steps; rejects with what did not hold. */
export async function live(makePlace: MakePlace, steps: readonly Step[]): Promise<void> {
  const story = await Story.begin(await makePlace());
  try {
    for (const step of steps) {
      await story.take(step);
      await story.check();
    }
    await story.finish();
  } finally {
    await story.end();
  }
}

interface Observation {
  readonly all: ReadonlyMap<string, Delivery>;
  readonly stats: StoreStats;
  readonly targets: readonly TargetState[];
}

class Story {
  readonly #place: Place;
  readonly #clock: ManualClock;
  #outbox: Outbox;
  /** Leases that a worker believes to hold. */
  #held: Lease[] = [];
  #appended = 0;
  #accepted = 0;
  /** Where each delivery stands in its lane: later after a replay. */
  readonly #places = new Map<string, number>();
  #nextPlace = 0;
  /** How often each was settled as delivered since it was last asked for. */
  readonly #sent = new Map<string, number>();

  private constructor(place: Place, clock: ManualClock, outbox: Outbox) {
    this.#place = place;
    this.#clock = clock;
    this.#outbox = outbox;
  }

  static async begin(place: Place): Promise<Story> {
    const clock = new ManualClock();
    return new Story(place, clock, await place.open({ clock, random: middle }));
  }

  async end(): Promise<void> {
    await this.#outbox.close();
    await this.#place.dispose();
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(step);
      case 'lease':
        await this.#lease(step.limit);
        return;
      case 'settle': {
        const lease = this.#takeHeld(step.which);
        if (lease !== undefined) await this.#settle(lease, step.outcome);
        return;
      }
      case 'release': {
        const lease = this.#takeHeld(step.which);
        if (lease !== undefined) await this.#outbox.release([{ deliveryId: lease.delivery.id, token: lease.token }]);
        return;
      }
      case 'cancel':
      case 'replay':
        return this.#decide(step);
      case 'wake':
        return this.#outbox.wake([`flux//default/${TARGETS[step.target] ?? ''}`]);
      case 'advance':
        this.#clock.advance(step.ms);
        return;
      case 'jump':
        this.#clock.jump(step.ms);
        return;
      case 'maintain':
        await this.#outbox.maintain();
        return;
      case 'reopen':
        await this.#outbox.close();
        this.#clock.jump(step.jumpMs);
        this.#outbox = await this.#place.open({ clock: this.#clock, random: middle });
    }
  }

  async #append(step: Extract<Step, { do: 'append' }>): Promise<void> {
    const lane = LANES[step.lane] ?? LANES[0];
    const delivery = aDelivery({
      lane: lane.key,
      policy: lane.policy,
      backlog: step.backlog,
      target: TARGETS[step.target] ?? '',
      limits: LIMITS,
    });
    const event = anEvent(`e${this.#appended++}`, {
      occurredAtMs: step.occurredMs,
      dedup: step.dedup === null ? null : { key: `k${step.dedup}`, windowMs: 60_000 },
    });
    const [result] = await this.#outbox.append([anAppend(event, [delivery])]);
    if (result?.outcome === 'accepted') this.#accepted += 1;
    const [stored] = await this.#outbox.deliveries({ eventId: event.id, limit: 1 });
    assert.equal(stored === undefined, result?.outcome === 'duplicate');
    if (stored !== undefined) this.#places.set(stored.id, this.#nextPlace++);
  }

  async #lease(limit: number): Promise<readonly Lease[]> {
    const leases = await leaseNow(this.#outbox, limit, LEASE_MS);
    const all = await this.#all();
    for (const lease of leases) {
      assert.equal(all.get(lease.delivery.id)?.state, 'leased', 'what is leased is leased in the store');
      if (lease.delivery.lane.policy === 'ordered' && lease.precededBy === 0) this.#checkTurn(lease, all);
    }
    this.#held.push(...leases);
    return leases;
  }

  /** Nothing of the lane that is still owed in order stands before it. */
  #checkTurn({ delivery }: Lease, all: ReadonlyMap<string, Delivery>): void {
    if (delivery.outOfOrder) return;
    const place = this.#places.get(delivery.id) ?? 0;
    for (const other of all.values()) {
      const isOwed = other.state === 'waiting' || other.state === 'leased';
      if (other.id === delivery.id || other.lane.key !== delivery.lane.key || !isOwed || other.outOfOrder) continue;
      assert.ok((this.#places.get(other.id) ?? 0) > place, `${delivery.eventId} goes before ${other.eventId}`);
    }
  }

  async #settle(lease: Lease, outcome: Parameters<typeof aSettlement>[1] = DELIVERED): Promise<void> {
    const [result] = await this.#outbox.settle([aSettlement(lease, outcome)]);
    if (result?.result === 'settled' && outcome.kind === 'delivered') {
      const { id } = lease.delivery;
      this.#sent.set(id, (this.#sent.get(id) ?? 0) + 1);
    }
  }

  async #decide(step: Extract<Step, { do: 'cancel' | 'replay' }>): Promise<void> {
    const ids = [...this.#places.keys()];
    const id = ids[step.which % Math.max(1, ids.length)];
    if (id === undefined) return;
    if (step.do === 'cancel') return void (await this.#outbox.cancel({ ids: [id], by: 'ada' }));
    const [result] = await this.#outbox.replay({ ids: [id], force: step.force, by: 'ada' });
    if (result !== 'requeued') return;
    this.#places.set(id, this.#nextPlace++);
    this.#sent.delete(id);
  }

  #takeHeld(which: number): Lease | undefined {
    return this.#held.splice(which % Math.max(1, this.#held.length), 1)[0];
  }

  async #all(): Promise<ReadonlyMap<string, Delivery>> {
    const all = await this.#outbox.deliveries({ limit: 1_000, withHistory: false });
    return new Map(all.map((delivery) => [delivery.id, delivery]));
  }

  /** Three answers of one moment: what came for a lease request that has ended may be on its way back when the first is given. */
  async #observe(): Promise<Observation> {
    let last = await this.#ask();
    for (let count = 1; count < MAX_LOOKS; count += 1) {
      const next = await this.#ask();
      if (isDeepStrictEqual(next, last)) break;
      last = next;
    }
    return last;
  }

  async #ask(): Promise<Observation> {
    const [all, stats, targets] = await Promise.all([this.#all(), this.#outbox.stats(), this.#outbox.targets()]);
    return { all, stats, targets };
  }

  /** What must hold at every moment. */
  async check(): Promise<void> {
    const { all, stats, targets } = await this.#observe();
    assert.equal(stats.events, this.#accepted, 'accepted events are stored');
    assert.equal(all.size, this.#accepted, 'each with its delivery');
    const count = (state: DeliveryState, targetKey?: string): number =>
      [...all.values()].filter((one) => one.state === state && (targetKey ?? keyOf(one)) === keyOf(one)).length;
    assert.deepEqual(stats.states, Object.fromEntries(DELIVERY_STATES.map((state) => [state, count(state)])), 'counted as a recount');
    for (const { key, waiting, leased, dead } of targets) {
      assert.deepEqual([waiting, leased, dead], [count('waiting', key), count('leased', key), count('dead', key)], `recount of ${key}`);
      assert.ok(leased <= LIMITS.concurrency * MAX_AHEAD, 'within its window');
    }
    for (const delivery of all.values()) this.#checkOne(delivery);
    for (const { key } of LANES) {
      const sending = [...all.values()].filter((one) => one.lane.key === key && one.state === 'leased' && !one.outOfOrder);
      assert.ok(sending.length <= 1, `${key} sends ${sending.length} at a time`);
    }
    for (const [id, times] of this.#sent) assert.equal(times, 1, `${id} was delivered ${times} times`);
  }

  #checkOne(delivery: Delivery): void {
    const isEnded = delivery.state !== 'waiting' && delivery.state !== 'leased';
    assert.equal(delivery.endedAtMs !== null, isEnded);
    assert.equal(delivery.dueAtMs !== null, delivery.state === 'waiting', 'what waits has a time, and nothing else');
    if (delivery.state === 'dead' || delivery.state === 'cancelled') assert.notEqual(delivery.reason, undefined, 'an end has its reason');
  }

  /** When all goes well from now on, everything that is owed is delivered before long; nothing is stuck. */
  async finish(): Promise<void> {
    for (const lease of this.#held.splice(0)) await this.#settle(lease);
    for (let quarter = 0; quarter < PATIENCE_QUARTERS && (await this.#isOwing()); quarter += 1) {
      await this.#outbox.maintain();
      while ((await this.#lease(100)).length > 0) {
        for (const lease of this.#held.splice(0)) await this.#settle(lease);
        await this.check();
      }
      this.#clock.advance(QUARTER_MS);
    }
    assert.equal(await this.#isOwing(), false, 'nothing is stuck');
  }

  async #isOwing(): Promise<boolean> {
    const { states } = await this.#outbox.stats();
    return states.waiting + states.leased > 0;
  }
}

function middle(): number {
  return 0.5;
}

function keyOf({ target }: Delivery): string {
  return `${target.dialect}/${target.tenant}/${target.namespace}/${target.name}`;
}
