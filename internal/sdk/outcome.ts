// What one try of a delivery ended as. The same reason words appear in the history, metrics, logs and `explain`.

/** Why something was not delivered: one closed list, used everywhere. */
export const REASONS = [
  'auth',
  'rate-limited',
  'bad-request',
  'not-found',
  'too-large',
  'server',
  'timeout',
  'network',
  'egress',
  'config',
  'target-gone',
  'suspended',
  'expired',
  'cancelled',
  'bug',
] as const;

export type Reason = (typeof REASONS)[number];

/** A small keyed fact, committed together with the append or settle that learnt it. */
export interface Fact {
  /** What it is about; a lane key, or any opaque key that the provider builds. */
  readonly scope: string;
  readonly key: string;
  readonly value: string;
}

export type Outcome =
  | { readonly kind: 'delivered'; readonly ref?: string; readonly remember?: readonly Fact[]; readonly note?: string }
  | { readonly kind: 'retry'; readonly reason: Reason; readonly message: string; readonly afterMs?: number }
  /** Costs no attempt, never extends the 24 h; `until: 'target-change'` is also tried again every 15 minutes. */
  | { readonly kind: 'deferred'; readonly reason: Reason; readonly message: string; readonly until: DeferredUntil }
  | { readonly kind: 'rejected'; readonly reason: Reason; readonly message: string };

export type DeferredUntil = { readonly afterMs: number } | 'target-change';

/** True where the other side may have acted although no answer says so; what memory holds of the lane is then unknown. */
export function isAmbiguous(outcome: Outcome): boolean {
  return outcome.kind === 'retry' && (outcome.reason === 'timeout' || outcome.reason === 'network');
}

/** The outcome of one try as metrics and history name it. */
export type DeliveryOutcomeLabel = Outcome['kind'] | 'aborted';
