// What was appended a moment ago and is likely to be leased now: kept on the caller's side so that bodies do not travel back.
import type { Event } from '../event/event.ts';
import type { PlannedDelivery } from './store.ts';

export interface RecentDelivery {
  readonly event: Event;
  readonly planned: PlannedDelivery;
}

/** A bounded memory, oldest out first; what it lacks is loaded. */
export class RecentDeliveries {
  readonly #maxChars: number;
  readonly #entries = new Map<string, RecentDelivery>();
  #chars = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  add(id: string, entry: RecentDelivery): void {
    this.#entries.set(id, entry);
    this.#chars += weightOf(entry);
    for (const [oldest, old] of this.#entries) {
      if (this.#chars <= this.#maxChars) break;
      this.#entries.delete(oldest);
      this.#chars -= weightOf(old);
    }
  }

  /** Takes an entry out: a second lease of the same delivery is rare. */
  take(id: string): RecentDelivery | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    this.#chars -= weightOf(entry);
    return entry;
  }
}

function weightOf(entry: RecentDelivery): number {
  return entry.event.body.length + 1_000;
}
