// The deliveries that `--follow` shows. A poll asks for what was accepted behind the last one known, for what ended or was
// decided within a time that overlaps the poll before, and for some of those that have not ended by their ids. Whatever comes
// is compared with what is known of it, so that the overlap repeats nothing.
import type { Delivery, DeliveryState } from '../internal/outbox/store.ts';
import { ask, type Query } from './admin-client.ts';
import type { Feed, FeedPlace } from './follow.ts';
import { createTail, type Tail } from './tail.ts';
import { pages, rows } from './pages.ts';

const PATH = '/api/v1/deliveries';
const LIVE: readonly DeliveryState[] = ['waiting', 'leased'];
/** Longer than any answer should take. */
const OVERLAP_MS = 5_000;
/** Ids fit into the line of a request. */
const IDS_PER_QUESTION = 200;
const QUESTIONS_PER_POLL = 5;
/** Of those that had not ended when it began; the end of any other is seen all the same. */
const MAX_WATCHED = 10_000;

export interface DeliveryFeedOptions extends FeedPlace {
  /** Target, Route, event and object: what does not change during the life of a delivery. */
  readonly places: Query;
  /** Whether a row is shown as it is now. */
  readonly matches: (delivery: Delivery) => boolean;
  readonly withHistory: boolean;
}

/** A feed of deliveries; `begin` comes first. */
export function createDeliveryFeed(options: DeliveryFeedOptions): Feed<Delivery> {
  return new DeliveryFeed(options);
}

class DeliveryFeed implements Feed<Delivery> {
  readonly #options: DeliveryFeedOptions;
  readonly #tail: Tail<Delivery>;
  /** What was last known of those that have not ended; the one asked for longest ago comes first. */
  readonly #live = new Map<string, string>();
  /** The same of those that ended within the overlap. */
  #ended = new Map<string, string>();
  /** What a poll found; kept where it fails half-way, because a tail tells of a row once. */
  readonly #found = new Map<string, Delivery>();
  #askedMs = 0;

  constructor(options: DeliveryFeedOptions) {
    const { flags, places, clock, signal } = options;
    this.#options = options;
    this.#tail = createTail({ flags, path: PATH, query: { ...places, ...this.#history }, idOf: ({ id }) => id, clock, signal });
  }

  get #history(): Query {
    return { history: this.#options.withHistory };
  }

  async begin(): Promise<readonly Delivery[]> {
    const { flags, places, first, limit, clock, signal } = this.#options;
    this.#askedMs = clock.monotonicMs();
    await this.#tail.begin();
    for (const delivery of await this.#changed()) this.#learn(delivery);
    const live = rows<Delivery>(flags, PATH, { ...places, state: LIVE.join(','), history: false }, { limit: MAX_WATCHED, signal });
    for await (const delivery of live) this.#learn(delivery);
    const shown: Delivery[] = [];
    for await (const { items } of pages<Delivery>(flags, PATH, { ...first, ...this.#history }, { limit, signal })) shown.push(...items);
    for (const delivery of shown) this.#learn(delivery);
    return shown.toReversed();
  }

  async next(): Promise<readonly Delivery[]> {
    const askedMs = this.#options.clock.monotonicMs();
    for (const delivery of await this.#tail.next()) this.#found.set(delivery.id, delivery);
    for (const delivery of await this.#changed()) this.#found.set(delivery.id, delivery);
    for (const delivery of await this.#watched()) this.#found.set(delivery.id, delivery);
    this.#askedMs = askedMs;
    const found = [...this.#found.values()];
    const news = found.filter((delivery) => this.#knownOf(delivery) !== versionOf(delivery));
    // What ended long enough ago comes in no answer any more.
    this.#ended = new Map([...this.#ended].filter(([id]) => this.#found.has(id)));
    this.#found.clear();
    for (const delivery of found) this.#learn(delivery);
    return news.filter(this.#options.matches).toSorted(byAcceptance);
  }

  /** Ended, or decided about, since a little before the last poll. */
  async #changed(slackMs = OVERLAP_MS): Promise<readonly Delivery[]> {
    const { flags, places, clock, signal } = this.#options;
    const startedMs = clock.monotonicMs();
    const query = { ...places, ...this.#history, changedWithinMs: startedMs - this.#askedMs + slackMs, order: 'oldest' };
    const changed: Delivery[] = [];
    for await (const delivery of rows<Delivery>(flags, PATH, query, { signal })) changed.push(delivery);
    const tookMs = clock.monotonicMs() - startedMs;
    // The server counts back from when it answers: an answer as slow as this may have begun too late.
    return tookMs < slackMs ? changed : this.#changed(2 * tookMs);
  }

  /** As many of those that have not ended as one poll may ask for, in turn. */
  async #watched(): Promise<readonly Delivery[]> {
    const due = [...this.#live.keys()].filter((id) => !this.#found.has(id)).slice(0, IDS_PER_QUESTION * QUESTIONS_PER_POLL);
    const watched: Delivery[] = [];
    for (let start = 0; start < due.length; start += IDS_PER_QUESTION) {
      const ids = due.slice(start, start + IDS_PER_QUESTION);
      const query = { ...this.#history, id: ids.join(','), limit: IDS_PER_QUESTION };
      watched.push(...((await ask(this.#options.flags, PATH, query, this.#options.signal)) as { items: readonly Delivery[] }).items);
    }
    const present = new Set(watched.map(({ id }) => id));
    for (const id of due) if (!present.has(id)) this.#live.delete(id);
    return watched;
  }

  #knownOf({ id }: Delivery): string | undefined {
    return this.#live.get(id) ?? this.#ended.get(id);
  }

  #learn(delivery: Delivery): void {
    const { id, state } = delivery;
    this.#live.delete(id);
    this.#ended.delete(id);
    (LIVE.includes(state) ? this.#live : this.#ended).set(id, versionOf(delivery));
  }
}

/** Two rows of a delivery that look alike to a person are the same. */
function versionOf({ state, attempts, reason, dueAtMs, endedAtMs }: Delivery): string {
  return JSON.stringify([state, attempts, reason, dueAtMs, endedAtMs]);
}

function byAcceptance(one: Delivery, other: Delivery): number {
  return one.createdAtMs - other.createdAtMs;
}
