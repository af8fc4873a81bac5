// The events that `--follow` shows: each when it was accepted, and again when what was not known of it is decided.
import type { EventVerdict, StoredEvent } from '../internal/outbox/store.ts';
import { AdminError, ask, type Query } from './admin-client.ts';
import type { Feed, FeedPlace } from './follow.ts';
import { createTail, type Tail } from './tail.ts';
import { pages, rows } from './pages.ts';

const PATH = '/api/v1/events';
/** Of those that were undecided when it began. */
const MAX_WATCHED = 1_000;
/** Undecided ones that are asked for in one poll, in turn. */
const QUESTIONS_PER_POLL = 20;

export interface EventFeedOptions extends FeedPlace {
  /** Object, severity and reason: what never changes of an event. */
  readonly places: Query;
  readonly verdict: EventVerdict | undefined;
}

/** A feed of events; `begin` comes first. */
export function createEventFeed(options: EventFeedOptions): Feed<StoredEvent> {
  return new EventFeed(options);
}

class EventFeed implements Feed<StoredEvent> {
  readonly #options: EventFeedOptions;
  readonly #tail: Tail<StoredEvent>;
  /** What was last known of those that are not decided; the one asked for longest ago comes first. */
  readonly #undecided = new Map<string, string>();
  /** What a poll found; kept where it fails half-way, because a tail tells of a row once. */
  #found: StoredEvent[] = [];

  constructor(options: EventFeedOptions) {
    const { flags, places, clock, signal } = options;
    this.#options = options;
    this.#tail = createTail({ flags, path: PATH, query: places, idOf: ({ event }) => event.id, clock, signal });
  }

  async begin(): Promise<readonly StoredEvent[]> {
    const { flags, places, first, limit, signal } = this.#options;
    await this.#tail.begin();
    const undecided = rows<StoredEvent>(flags, PATH, { ...places, pending: true }, { limit: MAX_WATCHED, signal });
    for await (const stored of undecided) this.#learn(stored);
    const shown: StoredEvent[] = [];
    for await (const { items } of pages<StoredEvent>(flags, PATH, first, { limit, signal })) shown.push(...items);
    for (const stored of shown) this.#learn(stored);
    return shown.toReversed();
  }

  async next(): Promise<readonly StoredEvent[]> {
    for (const id of [...this.#undecided.keys()].slice(0, QUESTIONS_PER_POLL)) await this.#look(id);
    this.#found.push(...(await this.#tail.next()));
    const found = this.#found.splice(0);
    for (const stored of found) this.#learn(stored);
    return found.filter((stored) => hasVerdict(stored, this.#options.verdict));
  }

  /** Puts the event to what was found when it has changed, and to the end of the turn. */
  async #look(id: string): Promise<void> {
    const { flags, signal } = this.#options;
    const answer = await ask(flags, `${PATH}/${encodeURIComponent(id)}`, {}, signal).catch((error: unknown) => {
      // Pruned; nobody will hear of it any more.
      if (error instanceof AdminError && error.code === 'not-found') return undefined;
      throw error;
    });
    const known = this.#undecided.get(id);
    this.#undecided.delete(id);
    if (answer === undefined) return;
    const { deliveries: _deliveries, ...stored } = answer as StoredEvent & { readonly deliveries: unknown };
    if (versionOf(stored) !== known) this.#found.push(stored);
    this.#learn(stored);
  }

  #learn(stored: StoredEvent): void {
    const { id } = stored.event;
    this.#undecided.delete(id);
    if (stored.pending) this.#undecided.set(id, versionOf(stored));
  }
}

function versionOf({ verdicts, pending }: StoredEvent): string {
  return JSON.stringify([pending, verdicts.map(({ kind }) => kind)]);
}

/** As the store's filter of the same name. */
function hasVerdict({ verdicts, pending }: StoredEvent, verdict: EventVerdict | undefined): boolean {
  if (verdict === undefined) return true;
  if (verdict === 'unmatched') return !pending && !verdicts.some(({ kind }) => kind === 'matched' || kind === 'held');
  return verdicts.some(({ kind }) => kind === verdict);
}
