// Deliveries that the store ended by itself, until somebody is told: no worker settles them, so nobody else would notice.
// What a transaction noted counts once it is committed, and what was told in one that failed is told again.
import type { ObjectRef } from '../sdk/target.ts';
import type { DeliveryState, StoreEnd } from './store.ts';

/** Told at a time. */
export const STEP_ENDS = 1_000;
/** While nobody asks, the oldest are forgotten beyond this many. */
const MAX_ENDS = 100_000;

/** A delivery that ended, by its sequence. */
export interface Ended {
  readonly seq: number;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly message: string | null;
  readonly ageMs: number;
}

/** What has ended since it was last asked. */
export class EndLog {
  #committed: Ended[] = [];
  #fresh: Ended[] = [];
  #taken: Ended[] = [];

  note(end: Ended): void {
    this.#fresh.push(end);
  }

  take(limit: number): readonly Ended[] {
    const earlier = this.#committed.splice(0, limit);
    this.#taken.push(...earlier);
    return [...earlier, ...this.#fresh.splice(0, limit - earlier.length)];
  }

  commit(): void {
    this.#taken = [];
    if (this.#fresh.length === 0) return;
    for (const end of this.#fresh) this.#committed.push(end);
    this.#fresh = [];
    if (this.#committed.length > MAX_ENDS) this.#committed.splice(0, this.#committed.length - MAX_ENDS);
  }

  rollback(): void {
    if (this.#taken.length > 0) this.#committed = [...this.#taken, ...this.#committed];
    this.#taken = [];
    this.#fresh = [];
  }
}

/** With what people and metrics want to know: the row holds the delivery's id, its event and its plan. */
export function toStoreEnd({ state, reason, message, ageMs }: Ended, row: Readonly<Record<string, unknown>>): StoreEnd {
  const plan = JSON.parse(String(row['plan'])) as { readonly type: string; readonly route: ObjectRef; readonly target: ObjectRef };
  return {
    deliveryId: String(row['id']),
    eventId: String(row['event_id']),
    origin: String(row['origin']),
    subject: { kind: String(row['kind']), namespace: String(row['namespace']), name: String(row['name']) },
    type: plan.type,
    route: plan.route,
    target: plan.target,
    state,
    reason: reason ?? '',
    message: message ?? '',
    ageMs,
  };
}
