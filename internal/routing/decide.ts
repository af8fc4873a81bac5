// What all Routes say of one Event: pure, without waiting, and at a cost that depends on the candidates alone.
import type { Event } from '../event/event.ts';
import { groupOf } from '../event/metadata.ts';
import { type Pattern, searchCost, SLOWEST_UNIT_MS } from '../expr/pattern.ts';
import type { PlannedDelivery } from '../outbox/store.ts';
import { findObjection, type Inspection } from './checks.ts';
import { Planner } from './plan.ts';
import type { Decision } from './decision.ts';
import type { Candidate, LabelSource, Notice, Snapshot, Verdict } from './route.ts';

/** What a decision may ask besides the Snapshot. */
export interface DecideContext {
  readonly labels: LabelSource;
  readonly noCrossNamespaceRefs: boolean;
  /** Units of searchCost that all searches of one event may take together; DEFAULT_SEARCH_BUDGET when absent. */
  readonly searchBudget?: number;
  /** Milliseconds that never go backwards: searches are then charged what they took and not the most that they could have taken. */
  readonly monotonicMs?: () => number;
}

/** Says whether a pattern is found in the text, or undefined when there is no time to find out. */
export type Search = (pattern: Pattern, text: string) => boolean | undefined;

/** Bounded by about 20 ms for the worst patterns; ordinary ones take a small part of it. */
export const DEFAULT_SEARCH_BUDGET = 1_000_000;

/** What one Route said, and what follows from it. */
export interface RouteDecision {
  readonly verdict: Verdict;
  readonly delivery: PlannedDelivery | null;
  /** What it owes besides, such as the status of a whole commit. */
  readonly alongside: readonly PlannedDelivery[];
  readonly notices: readonly Notice[];
}

/**
 * Decides an event. Without a Snapshot nothing is known about any Route: the one verdict then has a route of empty names
 * (`isWholeEvent`) and stands for all of them; the router decides the event when there is a Snapshot.
 */
export function decide(event: Event, snapshot: Snapshot | null, context: DecideContext): Decision {
  if (snapshot === null) return { verdicts: [withoutSnapshot(event)], deliveries: [], notices: [], revision: '' };
  return decideCandidates(event, snapshot, { context, candidates: snapshot.candidates(event.subject) });
}

/** The same for chosen Routes only, and with another way to search. */
export function decideCandidates(
  event: Event,
  snapshot: Snapshot,
  options: { readonly context: DecideContext; readonly candidates: readonly Candidate[]; readonly search?: Search },
): Decision {
  const { searchBudget, monotonicMs } = options.context;
  const search = options.search ?? toSearch(searchBudget ?? DEFAULT_SEARCH_BUDGET, monotonicMs);
  const verdicts: Verdict[] = [];
  const deliveries: PlannedDelivery[] = [];
  const notices: Notice[] = [];
  const group = groupOf(event.subject.apiVersion);
  const planner = new Planner(event, group);
  for (const candidate of options.candidates) {
    const one = decideRoute({ event, group, planner, candidate, snapshot, context: options.context, search });
    verdicts.push(one.verdict);
    if (one.delivery !== null) deliveries.push(one.delivery, ...one.alongside);
    if (one.notices.length > 0) notices.push(...one.notices);
  }
  return { verdicts, deliveries, notices, revision: snapshot.revision };
}

/** What one Route says. */
export function decideRoute(question: {
  readonly event: Event;
  readonly group: string;
  readonly planner: Planner;
  readonly candidate: Candidate;
  readonly snapshot: Snapshot;
  readonly context: DecideContext;
  readonly search: Search;
}): RouteDecision {
  const { event, group, planner, candidate, snapshot, context, search } = question;
  const { route } = candidate;
  const target = snapshot.targets.get(route.targetKey);
  const inspection: Inspection = {
    event,
    group,
    route,
    target,
    labels: context.labels,
    noCrossNamespaceRefs: context.noCrossNamespaceRefs,
    search,
    selectors: candidate.selectors,
    notices: [],
  };
  const objection = findObjection(inspection);
  const names = { route: route.ref, targetKey: route.targetKey };
  if (objection !== undefined) {
    // An undecided Route is asked again and will then say what it has to say; only a missing Provider is told at first sight.
    const isUndecided = objection.kind === 'pending' && objection.reason !== 'provider-missing';
    return { verdict: { ...names, ...objection }, delivery: null, alongside: [], notices: isUndecided ? [] : inspection.notices };
  }
  if (target === undefined) throw new TypeError('a Route without a Target passed every check');
  const { delivery, alongside, notices } = planner.plan(route, target);
  return { verdict: { ...names, kind: 'matched' }, delivery, alongside, notices: [...inspection.notices, ...notices] };
}

/** True for the verdict that stands for all Routes because no Snapshot was there. */
export function isWholeEvent(verdict: Verdict): boolean {
  return verdict.kind === 'pending' && verdict.reason === 'no-snapshot';
}

function withoutSnapshot(event: Event): Verdict {
  return {
    kind: 'pending',
    reason: 'no-snapshot',
    route: { dialect: event.dialect, tenant: event.tenant, namespace: '', name: '', uid: '' },
    targetKey: '',
    detail: 'no configuration was loaded yet',
  };
}

/**
 * Searches as long as the next search, at its worst, fits into what is left of the budget, in units of searchCost. With a
 * clock an ordinary search costs next to nothing, so that many Alerts may carry expressions.
 */
export function toSearch(budget: number, monotonicMs?: () => number): Search {
  let left = budget;
  return (pattern, text) => {
    const mostUnits = searchCost(pattern, text);
    if (mostUnits > left) return undefined;
    const startMs = monotonicMs?.() ?? 0;
    const found = pattern.test(text);
    left -= monotonicMs === undefined ? mostUnits : Math.min(mostUnits, (monotonicMs() - startMs) / SLOWEST_UNIT_MS);
    return found;
  };
}
