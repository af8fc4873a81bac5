// What the port's methods come to: operations that are committed in batches, and their answers, as flat rows of text and
// numbers that are cheap to clone and the same for every store.
import type { Outcome, Fact, Reason } from '../sdk/outcome.ts';
import type { Recollection } from '../sdk/provider.ts';
import type { TallyWord } from '../sdk/tally.ts';
import type {
  AppendResult,
  CancelRequest,
  CancelResult,
  DeliveryFilter,
  EventFilter,
  MaintenanceReport,
  ReplayRequest,
  ReplayResult,
  SettleResult,
  StoreError,
  StoreStats,
  TallyEntry,
  TargetState,
} from './store.ts';

/** A failure in words that can cross to another thread. */
export interface Failure {
  readonly code: StoreError['code'];
  readonly message: string;
}

/** One planned delivery; `plan` is the JSON of what only people and senders read. */
export interface DeliveryInput {
  readonly id: string;
  readonly targetKey: string;
  readonly routeKey: string;
  readonly concurrency: number;
  readonly ratePerSecond: number | null;
  readonly lane: string;
  readonly newest: boolean;
  readonly latest: boolean;
  readonly plan: string;
  readonly tally: TallyEntry | null;
}

export interface EventInput {
  /** The event's columns in the order of the table, from `id` on without the times that the store sets. */
  readonly columns: readonly (string | number | null)[];
  readonly occurredMs: number | null;
  readonly dedupKey: string | null;
  readonly dedupWindowMs: number;
  readonly isPending: boolean;
  readonly deliveries: readonly DeliveryInput[];
  readonly remember: readonly Fact[] | null;
}

export interface ResolutionInput {
  readonly eventId: string;
  /** JSON of the new verdicts. */
  readonly verdicts: string;
  readonly deliveries: readonly DeliveryInput[];
  readonly revision: string;
  readonly retryAfterMs: number;
  readonly dead: readonly { readonly delivery: DeliveryInput; readonly reason: Reason; readonly message: string }[];
}

export interface SettlementInput {
  readonly id: string;
  readonly token: number;
  readonly outcome: Outcome;
  /** JSON of the attempt record. */
  readonly attempt: string;
  readonly durationMs: number;
  readonly forget: readonly string[];
  readonly remember: readonly Fact[];
  readonly random: number;
}

export type LeaseKey = readonly [id: string, token: number];

export type Operation =
  | { readonly kind: 'append'; readonly entries: readonly EventInput[] }
  | { readonly kind: 'resolve'; readonly entries: readonly ResolutionInput[] }
  | { readonly kind: 'pending'; readonly limit: number; readonly all: boolean }
  | { readonly kind: 'settle'; readonly entries: readonly SettlementInput[] }
  | { readonly kind: 'release'; readonly leases: readonly LeaseKey[] }
  | { readonly kind: 'recall'; readonly scope: string; readonly key: string }
  | { readonly kind: 'tally'; readonly lane: string }
  | { readonly kind: 'wake'; readonly targetKeys: readonly string[] }
  | { readonly kind: 'load'; readonly ids: readonly string[] }
  | { readonly kind: 'deliveries'; readonly filter: DeliveryFilter; readonly fromSeq: number | null }
  | { readonly kind: 'event'; readonly id: string }
  | { readonly kind: 'events'; readonly filter: EventFilter; readonly fromSeq: number | null }
  | { readonly kind: 'targets' }
  | { readonly kind: 'stats' }
  | ({ readonly kind: 'replay' } & ReplayRequest)
  | ({ readonly kind: 'cancel' } & CancelRequest)
  | { readonly kind: 'maintain' };

export type Row = Readonly<Record<string, string | number | null>>;

export interface DeliveryRows {
  readonly delivery: Row;
  readonly attempts: readonly Row[];
  readonly decisions: readonly Row[];
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** Where the next slice begins; null when everything was looked at. */
  readonly nextSeq: number | null;
}

/** What each operation answers. */
export interface Answers {
  append: readonly AppendResult[];
  resolve: null;
  pending: readonly Row[];
  settle: readonly SettleResult[];
  release: null;
  recall: Recollection | null;
  tally: readonly TallyWord[];
  wake: null;
  load: readonly (DeliveryRows & { readonly event: Row })[];
  deliveries: Page<DeliveryRows>;
  event: Row | null;
  events: Page<Row>;
  targets: readonly TargetState[];
  stats: Omit<StoreStats, 'persistent'>;
  replay: readonly ReplayResult[];
  cancel: readonly CancelResult[];
  maintain: MaintenanceReport;
}

export type Answer = Answers[Operation['kind']];

/** A delivery that was just leased; the facade adds what it still remembers of the append, or loads it. */
export interface LeaseRow {
  readonly id: string;
  readonly token: number;
  readonly precededBy: number;
  readonly expiresMs: number;
  /** By the clock of the store, at the lease. */
  readonly expiresInMs: number;
  readonly createdMs: number;
  readonly tries: number;
  readonly outOfOrder: boolean;
}

export interface Poll {
  readonly id: number;
  readonly limit: number;
  readonly room?: number;
  readonly leaseMs: number;
}

export type Result = { readonly ok: true; readonly value: Answer } | { readonly ok: false; readonly failure: Failure };

/** Everything that was asked for in one tick. */
export interface Batch {
  readonly operations: readonly Operation[];
  readonly polls: readonly Poll[];
  readonly cancelledPolls: readonly number[];
}

export interface BatchReply {
  readonly results: readonly Result[];
  readonly served: readonly { readonly pollId: number; readonly leases: readonly LeaseRow[] }[];
  /** When a standing lease request could be served without anything else happening; null = not by itself. */
  readonly wakeAtMs: number | null;
}
