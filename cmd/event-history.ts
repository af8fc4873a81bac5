// Events that happened, with what was made of them: from a running server page by page, or from an exported file.
import type { Event } from '../internal/event/event.ts';
import type { Delivery, StoredEvent } from '../internal/outbox/store.ts';
import { isWholeEvent } from '../internal/routing/decide.ts';
import type { Before } from '../internal/preview/backtest.ts';
import type { Route } from '../internal/routing/route.ts';
import { toKey } from '../internal/sdk/target.ts';
import type { AdminFlags } from './admin-client.ts';
import { readItems } from './event-file.ts';
import { isStoredEvent, toInputEvent } from './event-input.ts';
import { rows } from './pages.ts';
import type { Terminal } from './terminal.ts';

/** One event and what is known of it. */
export interface Happened {
  readonly event: Event;
  readonly before: (route: Route) => Before | undefined;
}

/** What was owed, by Route and by event. */
type Owed = ReadonlyMap<string, ReadonlyMap<string, NonNullable<Before['delivery']>>>;

/** Stored events of the time, the newest first. */
export async function* storedEvents(flags: AdminFlags, sinceMs: number, routes: readonly Route[]): AsyncGenerator<Happened> {
  const owed = new Map<string, Map<string, NonNullable<Before['delivery']>>>();
  for (const route of routes) owed.set(toKey(route.ref), await owedBy(flags, toKey(route.ref), sinceMs));
  for await (const stored of rows<StoredEvent>(flags, '/api/v1/events', { youngerThanMs: sinceMs })) yield toHappened(stored, owed);
}

/** Events of a file: what `events --output json` prints, or event bodies; one JSON document, or one per line. */
export async function* exportedEvents(
  path: string,
  terminal: Terminal,
  present: (event: Event) => Happened['before'],
): AsyncGenerator<Happened> {
  for await (const { value, place } of readItems(path)) {
    if (isStoredEvent(value)) {
      yield toHappened(value, new Map());
      continue;
    }
    const event = toInputEvent(JSON.stringify(value), place, terminal);
    yield { event, before: present(event) };
  }
}

async function owedBy(flags: AdminFlags, route: string, sinceMs: number): Promise<Map<string, NonNullable<Before['delivery']>>> {
  const found = new Map<string, NonNullable<Before['delivery']>>();
  const query = { route, youngerThanMs: sinceMs, history: false };
  for await (const { eventId, target, metadata, state } of rows<Delivery>(flags, '/api/v1/deliveries', query)) {
    found.set(eventId, { targetKey: toKey(target), metadata, state });
  }
  return found;
}

function toHappened(stored: StoredEvent, owed: Owed): Happened {
  const event = revive(stored.event);
  return {
    event,
    before: (route) => {
      const key = toKey(route.ref);
      const verdict = stored.verdicts.find((one) => toKey(one.route) === key);
      const delivery = owed.get(key)?.get(event.id);
      if (delivery !== undefined) return { delivery };
      if (verdict !== undefined) return { verdict };
      return stored.verdicts.some(isWholeEvent) ? undefined : {};
    },
  };
}

/** JSON knows no records without prototype. */
function revive(event: Event): Event {
  const metadata = Object.assign(Object.create(null) as Record<string, string>, event.flux.metadata);
  return { ...event, flux: { ...event.flux, metadata } };
}
