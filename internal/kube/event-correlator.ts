// Keeps Kubernetes Events few, by the rules and numbers of client-go: what repeats is counted up, many different messages of one
// reason become one, and an object that never stops is cut off. Knows no network.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../sdk/ports.ts';

/** What an Event is about. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** One thing to tell about an object. */
export interface Occurrence {
  readonly object: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An occurrence as it is to be written. */
export interface Correlated {
  /** The same for everything that one Event object counts. */
  readonly key: string;
  readonly occurrence: Occurrence;
  /** Above one, the Event exists and is counted up. */
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

interface Similar {
  readonly messages: Set<string>;
  lastMs: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

const REMEMBERED = 4096;
/** From the message with this number on they are one. */
const DISTINCT_MESSAGES = 10;
const SIMILAR_FOR_MS = 600_000;
const BURST = 25;
const TOKEN_EVERY_MS = 300_000;

/** Remembers what was told lately. */
export class EventCorrelator {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #similar = new LRUCache<string, Similar>({ max: REMEMBERED });
  readonly #written = new LRUCache<string, Correlated>({ max: REMEMBERED });
  readonly #buckets = new LRUCache<string, Bucket>({ max: REMEMBERED });

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /** undefined = too much was told about this object. */
  correlate(told: Occurrence): Correlated | undefined {
    const nowMs = this.#clock.nowMs();
    const { key, occurrence } = this.#aggregate(told, nowMs);
    const before = this.#written.get(key);
    const correlated = { key, occurrence, count: (before?.count ?? 0) + 1, firstMs: before?.firstMs ?? nowMs, lastMs: nowMs };
    this.#written.set(key, correlated);
    return this.#takeToken(told, nowMs) ? correlated : undefined;
  }

  #aggregate(told: Occurrence, nowMs: number): { readonly key: string; readonly occurrence: Occurrence } {
    const { message, annotations: _, ...rest } = told;
    const group = JSON.stringify([identityOf(told.object), told.type, told.reason]);
    const known = this.#similar.get(group);
    const similar = known !== undefined && nowMs - known.lastMs <= SIMILAR_FOR_MS ? known : { messages: new Set<string>(), lastMs: nowMs };
    similar.lastMs = nowMs;
    this.#similar.set(group, similar);
    if (similar.messages.size < DISTINCT_MESSAGES - 1) similar.messages.add(message);
    if (similar.messages.has(message)) return { key: JSON.stringify([group, message]), occurrence: told };
    return { key: group, occurrence: { ...rest, message: `(combined from similar events): ${message}` } };
  }

  #takeToken({ object }: Occurrence, nowMs: number): boolean {
    const key = identityOf(object);
    const bucket = this.#buckets.get(key) ?? { tokens: BURST, filledAtMs: nowMs };
    const gained = Math.max(0, nowMs - bucket.filledAtMs) / TOKEN_EVERY_MS;
    const tokens = Math.min(BURST, bucket.tokens + gained);
    const mayTell = tokens >= 1;
    this.#buckets.set(key, { tokens: mayTell ? tokens - 1 : tokens, filledAtMs: nowMs });
    return mayTell;
  }
}

function identityOf({ apiVersion, kind, namespace, name, uid }: ObjectReference): string {
  return JSON.stringify([apiVersion, kind, namespace, name, uid]);
}
