// What a Route that matched owes: one delivery, its lane and its policy, from what the provider says of itself.
import { type CombinedMetadata, combineMetadata } from '../enrich/metadata.ts';
import { statusId } from '../enrich/commit-status.ts';
import type { Event, FluxEvent, Metadata } from '../event/event.ts';
import type { Lane, PlannedDelivery, TargetPolicy } from '../outbox/store.ts';
import { DEFAULT_CONCURRENCY } from '../sdk/provider.ts';
import { type ObjectRef, toKey } from '../sdk/target.ts';
import type { Notice, Route, Target } from './route.ts';
import { metadataConflictNotice } from './words.ts';

/** Overrides what the provider's capabilities say about a backlog. */
const BACKLOG_ANNOTATION = 'tocsin.dev/backlog';
/** Flux's Target is its own recipient: the channel is part of the Provider, so no delivery names another one. */
const DESTINATION = '';

export interface Plan {
  readonly delivery: PlannedDelivery;
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

  /** The delivery to the Target of a Route that matched. */
  plan(route: Route, target: Target): Plan {
    const { metadata, conflicts } = this.#combine(route);
    const enriched: FluxEvent = { ...this.#event.flux, metadata };
    const id = findStatusId(target, route, enriched);
    const delivery: PlannedDelivery = {
      route: route.ref,
      target: target.ref,
      type: target.type,
      destination: DESTINATION,
      lane: laneOf(this.#event, target, enriched, id),
      policy: policyOf(target),
      metadata,
      ...(id === undefined ? {} : { statusId: id }),
    };
    return { delivery, notices: conflicts === null ? [] : [metadataConflictNotice(this.#event, route, conflicts)] };
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

/** An id that cannot be computed is found out again at the attempt, where the history shows why. */
function findStatusId(target: Target, route: Route, event: FluxEvent): string | undefined {
  if (target.definition?.capabilities.accepts.includes('commit-status') !== true) return undefined;
  const result = statusId(target, route.object, event);
  return 'id' in result ? result.id : undefined;
}

function laneOf(event: Event, target: Target, enriched: FluxEvent, id: string | undefined): Lane {
  const backlog = backlogOf(target);
  const parts = providerLane(target, enriched, id);
  if (parts !== undefined) return { key: joinKey('newest', parts), policy: 'newest', backlog };
  return { key: messageLane(target.key, event), policy: 'ordered', backlog };
}

function providerLane(target: Target, event: FluxEvent, id: string | undefined): readonly string[] | undefined {
  const { definition, ref, spec } = target;
  if (definition?.lane === undefined) return undefined;
  try {
    return definition.lane({
      target: { namespace: ref.namespace, name: ref.name, uid: ref.uid },
      address: spec.address ?? '',
      channel: spec.channel ?? '',
      annotations: target.annotations,
      event,
      ...(id === undefined ? {} : { statusId: id }),
    });
  } catch {
    // Faulty configuration, or a faulty provider, shows at the attempt; the event must not be refused for it.
    return undefined;
  }
}

function messageLane(targetKey: string, { subject }: Event): string {
  return joinKey('ordered', [targetKey, DESTINATION, subject.kind, subject.namespace, subject.name]);
}

/** Parts cannot imitate one another: the separator never stands inside of one. */
function joinKey(policy: string, parts: readonly string[]): string {
  return [policy, ...parts.map((part) => part.replace(/[%|]/g, encodeURIComponent))].join('|');
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
