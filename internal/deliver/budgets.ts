// Vendors' budgets, kept per (API base, credential): after one answer says "too many", every Target that shares both waits
// for the reset instead of asking again. In memory: a restart learns it anew from the next answer.
import { createHash } from 'node:crypto';
import type { Clock } from '../sdk/ports.ts';
import type { ResolvedConfig } from '../sdk/provider.ts';
import { clampAfterMs } from './interpret.ts';

const MAX_BUDGETS = 10_000;
/** A day, which is how long a delivery may wait. */
const LONGEST_AGE_MS = 86_400_000;
/** After a reset those that waited come back in order of their age, over this time. */
const QUEUE_MS = 30_000;
/** So much too early is early enough: the store's clock and ours differ by roundings. */
const TOLERANCE_MS = 100;

/** A request that was not made because the vendor's budget is spent. */
export class BudgetSpent extends Error {
  readonly afterMs: number;

  constructor(afterMs: number) {
    super('the vendor asked to wait');
    this.name = 'BudgetSpent';
    this.afterMs = afterMs;
  }
}

export interface Budgets {
  /**
   * Throws BudgetSpent while the budget of this address and credential is spent. Many Targets may share it, and what it is good
   * for next goes to the oldest of their deliveries, not to whichever Target is asked first.
   */
  check(url: string, config: ResolvedConfig, ageMs: number): void;
  /** The vendor asked to wait; a reset further away than 1 h counts as 1 h. */
  exhaust(url: string, config: ResolvedConfig, afterMs: number): void;
}

/** An empty registry of budgets. */
export function createBudgets(clock: Pick<Clock, 'monotonicMs'>): Budgets {
  const resets = new Map<string, number>();
  return {
    check(url, config, ageMs) {
      if (resets.size === 0) return;
      const key = toBudgetKey(url, config);
      const resetMs = resets.get(key);
      if (resetMs === undefined) return;
      const afterMs = resetMs - clock.monotonicMs();
      const placeMs = toPlaceMs(ageMs + afterMs);
      if (afterMs > 0) throw new BudgetSpent(clampAfterMs(afterMs) + placeMs);
      // Who comes new just after the reset does not go before those that have waited for it.
      if (afterMs + placeMs > TOLERANCE_MS) throw new BudgetSpent(clampAfterMs(afterMs + placeMs));
      if (afterMs <= -QUEUE_MS) resets.delete(key);
    },
    exhaust(url, config, afterMs) {
      if (resets.size >= MAX_BUDGETS) dropOldest(resets);
      resets.set(toBudgetKey(url, config), clock.monotonicMs() + clampAfterMs(afterMs));
    },
  };
}

/** How much later than the oldest possible delivery one of this age comes back. */
function toPlaceMs(ageMs: number): number {
  return Math.round(QUEUE_MS * (1 - Math.min(1, Math.max(0, ageMs) / LONGEST_AGE_MS)));
}

function dropOldest(resets: Map<string, number>): void {
  for (const key of resets.keys()) {
    resets.delete(key);
    return;
  }
}

function toBudgetKey(url: string, config: ResolvedConfig): string {
  return `${toOrigin(url)} ${credentialHash(config)}`;
}

/** Scheme, host and port of an address; empty when it cannot be read. */
export function toOrigin(url: string): string {
  if (!URL.canParse(url)) return '';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** Names a credential without holding it. The address counts: the path of an incoming webhook is its credential. */
export function credentialHash(config: ResolvedConfig): string {
  const { token, username, password, headers, secret } = config;
  const hasCredential = token !== '' || password !== '' || Object.keys(headers).length > 0 || Object.keys(secret).length > 0;
  const material = hasCredential ? [token, username, password, headers, secret] : [config.address];
  return createHash('sha256').update(JSON.stringify(material)).digest('base64url');
}
