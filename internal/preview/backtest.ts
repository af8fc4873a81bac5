// What edited Alerts would have sent for events that happened, compared with what was sent. Pure; events come one by one, so
// that any number of them fits.
import type { Event } from '../event/event.ts';
import type { DecideContext } from '../routing/decide.ts';
import { tryRoute } from '../routing/explain.ts';
import type { Route, Snapshot, Verdict } from '../routing/route.ts';

/** What became of an event before the edit, as far as anybody knows. */
export interface Before {
  /** The verdict of the Alert of the same name; absent where it had none, which is a drop like any other. */
  readonly verdict?: Verdict;
  /** What was owed for it. */
  readonly delivery?: { readonly targetKey: string; readonly metadata: Readonly<Record<string, string>>; readonly state: string };
}

export type Change = 'added' | 'removed' | 'changed' | 'same' | 'unknown';

/** One event on which the edited Alert and the present one differ, or that both send. */
export interface Comparison {
  readonly change: Change;
  readonly alert: string;
  readonly eventId: string;
  readonly object: string;
  readonly severity: string;
  readonly reason: string;
  readonly message: string;
  /** Why: what the edited Alert says, and what was before. */
  readonly now: string;
  readonly before: string;
}

export interface Totals {
  events: number;
  /** What the edited Alerts would send. */
  sends: number;
  /** What was sent, where that is known. */
  sent: number;
  added: number;
  removed: number;
  changed: number;
  same: number;
  unknown: number;
}

export interface BacktestOptions {
  /** The edited Alerts and the Targets that they may name. */
  readonly snapshot: Snapshot;
  readonly context: DecideContext;
  /** Called for every event that is sent before or after the edit, or about which nobody can say. */
  readonly onComparison: (comparison: Comparison) => void;
}

export interface Backtest {
  /** `before` is undefined where nobody knows what was sent. */
  add(event: Event, before: (route: Route) => Before | undefined): void;
  readonly totals: Readonly<Totals>;
}

/** Starts a comparison over the Routes of the Snapshot. */
export function createBacktest({ snapshot, context, onComparison }: BacktestOptions): Backtest {
  const totals: Totals = { events: 0, sends: 0, sent: 0, added: 0, removed: 0, changed: 0, same: 0, unknown: 0 };
  const routes = [...snapshot.routes.values()];
  return {
    totals,
    add(event, before) {
      totals.events += 1;
      for (const route of routes) {
        const known = before(route);
        const decision = tryRoute(event, route, snapshot, context);
        const { verdict, delivery } = decision;
        const isSent = verdict.kind === 'matched';
        const wasSent = known?.delivery !== undefined || known?.verdict?.kind === 'matched';
        if (isSent) totals.sends += 1;
        if (wasSent) totals.sent += 1;
        const change = toChange({
          verdict,
          wasSent,
          isKnown: known !== undefined,
          hasChanged: () => differs(known, route, delivery?.metadata),
        });
        if (change === undefined) continue;
        totals[change] += 1;
        onComparison(toComparison(change, event, route, { verdict, known }));
      }
    },
  };
}

function toChange(facts: {
  readonly verdict: Verdict;
  readonly wasSent: boolean;
  readonly isKnown: boolean;
  readonly hasChanged: () => boolean;
}): Change | undefined {
  const { verdict, wasSent, isKnown, hasChanged } = facts;
  if (verdict.kind === 'pending') return 'unknown';
  if (verdict.kind !== 'matched') return wasSent ? 'removed' : undefined;
  if (!isKnown || !wasSent) return 'added';
  return hasChanged() ? 'changed' : 'same';
}

/** Sent both times, but to another Provider or with other metadata. */
function differs(known: Before | undefined, route: Route, metadata: Readonly<Record<string, string>> | undefined): boolean {
  const { delivery } = known ?? {};
  if (!isSameTarget(known, route)) return true;
  return delivery !== undefined && metadata !== undefined && !isSameRecord(delivery.metadata, metadata);
}

function isSameTarget(known: Before | undefined, { targetKey }: Route): boolean {
  return (known?.delivery?.targetKey ?? known?.verdict?.targetKey) === targetKey;
}

function isSameRecord(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && left[key] === right[key]);
}

function toComparison(
  change: Change,
  event: Event,
  route: Route,
  { verdict, known }: { readonly verdict: Verdict; readonly known: Before | undefined },
): Comparison {
  const { kind, namespace, name } = event.subject;
  const { severity, reason, message } = event.flux;
  return {
    change,
    alert: `${route.ref.namespace}/${route.ref.name}`,
    eventId: event.id,
    object: `${kind}/${namespace}/${name}`,
    severity,
    reason,
    message,
    now: change === 'changed' && isSameTarget(known, route) ? `${inWords(verdict)} with other metadata` : inWords(verdict),
    before: beforeInWords(known),
  };
}

function beforeInWords(known: Before | undefined): string {
  if (known === undefined) return 'not known';
  if (known.delivery !== undefined) return `${known.delivery.state}, to ${withoutDialect(known.delivery.targetKey)}`;
  return known.verdict === undefined ? 'not a candidate' : inWords(known.verdict);
}

function inWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'matched':
      return `sent to ${withoutDialect(verdict.targetKey)}`;
    case 'held':
      return `held in ${verdict.bucket}`;
    case 'dropped':
    case 'muted':
    case 'pending':
      return `${verdict.kind} (${verdict.reason})`;
    default:
      return verdict satisfies never;
  }
}

function withoutDialect(key: string): string {
  return key.split('/').slice(2).join('/');
}
