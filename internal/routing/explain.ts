// Why a Route did or did not match, also for Routes that the index would never have given.
import type { Event } from '../event/event.ts';
import { groupOf } from '../event/metadata.ts';
import { type DecideContext, decideRoute, type Search } from './decide.ts';
import type { Route, Snapshot, Verdict } from './route.ts';

/** The verdict of any Route; searches as long as it takes, so it is not for the way of an event. */
export function explainRoute(event: Event, route: Route, snapshot: Snapshot, context: DecideContext): Verdict {
  const candidate = { route, selectors: route.selectors };
  return decideRoute({ event, group: groupOf(event.subject.apiVersion), candidate, snapshot, context, search }).verdict;
}

const search: Search = (pattern, text) => pattern.test(text);
