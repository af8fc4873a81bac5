// Why a Route did or did not match, also for Routes that the index would never have given, and what would have passed.
import type { Event } from '../event/event.ts';
import { groupOf } from '../event/metadata.ts';
import { type DecideContext, decideRoute, DEFAULT_SEARCH_BUDGET, type RouteDecision, type Search, toSearch } from './decide.ts';
import { Planner } from './plan.ts';
import { closenessOf, type NamesakeTargets, remedyOf, toNamesakes } from './remedy.ts';
import type { Route, Snapshot, Verdict } from './route.ts';

/** Twenty times what an event may take on its way in; a person waits, but so does everybody else. */
const SEARCH_BUDGET = 20 * DEFAULT_SEARCH_BUDGET;
/** For all Routes together: ten thousand ordinary expressions fit, and the worst ones cannot hold the program up for long. */
const SHARED_SEARCH_BUDGET = 200 * DEFAULT_SEARCH_BUDGET;

/** The verdict of one Route, for people. */
export type Explained = Verdict & {
  /** What would have passed the check that stopped it; absent for a match. */
  readonly remedy?: string;
  /** How near to a match, for sorting; 1 and more is worth showing one by one. */
  readonly closeness: number;
};

/** What any Route says, candidate or not, with the words of the first check that it did not pass. */
export function tryRoute(event: Event, route: Route, snapshot: Snapshot, context: DecideContext): RouteDecision {
  const group = groupOf(event.subject.apiVersion);
  return tryWith({ event, group, planner: new Planner(event, group), snapshot, context, search: toSearch(SEARCH_BUDGET) }, route);
}

/** The verdict of any Route. */
export function explainRoute(event: Event, route: Route, snapshot: Snapshot, context: DecideContext): Verdict {
  return tryRoute(event, route, snapshot, context).verdict;
}

/** What every Route of the Snapshot says, the nearest to a match first. All of them share one budget of work. */
export function explainEvent(event: Event, snapshot: Snapshot, context: DecideContext): readonly Explained[] {
  const group = groupOf(event.subject.apiVersion);
  const planner = new Planner(event, group);
  const question = { event, group, planner, snapshot, context, search: toSearch(SHARED_SEARCH_BUDGET) };
  let namesakes: NamesakeTargets | undefined;
  const explained = [...snapshot.routes.values()].map((route): Explained => {
    const { verdict } = tryWith(question, route);
    const closeness = closenessOf(verdict, event, route);
    if (verdict.kind === 'matched') return { ...verdict, closeness };
    namesakes ??= toNamesakes(snapshot);
    const remedy = remedyOf({ verdict, event, route, target: snapshot.targets.get(route.targetKey), namesakes });
    return remedy === undefined ? { ...verdict, closeness } : { ...verdict, closeness, remedy };
  });
  return explained.sort((left, right) => right.closeness - left.closeness || compareNames(left, right));
}

interface Question {
  readonly event: Event;
  readonly group: string;
  readonly planner: Planner;
  readonly snapshot: Snapshot;
  readonly context: DecideContext;
  readonly search: Search;
}

function tryWith(question: Question, route: Route): RouteDecision {
  return decideRoute({ ...question, candidate: { route, selectors: route.selectors } });
}

function compareNames({ route: left }: Verdict, { route: right }: Verdict): number {
  const names = [`${left.namespace}/${left.name}`, `${right.namespace}/${right.name}`] as const;
  return names[0] < names[1] ? -1 : Number(names[0] > names[1]);
}
