// The port of the outbox: asynchronous, batched, clocked by the store.
//
// Callers never say when: they hand in durations, and the store adds its own time, so that many replicas on one
// PostgreSQL agree. Every method may be called concurrently; an adapter is free to commit the calls of one tick together,
// in the order in which they were made. What resolves is durable. What rejects with StoreError did not happen.
import type { Event, Metadata } from '../event/event.ts';
import type { Verdict } from '../routing/route.ts';
import type { DeliveryOutcomeLabel, Fact, Outcome, Reason } from '../sdk/outcome.ts';
import type { Recollection } from '../sdk/provider.ts';
import type { TallyWord } from '../sdk/tally.ts';
import type { ObjectRef } from '../sdk/target.ts';

export const DELIVERY_STATES = ['waiting', 'leased', 'delivered', 'superseded', 'cancelled', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What a Target's deliveries have in common; stored with the Target, the last writer wins. */
export interface TargetPolicy {
  /** Sends at a time; the store may lease more of a Target that answers quickly, and the worker sends no more than this. */
  readonly concurrency: number;
  /** Sends per second after a pause or at any time; absent = unlimited. */
  readonly ratePerSecond?: number;
}

/** How deliveries of one lane relate. */
export interface Lane {
  readonly key: string;
  /** `ordered`: in order, a failing head holds for 2 minutes. `newest`: a newer one supersedes older waiting ones. */
  readonly policy: 'ordered' | 'newest';
  /** What the backlog rule does with deliveries that waited more than 15 minutes. */
  readonly backlog: 'all' | 'latest';
}

/** What a delivery says of one member of a count that the store keeps with its lane; decisions/0008 tells how. */
export interface TallyEntry {
  /** Lanes that follow one another, such as those of one context over all commits. */
  readonly series: string;
  /** Which of the series the lane is about, such as the commit. */
  readonly revision: string;
  /** Whose word it is; the newest of each member stands. */
  readonly member: string;
  /** Opaque to the store. */
  readonly word: string;
  /**
   * Something more is to follow. A later word that is not open closes what the same member left open in older revisions:
   * each of their lanes gets a delivery that says so, in the same commit.
   */
  readonly isOpen: boolean;
  /**
   * `member`: the delivery says what its event says. `lane`: it says what all members come to when it is sent; it waits a
   * moment for others of its lane, in which the last to arrive is the newest.
   */
  readonly speaksFor: 'member' | 'lane';
}

/** What `plan` decides is owed. */
export interface PlannedDelivery {
  readonly route: ObjectRef;
  readonly target: ObjectRef;
  readonly type: string;
  /** An opaque recipient that the provider validates; empty when the Target is the recipient. */
  readonly destination: string;
  readonly lane: Lane;
  readonly policy: TargetPolicy;
  /** The event's metadata after combination with the Route's (flux.md 2.8). */
  readonly metadata: Metadata;
  /** The commit status context, where the provider takes one and it could be computed. */
  readonly statusId?: string;
  readonly tally?: TallyEntry;
}

/** One event with everything that was decided about it; committed as a whole. */
export interface Append {
  readonly event: Event;
  /** One per candidate that the index gave. */
  readonly verdicts: readonly Verdict[];
  readonly deliveries: readonly PlannedDelivery[];
  /** Revision of the Snapshot that decided. */
  readonly revision: string;
  readonly remember?: readonly Fact[];
}

export interface AppendResult {
  readonly outcome: 'accepted' | 'duplicate';
  /** The id of the stored event; for a duplicate the id of the first one. */
  readonly eventId: string;
  /** End of the dedup window, in milliseconds since the epoch; 0 for an event without dedup key. */
  readonly resetAtMs: number;
}

/** Settles verdicts that were pending; the deliveries that came of it are appended in the same commit. */
export interface Resolution {
  readonly eventId: string;
  /** Replaces the verdicts of the same routes; those left pending stay. */
  readonly verdicts: readonly Verdict[];
  readonly deliveries: readonly PlannedDelivery[];
  readonly revision: string;
  /** Ask again after this long when some verdict is still pending. */
  readonly retryAfterMs: number;
  /** Routes that stayed pending for 24 h: each becomes a dead letter with this reason. */
  readonly dead?: readonly { readonly delivery: PlannedDelivery; readonly reason: Reason; readonly message: string }[];
}

export interface PendingEvent {
  readonly event: Event;
  readonly verdicts: readonly Verdict[];
  readonly ageMs: number;
}

export interface LeaseRequest {
  /** Names this process; stable while it lives, different after a restart. */
  readonly owner: string;
  readonly limit: number;
  /** How many more the process can hold; the scarcer that is, the fewer a store leases it of one Target. Absent = it does not say. */
  readonly room?: number;
  /** How long the lease holds before another process may take the delivery. */
  readonly leaseMs: number;
  /** Resolves with what there is as soon as there is something, and with nothing after this long. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** A delivery in the hands of one worker. */
export interface Lease {
  readonly delivery: Delivery;
  /** Fencing token: a settle with an older one is refused. */
  readonly token: number;
  readonly event: Event;
  /** Deliveries of the same lane that the backlog rule ended in favour of this one. */
  readonly precededBy: number;
  /** Milliseconds left until the delivery expires, by the store's clock. */
  readonly expiresInMs: number;
  /** How long it has been waiting since it was accepted. */
  readonly ageMs: number;
}

/** One try, redacted before it gets here. */
export interface AttemptRecord {
  readonly durationMs: number;
  readonly outcome: DeliveryOutcomeLabel;
  readonly reason?: Reason;
  readonly message?: string;
  readonly note?: string;
  /** The exchanges of the try; addresses as scheme and host, bodies of at most 4 KiB. */
  readonly exchanges: readonly Exchange[];
}

export interface Exchange {
  readonly method: string;
  /** Scheme, host and port; never a path or query, which can be credentials. */
  readonly origin: string;
  readonly requestBytes: number;
  readonly requestBody?: string;
  readonly status?: number;
  readonly responseBody?: string;
  readonly error?: string;
}

/** An attempt as stored. */
export interface Attempt extends AttemptRecord {
  /** Counts from 1 over the delivery's whole life. */
  readonly number: number;
  readonly atMs: number;
}

export interface Settlement {
  readonly deliveryId: string;
  readonly token: number;
  readonly outcome: Outcome;
  readonly attempt: AttemptRecord;
  /** Scopes of memory that can no longer be trusted (an ambiguous outcome). */
  readonly forget?: readonly string[];
  /** Facts of a try that was not delivered, such as which of its requests are done; a delivered outcome carries its own. */
  readonly remember?: readonly Fact[];
}

export interface SettleResult {
  /** `fenced`: the lease was no longer this worker's; nothing was written but that the lane's memory is unknown. */
  readonly result: 'settled' | 'fenced';
  readonly state: DeliveryState;
  /** When it is tried next; null for ends. */
  readonly dueAtMs: number | null;
  /** The Target's breaker after this settle. */
  readonly breaker: 'closed' | 'opened' | 'open' | 'recovered';
}

export interface Delivery {
  /** UUIDv7; the value of the `Tocsin-Delivery` header. */
  readonly id: string;
  readonly eventId: string;
  readonly route: ObjectRef;
  readonly target: ObjectRef;
  readonly type: string;
  readonly destination: string;
  readonly part: number;
  readonly lane: Lane;
  readonly state: DeliveryState;
  readonly metadata: Metadata;
  readonly statusId?: string;
  readonly tally?: Pick<TallyEntry, 'revision' | 'speaksFor'> & {
    /** The revision in favour of which it closes an older one; absent for a delivery about its own event. */
    readonly closedBy?: string;
  };
  readonly createdAtMs: number;
  /** When it is tried next, while waiting. */
  readonly dueAtMs: number | null;
  readonly expiresAtMs: number;
  /** Tries that count; a deferral does not. */
  readonly attempts: number;
  /** The lane's head failed for 2 minutes and no longer holds the ones behind it. */
  readonly outOfOrder: boolean;
  /** Why it ended, or why it waits. */
  readonly reason?: Reason;
  readonly message?: string;
  readonly endedAtMs: number | null;
  /** First 3 and last 7. */
  readonly history: readonly Attempt[];
  /** What people decided about it, oldest first, the last 10; absent while nobody did. */
  readonly decisions?: readonly PersonsDecision[];
  readonly subject: { readonly kind: string; readonly namespace: string; readonly name: string };
}

/** Somebody sent a delivery once more, or stopped it. */
export interface PersonsDecision {
  readonly kind: 'replay' | 'cancel';
  readonly atMs: number;
  readonly by: string;
  readonly forced: boolean;
  /** The state that it was found in, and why it had ended or was waiting. */
  readonly from: DeliveryState;
  readonly reason?: Reason;
}

export interface DeliveryFilter {
  readonly ids?: readonly string[];
  readonly states?: readonly DeliveryState[];
  readonly targetKey?: string;
  readonly routeKey?: string;
  readonly eventId?: string;
  readonly subject?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
  readonly reason?: Reason;
  readonly olderThanMs?: number;
  readonly youngerThanMs?: number;
  /** Ended, or decided about by a person, within this time. */
  readonly changedWithinMs?: number;
  readonly limit: number;
  /** Delivery id of the last row of the page before. */
  readonly after?: string;
  /** By acceptance; `newest` when absent. */
  readonly order?: 'newest' | 'oldest';
  /** False: the history and the decisions stay empty, which makes a page small. */
  readonly withHistory?: boolean;
}

export interface StoredEvent {
  readonly event: Event;
  readonly acceptedAtMs: number;
  readonly verdicts: readonly Verdict[];
  readonly revision: string;
  /** Some verdict is still pending. */
  readonly pending: boolean;
}

/** What came of the matching: some Route said so; `unmatched` when it is decided and no Route took the event. */
export const EVENT_VERDICTS = ['matched', 'unmatched', 'dropped', 'muted', 'held', 'pending'] as const;
export type EventVerdict = (typeof EVENT_VERDICTS)[number];

export interface EventFilter {
  readonly subject?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
  /** The sender's `reason`, exactly. */
  readonly reason?: string;
  /** The sender's `severity`, exactly. */
  readonly severity?: string;
  readonly olderThanMs?: number;
  readonly youngerThanMs?: number;
  readonly pending?: boolean;
  readonly verdict?: EventVerdict;
  readonly limit: number;
  /** Event id of the last row of the page before. */
  readonly after?: string;
  /** By acceptance; `newest` when absent. */
  readonly order?: 'newest' | 'oldest';
}

export interface TargetState {
  readonly key: string;
  readonly waiting: number;
  readonly leased: number;
  readonly dead: number;
  /** Paused by the breaker until then; null = running. */
  readonly pausedUntilMs: number | null;
  readonly failures: number;
  readonly oldestWaitingMs: number | null;
}

export interface StoreStats {
  readonly states: Readonly<Record<DeliveryState, number>>;
  readonly events: number;
  readonly pendingEvents: number;
  readonly bytes: number;
  readonly writable: boolean;
  /** Why it is not writable. */
  readonly problem?: string;
  /** The directory is not a mount of its own and lies on a temporary file system. */
  readonly persistent: boolean;
}

/** A delivery that the store ended by itself: expired, superseded, cancelled, or never decided. */
export interface StoreEnd {
  readonly deliveryId: string;
  readonly eventId: string;
  /** How its event arrived. */
  readonly origin: string;
  readonly subject: Delivery['subject'];
  readonly type: string;
  readonly route: ObjectRef;
  readonly target: ObjectRef;
  readonly state: DeliveryState;
  /** Empty where the end needs no reason. */
  readonly reason: string;
  readonly message: string;
  readonly ageMs: number;
}

export interface MaintenanceReport {
  /** What ended without a settle since the last report, at most a thousand at a time; a crash forgets what was not reported. */
  readonly ended: readonly StoreEnd[];
  readonly expired: number;
  readonly pruned: number;
  readonly recovered: number;
  readonly clockJumpMs: number;
}

export interface ReplayRequest {
  readonly ids: readonly string[];
  /** Sends a status or comment also when a newer one of its lane is known. */
  readonly force: boolean;
  readonly by: string;
  /** Only say what would happen. */
  readonly dryRun?: boolean;
}

export interface CancelRequest {
  readonly ids: readonly string[];
  readonly by: string;
  readonly dryRun?: boolean;
}

/** `outdated`: a newer one of its lane is known, it ends (or stays) ended; `live`: it has not ended; `unknown`: there is none. */
export type ReplayResult = 'requeued' | 'outdated' | 'live' | 'unknown';
export type CancelResult = 'cancelled' | 'ended' | 'unknown';

export interface Outbox {
  append(entries: readonly Append[]): Promise<readonly AppendResult[]>;
  /** Events with pending verdicts that are due to be looked at; `all` ignores when. Oldest first. */
  pending(request: { readonly limit: number; readonly all?: boolean }): Promise<readonly PendingEvent[]>;
  resolve(entries: readonly Resolution[]): Promise<void>;

  lease(request: LeaseRequest): Promise<readonly Lease[]>;
  /** One result per settlement, in order. */
  settle(entries: readonly Settlement[]): Promise<readonly SettleResult[]>;
  /** Gives leases back untouched: nothing was sent, no attempt counts. */
  release(leases: readonly { readonly deliveryId: string; readonly token: number }[]): Promise<void>;
  recall(scope: string, key: string): Promise<Recollection | undefined>;
  /** The newest words of the members of a lane, in order of their names. */
  tally(lane: string): Promise<readonly TallyWord[]>;
  /** The configuration of these Targets changed: what was deferred for it is due now, and the breaker probes now. */
  wake(targetKeys: readonly string[]): Promise<void>;

  delivery(id: string): Promise<Delivery | undefined>;
  deliveries(filter: DeliveryFilter): Promise<readonly Delivery[]>;
  event(id: string): Promise<StoredEvent | undefined>;
  events(filter: EventFilter): Promise<readonly StoredEvent[]>;
  targets(): Promise<readonly TargetState[]>;
  stats(): Promise<StoreStats>;

  /** A person's decision, recorded with who made it; they go in the order of the ids. One result per id, in order. */
  replay(request: ReplayRequest): Promise<readonly ReplayResult[]>;
  /** What is being sent at this moment may still arrive. One result per id, in order. */
  cancel(request: CancelRequest): Promise<readonly CancelResult[]>;

  /** One small step of expiry, lease recovery, lane release and pruning; call it every second or so. */
  maintain(): Promise<MaintenanceReport>;
  close(): Promise<void>;
}

/** The store could not do it; `code` says whether trying again can help. */
export class StoreError extends Error {
  readonly code: 'full' | 'read-only' | 'locked' | 'newer' | 'corrupt' | 'io' | 'closed' | 'busy';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
