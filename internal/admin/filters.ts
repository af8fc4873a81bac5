// From the API's parameters to the outbox's filters.
import type { z } from 'zod';
import type { DeliveryFilter, EventFilter } from '../outbox/store.ts';
import type { DeliveryQuery, EventQuery, ReplayBody } from './requests.ts';

type Selection = Omit<NonNullable<z.output<typeof ReplayBody>['select']>, 'states'> & { readonly states: DeliveryFilter['states'] };

export function toEventFilter(query: z.output<typeof EventQuery>): EventFilter {
  const { kind, namespace, name, ...rest } = query;
  return defined({ ...rest, subject: subjectOf({ kind, namespace, name }) });
}

export function toDeliveryFilter(query: z.output<typeof DeliveryQuery>): DeliveryFilter {
  const { id, state, history, order, limit, after, ...rest } = query;
  return defined({ ...placesOf(rest), ids: id, states: state, withHistory: history, order, limit, after });
}

/** The deliveries of a selection, oldest first so that they go in the order in which they came. */
export function toSelectionFilter(
  selection: Selection,
  page: { readonly limit: number; readonly after?: string | undefined },
): DeliveryFilter {
  const { states, ...rest } = selection;
  return defined({ ...placesOf(rest), ...page, states, order: 'oldest' as const, withHistory: false });
}

function placesOf({ kind, namespace, name, target, route, event, ...rest }: Omit<Selection, 'states'>) {
  return { ...rest, targetKey: target, routeKey: route, eventId: event, subject: subjectOf({ kind, namespace, name }) };
}

function subjectOf(parts: { kind: string | undefined; namespace: string | undefined; name: string | undefined }) {
  const given = defined(parts);
  return Object.keys(given).length > 0 ? given : undefined;
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the keys whose value is undefined, as exactOptionalPropertyTypes wants it. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
