// The life of a delivery as one table: what was, what happened, what is next. STATES.md draws it; a test holds both together.
// Pure: the adapter stores the result and owns lanes, leases and memory.
import type { Outcome, Reason } from '../sdk/outcome.ts';
import {
  clampRetryAfterMs,
  FREE_DEFERRALS,
  MAX_ATTEMPTS,
  NOT_FOUND_GRACE_MS,
  patienceMs,
  retryDelayMs,
  TARGET_CHANGE_RETRY_MS,
  TARGET_GONE_GRACE_MS,
} from './schedule.ts';
import type { DeliveryState } from './store.ts';

export type Due = 'now' | 'schedule' | 'as asked' | 'in 15 minutes' | 'never';

export interface Transition {
  readonly from: DeliveryState | 'end';
  readonly event: string;
  readonly to: DeliveryState;
  readonly due: Due;
}

/** Every step that a delivery can take; `end` stands for each of the four ends. */
export const TRANSITIONS = {
  lease: { from: 'waiting', event: 'leased by a worker', to: 'leased', due: 'never' },
  supersede: { from: 'waiting', event: 'a newer one of its lane arrives, or the backlog rule folds it', to: 'superseded', due: 'never' },
  expire: { from: 'waiting', event: '24 h after acceptance', to: 'dead', due: 'never' },
  cancelWaiting: { from: 'waiting', event: 'cancelled by a person', to: 'cancelled', due: 'never' },
  delivered: { from: 'leased', event: 'delivered', to: 'delivered', due: 'never' },
  retry: { from: 'leased', event: 'retry', to: 'waiting', due: 'schedule' },
  retryAfter: { from: 'leased', event: 'retry with a time', to: 'waiting', due: 'as asked' },
  retryNotFound: { from: 'leased', event: 'retry not-found, first 10 minutes', to: 'waiting', due: 'schedule' },
  notFound: { from: 'leased', event: 'retry not-found, later', to: 'dead', due: 'never' },
  exhausted: { from: 'leased', event: 'retry, the 200th', to: 'dead', due: 'never' },
  defer: { from: 'leased', event: 'deferred for a time', to: 'waiting', due: 'as asked' },
  deferChange: { from: 'leased', event: 'deferred until the Target changes', to: 'waiting', due: 'in 15 minutes' },
  targetGone: { from: 'leased', event: 'deferred target-gone for 1 h', to: 'dead', due: 'never' },
  outdated: { from: 'leased', event: 'retry or deferred while a newer one of a newest lane is known', to: 'superseded', due: 'never' },
  rejected: { from: 'leased', event: 'rejected', to: 'dead', due: 'never' },
  release: { from: 'leased', event: 'released, or its lease ran out or was left by a crash', to: 'waiting', due: 'now' },
  cancelLeased: { from: 'leased', event: 'cancelled by a person while it is sent', to: 'cancelled', due: 'never' },
  replay: { from: 'end', event: 'replayed by a person', to: 'waiting', due: 'now' },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof TRANSITIONS;

/** What the store knows of a leased delivery when its try ends. */
export interface Tried {
  readonly nowMs: number;
  readonly expiresAtMs: number;
  /** Tries that counted before this one. */
  readonly attempts: number;
  /** Tries before this one that did not count; 0 when absent. */
  readonly deferrals?: number;
  /** When the first try ended; null when this is it. */
  readonly firstTryMs: number | null;
  /** Since when the Target is gone; null when it was there at the last try. */
  readonly goneSinceMs: number | null;
  /** A newer one of its `newest` lane waits, is being sent or was delivered. */
  readonly isOutdated: boolean;
  readonly random: number;
}

export interface Step {
  readonly name: TransitionName;
  readonly state: DeliveryState;
  readonly dueAtMs: number | null;
  readonly attempts: number;
  readonly goneSinceMs: number | null;
  /** What it waits for: its schedule, a moment that was asked for, or a change of its Target. */
  readonly waitsFor: 'schedule' | 'time' | 'target-change';
  readonly reason: Reason | null;
  readonly message: string | null;
}

/** What one try makes of a leased delivery. A due time never lies behind the end of its life: there it expires. */
export function settle(outcome: Outcome, tried: Tried): Step {
  const name = chooseTransition(outcome, tried);
  const { to, due } = TRANSITIONS[name];
  const counts = outcome.kind !== 'deferred';
  const attempts = tried.attempts + (counts ? 1 : 0);
  return {
    name,
    state: to,
    dueAtMs: to === 'waiting' ? Math.min(tried.expiresAtMs, tried.nowMs + pauseMs(due, outcome, attempts, tried)) : null,
    attempts,
    goneSinceMs: isGone(outcome) ? (tried.goneSinceMs ?? tried.nowMs) : null,
    waitsFor: due === 'in 15 minutes' ? 'target-change' : due === 'as asked' ? 'time' : 'schedule',
    reason: outcome.kind === 'delivered' ? null : outcome.reason,
    message: outcome.kind === 'delivered' ? null : outcome.message,
  };
}

function chooseTransition(outcome: Outcome, tried: Tried): TransitionName {
  if (outcome.kind === 'delivered') return 'delivered';
  if (outcome.kind === 'rejected') return 'rejected';
  if (tried.isOutdated) return 'outdated';
  if (outcome.kind === 'deferred') {
    if (isGone(outcome) && tried.goneSinceMs !== null && tried.nowMs - tried.goneSinceMs >= TARGET_GONE_GRACE_MS) return 'targetGone';
    return outcome.until === 'target-change' ? 'deferChange' : 'defer';
  }
  if (tried.attempts + 1 >= MAX_ATTEMPTS) return 'exhausted';
  if (outcome.reason === 'not-found') {
    return tried.nowMs - (tried.firstTryMs ?? tried.nowMs) >= NOT_FOUND_GRACE_MS ? 'notFound' : 'retryNotFound';
  }
  return outcome.afterMs === undefined ? 'retry' : 'retryAfter';
}

function isGone(outcome: Outcome): boolean {
  return outcome.kind === 'deferred' && outcome.reason === 'target-gone';
}

function pauseMs(due: Due, outcome: Outcome, attempts: number, { deferrals = 0, random }: Tried): number {
  if (due === 'schedule') return retryDelayMs(attempts, random);
  if (due === 'as asked') {
    const leastMs = isOverloaded(outcome) && deferrals >= FREE_DEFERRALS ? patienceMs(deferrals + 1, random) : 0;
    return Math.max(leastMs, clampRetryAfterMs(askedMs(outcome)));
  }
  return due === 'in 15 minutes' ? TARGET_CHANGE_RETRY_MS : 0;
}

/** It costs no attempt and pauses no Target, so that a server that is down and says "in a second" would be asked every second for a day. */
function isOverloaded(outcome: Outcome): boolean {
  return outcome.kind === 'deferred' && outcome.reason === 'server';
}

function askedMs(outcome: Outcome): number {
  if (outcome.kind === 'retry') return outcome.afterMs ?? 0;
  if (outcome.kind === 'deferred' && outcome.until !== 'target-change') return outcome.until.afterMs;
  return 0;
}
