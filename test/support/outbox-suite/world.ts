// One store under test with its hand-moved clock, and short words for what the tests do with it.
import { ManualClock } from '../clock.ts';
import { aDelivery, aSettlement, anAppend, anEvent, type DeliveryWords, type EventWords, leaseNow } from '../outbox.ts';
import type { Clock, Random } from '../../../internal/sdk/ports.ts';
import type { Outcome } from '../../../internal/sdk/outcome.ts';
import type { AppendResult, Delivery, Lease, Outbox, SettleResult } from '../../../internal/outbox/store.ts';

/** A place that can be opened again and again, one opening at a time. */
export interface Place {
  open(parts: { readonly clock: Clock; readonly random: Random }): Promise<Outbox>;
  dispose(): Promise<void>;
}

export type MakePlace = () => Promise<Place>;

/** A test's store: chance is always the middle, time stands still until it is moved. */
export class World {
  readonly clock: ManualClock;
  readonly #place: Place;
  #outbox: Outbox;

  private constructor(place: Place, clock: ManualClock, outbox: Outbox) {
    this.#place = place;
    this.clock = clock;
    this.#outbox = outbox;
  }

  static async open(makePlace: MakePlace): Promise<World> {
    const clock = new ManualClock();
    const place = await makePlace();
    return new World(place, clock, await place.open({ clock, random: middle }));
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  async reopen(): Promise<void> {
    await this.#outbox.close();
    this.#outbox = await this.#place.open({ clock: this.clock, random: middle });
  }

  async dispose(): Promise<void> {
    await this.#outbox.close();
    await this.#place.dispose();
  }

  async append(id: string, delivery: DeliveryWords = {}, event: EventWords = {}): Promise<AppendResult> {
    const [result] = await this.#outbox.append([anAppend(anEvent(id, event), [aDelivery(delivery)])]);
    if (result === undefined) throw new Error('no result');
    return result;
  }

  lease(limit?: number): Promise<readonly Lease[]> {
    return leaseNow(this.#outbox, limit);
  }

  /** The one lease there is. */
  async leaseOne(): Promise<Lease> {
    const leases = await this.lease();
    const [lease] = leases;
    if (lease === undefined || leases.length > 1) throw new Error(`${leases.length} leases instead of one`);
    return lease;
  }

  async settle(lease: Lease, outcome?: Outcome): Promise<SettleResult> {
    const [result] = await this.#outbox.settle([aSettlement(lease, outcome)]);
    if (result === undefined) throw new Error('no result');
    return result;
  }

  async delivery(id: string): Promise<Delivery> {
    const delivery = await this.#outbox.delivery(id);
    if (delivery === undefined) throw new Error(`no delivery ${id}`);
    return delivery;
  }

  /** The state of the only delivery of each event, in the order asked. */
  async states(...ofEvents: readonly string[]): Promise<readonly string[]> {
    const found = await Promise.all(ofEvents.map((eventId) => this.#outbox.deliveries({ eventId, limit: 10 })));
    return found.map((deliveries) => deliveries.map(({ state }) => state).join('+'));
  }

  async deliveryOf(eventId: string): Promise<Delivery> {
    const [delivery] = await this.#outbox.deliveries({ eventId, limit: 1 });
    if (delivery === undefined) throw new Error(`no delivery of ${eventId}`);
    return delivery;
  }
}

/** The ids of the events that leases are about. */
export function eventIds(leases: readonly Lease[]): readonly string[] {
  return leases.map(({ event }) => event.id);
}

function middle(): number {
  return 0.5;
}
