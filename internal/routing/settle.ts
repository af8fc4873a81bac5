// What becomes of one event with pending verdicts, given the Snapshot of now.
import type { Event } from '../event/event.ts';
import { groupOf } from '../event/metadata.ts';
import type { PendingEvent, PlannedDelivery, Resolution } from '../outbox/store.ts';
import type { Reason } from '../sdk/outcome.ts';
import { type ObjectRef, toKey } from '../sdk/target.ts';
import { type DecideContext, decideCandidates, isWholeEvent } from './decide.ts';
import { Planner } from './plan.ts';
import type { Decision } from './decision.ts';
import type { Candidate, Notice, Snapshot, Verdict } from './route.ts';
import type { SlicedSearch } from './sliced-search.ts';

/** Pending for longer than this, a verdict becomes a dead letter. */
const LONGEST_PENDING_MS = 24 * 3_600_000;
const SHORTEST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;

export interface Settled {
  readonly resolution: Resolution;
  readonly notices: readonly Notice[];
}

/** Decides what was pending; what still is gets a time to be asked again, or after a day its end. */
export async function settle(
  pending: PendingEvent,
  snapshot: Snapshot | null,
  how: { readonly context: DecideContext; readonly search: SlicedSearch },
): Promise<Settled> {
  const { event, verdicts, ageMs } = pending;
  const open = verdicts.filter((verdict) => verdict.kind === 'pending');
  const decision = snapshot === null ? UNDECIDED : await decideOpen(event, snapshot, { ...how, open });
  const isLate = ageMs >= LONGEST_PENDING_MS;
  const settled = snapshot === null ? open : [...decision.verdicts, ...gone(snapshot, open)];
  const late = isLate ? settled.filter((verdict) => verdict.kind === 'pending') : [];
  const resolution: Resolution = {
    eventId: event.id,
    verdicts: isLate ? settled.map(closed) : settled,
    deliveries: decision.deliveries,
    revision: decision.revision,
    retryAfterMs: Math.min(Math.max(ageMs / 2, SHORTEST_RETRY_MS), LONGEST_RETRY_MS),
    ...(late.length > 0 ? { dead: late.map((verdict) => deadLetter(event, snapshot, verdict)) } : {}),
  };
  return { resolution, notices: freshNotices(decision.notices, open) };
}

const UNDECIDED: Decision = { verdicts: [], deliveries: [], notices: [], revision: '' };

async function decideOpen(
  event: Event,
  snapshot: Snapshot,
  how: { readonly context: DecideContext; readonly search: SlicedSearch; readonly open: readonly Verdict[] },
): Promise<Decision> {
  const candidates = how.open.some(isWholeEvent) ? snapshot.candidates(event.subject) : candidatesOf(snapshot, how.open);
  return how.search.during((search) => decideCandidates(event, snapshot, { context: how.context, candidates, search }));
}

/** All selectors, not those of the index: the Alert may have changed since. */
function candidatesOf(snapshot: Snapshot, open: readonly Verdict[]): readonly Candidate[] {
  return open.flatMap((verdict) => {
    const route = snapshot.routes.get(toKey(verdict.route));
    return route === undefined ? [] : [{ route, selectors: route.selectors }];
  });
}

/** Verdicts that no Route will give any more. */
function gone(snapshot: Snapshot, open: readonly Verdict[]): readonly Verdict[] {
  return open
    .filter((verdict) => isWholeEvent(verdict) || !snapshot.routes.has(toKey(verdict.route)))
    .map((verdict) => ({
      kind: 'dropped',
      reason: 'nothing-to-send',
      route: verdict.route,
      targetKey: verdict.targetKey,
      detail: isWholeEvent(verdict) ? 'the Alerts were asked once they were known' : 'the Alert was deleted before it could be asked',
    }));
}

function closed(verdict: Verdict): Verdict {
  if (verdict.kind !== 'pending') return verdict;
  const { route, targetKey } = verdict;
  return {
    kind: 'matched',
    route,
    targetKey,
    detail: `not decided within a day, so it is a dead letter: ${verdict.detail ?? verdict.reason}`,
  };
}

function deadLetter(event: Event, snapshot: Snapshot | null, verdict: Verdict): NonNullable<Resolution['dead']>[number] {
  const route = snapshot?.routes.get(toKey(verdict.route));
  const delivery: PlannedDelivery = new Planner(event, groupOf(event.subject.apiVersion)).planUndecided({
    ref: verdict.route,
    target: targetRef(verdict),
    metadata: route?.metadata ?? {},
    summary: route?.summary ?? '',
  });
  const reason: Reason = verdict.kind === 'pending' && verdict.reason === 'provider-missing' ? 'target-gone' : 'expired';
  return { delivery, reason, message: verdict.detail ?? 'it could not be decided' };
}

/** Flux's Provider lies in the namespace of its Alert; the key's last part is its name. */
function targetRef({ route, targetKey }: Verdict): ObjectRef {
  return { ...route, name: targetKey.slice(targetKey.lastIndexOf('/') + 1), uid: '' };
}

/** What was told at first sight is not told again with every try. */
function freshNotices(notices: readonly Notice[], open: readonly Verdict[]): readonly Notice[] {
  const told = new Set(
    open.filter((verdict) => verdict.kind === 'pending' && verdict.reason === 'provider-missing').map(({ route }) => toKey(route)),
  );
  return notices.filter(({ route, reason }) => reason === 'MetadataAppendFailed' || !told.has(toKey(route)));
}
