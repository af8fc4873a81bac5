// Why a Route did or did not match, also for Routes that the index would never have given.
import type { Event } from '../event/event.ts';
import { groupOf } from '../event/metadata.ts';
import { type DecideContext, decideRoute, DEFAULT_SEARCH_BUDGET, toSearch } from './decide.ts';
import { Planner } from './plan.ts';
import type { Route, Snapshot, Verdict } from './route.ts';

/** Twenty times what an event may take on its way in; a person waits, but so does everybody else. */
const SEARCH_BUDGET = 20 * DEFAULT_SEARCH_BUDGET;

/** The verdict of any Route, with the words of the first check that it did not pass. */
export function explainRoute(event: Event, route: Route, snapshot: Snapshot, context: DecideContext): Verdict {
  const candidate = { route, selectors: route.selectors };
  const group = groupOf(event.subject.apiVersion);
  const planner = new Planner(event, group);
  return decideRoute({ event, group, planner, candidate, snapshot, context, search: toSearch(SEARCH_BUDGET) }).verdict;
}
