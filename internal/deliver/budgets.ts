// Vendors' budgets, kept per (API base, credential): after one answer says "too many", every Target that shares both waits
// for the reset instead of asking again. In memory: a restart learns it anew from the next answer.
import { createHash } from 'node:crypto';
import type { Clock } from '../sdk/ports.ts';
import type { ResolvedConfig } from '../sdk/provider.ts';
import { clampAfterMs } from './interpret.ts';

const MAX_BUDGETS = 10_000;

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
  /** Throws BudgetSpent while the budget of this address and credential is spent. */
  check(url: string, config: ResolvedConfig): void;
  /** The vendor asked to wait; a reset further away than 1 h counts as 1 h. */
  exhaust(url: string, config: ResolvedConfig, afterMs: number): void;
}

/** An empty registry of budgets. */
export function createBudgets(clock: Pick<Clock, 'monotonicMs'>): Budgets {
  const resets = new Map<string, number>();
  return {
    check(url, config) {
      if (resets.size === 0) return;
      const key = toBudgetKey(url, config);
      const resetMs = resets.get(key);
      if (resetMs === undefined) return;
      const afterMs = resetMs - clock.monotonicMs();
      if (afterMs > 0) throw new BudgetSpent(clampAfterMs(afterMs));
      resets.delete(key);
    },
    exhaust(url, config, afterMs) {
      if (resets.size >= MAX_BUDGETS) dropOldest(resets);
      resets.set(toBudgetKey(url, config), clock.monotonicMs() + clampAfterMs(afterMs));
    },
  };
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
