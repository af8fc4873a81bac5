// What a Route that matched owes: one delivery, or for commits also one about all of it, with lane and policy, from what the
// provider says of itself.
import { type CombinedMetadata, combineMetadata } from '../enrich/metadata.ts';
import { statusId } from '../enrich/commit-status.ts';
import type { Event, FluxEvent, Metadata } from '../event/event.ts';
import type { Lane, PlannedDelivery, TargetPolicy } from '../outbox/store.ts';
import { DEFAULT_CONCURRENCY } from '../sdk/provider.ts';
import { aggregationOf, wantsPending } from '../sdk/git/annotations.ts';
import { type ObjectRef, toKey } from '../sdk/target.ts';
import { joinKey } from './lane-key.ts';
import { tallyEntry } from './plan-commit.ts';
import type { Notice, Route, Target } from './route.ts';
import { metadataConflictNotice } from './words.ts';

/** Overrides what the provider's capabilities say about a backlog. */
const BACKLOG_ANNOTATION = 'tocsin.dev/backlog';
/** Flux's Target is its own recipient: the channel is part of the Provider, so no delivery names another one. */
const DESTINATION = '';

export interface Plan {
  readonly delivery: PlannedDelivery;
  /** What is owed besides. */
  readonly alongside: readonly PlannedDelivery[];
  readonly notices: readonly Notice[];
}

/** Plans deliveries of one event; Alerts that add nothing of their own share one combination of its metadata. */
export class Planner {
  readonly #event: Event;
  readonly #group: string;
  #shared: CombinedMetadata | undefined;

  constructor(event: Event, group: string) {
    this.#event = event;
    this.#group = group;
  }

  /** The deliveries to the Target of a Route that matched. */
  plan(route: Route, target: Target): Plan {
    const { metadata, conflicts } = this.#combine(route);
    const enriched: FluxEvent = { ...this.#event.flux, metadata };
    const [delivery, ...alongside] = this.#owed(route, target, enriched);
    return { delivery, alongside, notices: conflicts === null ? [] : [metadataConflictNotice(this.#event, route, conflicts)] };
  }

  #owed(route: Route, target: Target, enriched: FluxEvent): readonly [PlannedDelivery, ...PlannedDelivery[]] {
    const aggregation = takesStatuses(target) ? aggregationOf(target.annotations) : 'off';
    const whole = aggregation === 'off' ? undefined : this.#whole(route, target, enriched);
    // Without a commit there is nothing whole, and the status of the object says what is missing.
    if (whole !== undefined && aggregation === 'only') return [whole];
    const own = this.#own(route, target, enriched);
    return whole === undefined ? [own] : [own, whole];
  }

  /** About the object of the event. */
  #own(route: Route, target: Target, enriched: FluxEvent): PlannedDelivery {
    const id = findStatusId(target, route, enriched);
    const laneParts = providerLane(target, enriched, { statusId: id });
    const isPatient = wantsPending(target.annotations);
    const isCounted = laneParts !== undefined && takesStatuses(target) && (isPatient || aggregationOf(target.annotations) !== 'off');
    const question = { event: this.#event, enriched, isPatient, speaksFor: 'member' as const };
    const tally = isCounted ? tallyEntry({ ...question, laneParts }) : undefined;
    return {
      ...planned(route, target, enriched),
      lane: laneOf(this.#event, target, laneParts),
      ...(id === undefined ? {} : { statusId: id }),
      ...(tally === undefined ? {} : { tally }),
    };
  }

  /** About the commit, for all objects; undefined for an event that says nothing of one. */
  #whole(route: Route, target: Target, enriched: FluxEvent): PlannedDelivery | undefined {
    const id = `flux/${route.ref.name}`;
    const laneParts = providerLane(target, enriched, { statusId: id, isWholeCommit: true });
    if (laneParts === undefined) return undefined;
    const tally = tallyEntry({ event: this.#event, enriched, laneParts, isPatient: true, speaksFor: 'lane' });
    if (tally === undefined) return undefined;
    return { ...planned(route, target, enriched), lane: laneOf(this.#event, target, laneParts), statusId: id, tally };
  }

  /** What a Route owes that was never decided, for the dead letters. */
  planUndecided(route: UndecidedRoute): PlannedDelivery {
    return {
      route: route.ref,
      target: route.target,
      type: '',
      destination: DESTINATION,
      lane: { key: messageLane(toKey(route.target), this.#event), policy: 'ordered', backlog: 'all' },
      policy: { concurrency: DEFAULT_CONCURRENCY },
      metadata: this.#combine(route).metadata,
    };
  }

  #combine({ metadata, summary }: { readonly metadata: Metadata; readonly summary: string }): CombinedMetadata {
    const sources = { event: this.#event.flux.metadata, group: this.#group, route: metadata, summary };
    if (summary !== '' || !isEmpty(metadata)) return combineMetadata(sources);
    this.#shared ??= combineMetadata(sources);
    return this.#shared;
  }
}

interface UndecidedRoute {
  readonly ref: ObjectRef;
  readonly target: ObjectRef;
  readonly metadata: Metadata;
  readonly summary: string;
}

function isEmpty(metadata: Metadata): boolean {
  for (const _ in metadata) return false;
  return true;
}

/** What all deliveries of a Route that matched have in common. */
function planned(route: Route, target: Target, { metadata }: FluxEvent): Omit<PlannedDelivery, 'lane'> {
  return {
    route: route.ref,
    target: target.ref,
    type: target.type,
    destination: DESTINATION,
    policy: policyOf(target),
    metadata,
  };
}

function takesStatuses({ definition }: Target): boolean {
  return definition?.capabilities.accepts.includes('commit-status') === true;
}

/** An id that cannot be computed is found out again at the attempt, where the history shows why. */
function findStatusId(target: Target, route: Route, event: FluxEvent): string | undefined {
  if (!takesStatuses(target)) return undefined;
  const result = statusId(target, route.object, event);
  return 'id' in result ? result.id : undefined;
}

function laneOf(event: Event, target: Target, parts: readonly string[] | undefined): Lane {
  const backlog = backlogOf(target);
  if (parts !== undefined) return { key: joinKey('newest', parts), policy: 'newest', backlog };
  return { key: messageLane(target.key, event), policy: 'ordered', backlog };
}

interface StatusLane {
  readonly statusId: string | undefined;
  readonly isWholeCommit?: boolean;
}

function providerLane(target: Target, event: FluxEvent, status: StatusLane): readonly string[] | undefined {
  const { definition, ref, spec } = target;
  const { statusId: id, isWholeCommit = false } = status;
  if (definition?.lane === undefined) return undefined;
  try {
    return definition.lane({
      target: { namespace: ref.namespace, name: ref.name, uid: ref.uid },
      address: spec.address ?? '',
      channel: spec.channel ?? '',
      annotations: target.annotations,
      event,
      ...(id === undefined ? {} : { statusId: id }),
      ...(isWholeCommit ? { isWholeCommit } : {}),
    });
  } catch {
    // Faulty configuration, or a faulty provider, shows at the attempt; the event must not be refused for it.
    return undefined;
  }
}

function messageLane(targetKey: string, { subject }: Event): string {
  return joinKey('ordered', [targetKey, DESTINATION, subject.kind, subject.namespace, subject.name]);
}

function backlogOf({ annotations, definition }: Target): Lane['backlog'] {
  const wanted = Object.hasOwn(annotations, BACKLOG_ANNOTATION) ? annotations[BACKLOG_ANNOTATION] : undefined;
  if (wanted === 'all' || wanted === 'latest') return wanted;
  return definition?.capabilities.backlog ?? 'all';
}

function policyOf({ definition }: Target): TargetPolicy {
  const ratePerSecond = definition?.capabilities.limits?.ratePerSecond;
  return {
    concurrency: definition?.capabilities.concurrency ?? DEFAULT_CONCURRENCY,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  };
}
