// Events that happened, with what was made of them: from a running server page by page, or from an exported file.
import type { Event } from '../internal/event/event.ts';
import type { Delivery, StoredEvent } from '../internal/outbox/store.ts';
import { isWholeEvent } from '../internal/routing/decide.ts';
import type { Before } from '../internal/preview/backtest.ts';
import type { Route } from '../internal/routing/route.ts';
import { toKey } from '../internal/sdk/target.ts';
import { type AdminFlags, ask } from './admin-client.ts';
import { InputError, readInput, toInputEvent } from './event-input.ts';
import type { Terminal } from './terminal.ts';

/** One event and what is known of it. */
export interface Happened {
  readonly event: Event;
  readonly before: (route: Route) => Before | undefined;
}

type Deliveries = ReadonlyMap<string, ReadonlyMap<string, Delivery>>;

/** As much as the admin API gives at a time. */
const PAGE = '500';

/** Stored events of the time, the newest first. */
export async function* storedEvents(flags: AdminFlags, sinceMs: number, routes: readonly Route[]): AsyncGenerator<Happened> {
  const youngerThanMs = String(sinceMs);
  const owed = new Map<string, ReadonlyMap<string, Delivery>>();
  for (const route of routes) owed.set(toKey(route.ref), await deliveriesOf(flags, toKey(route.ref), youngerThanMs));
  for await (const stored of pages<StoredEvent>(flags, '/api/v1/events', { youngerThanMs }, ({ event }) => event.id)) {
    yield toHappened(stored, owed);
  }
}

/** Events of a file: what `events --output json` prints, or event bodies; one JSON document, or one per line. */
export async function* exportedEvents(
  path: string,
  terminal: Terminal,
  present: (event: Event) => Happened['before'],
): AsyncGenerator<Happened> {
  for (const { value, place } of parseItems(await readInput(path), path)) {
    if (isStored(value)) {
      yield toHappened(value, new Map());
      continue;
    }
    const event = toInputEvent(JSON.stringify(value), place, terminal);
    yield { event, before: present(event) };
  }
}

async function deliveriesOf(flags: AdminFlags, route: string, youngerThanMs: string): Promise<ReadonlyMap<string, Delivery>> {
  const found = new Map<string, Delivery>();
  for await (const delivery of pages<Delivery>(flags, '/api/v1/deliveries', { route, youngerThanMs }, ({ id }) => id)) {
    found.set(delivery.eventId, delivery);
  }
  return found;
}

async function* pages<T>(
  flags: AdminFlags,
  path: string,
  query: Readonly<Record<string, string>>,
  idOf: (item: T) => string,
): AsyncGenerator<T> {
  let after: string | undefined;
  for (;;) {
    const { items } = (await ask(flags, path, { ...query, limit: PAGE, after })) as { items: readonly T[] };
    yield* items;
    const last = items.at(-1);
    if (last === undefined || items.length < Number(PAGE)) return;
    after = idOf(last);
  }
}

function toHappened(stored: StoredEvent, owed: Deliveries): Happened {
  const event = revive(stored.event);
  return {
    event,
    before: (route) => {
      const key = toKey(route.ref);
      const verdict = stored.verdicts.find((one) => toKey(one.route) === key);
      const delivery = owed.get(key)?.get(event.id);
      if (delivery !== undefined) {
        return { delivery: { targetKey: toKey(delivery.target), metadata: delivery.metadata, state: delivery.state } };
      }
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

interface Item {
  readonly value: unknown;
  readonly place: string;
}

function parseItems(text: string, path: string): readonly Item[] {
  const whole = parseJson(text);
  if (whole === undefined) return parseLines(text, path);
  const list = Array.isArray(whole) ? (whole as unknown[]) : itemsOf(whole);
  return list.map((value, index) => ({ value, place: `item ${index + 1} of ${path}` }));
}

function parseLines(text: string, path: string): readonly Item[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const place = `line ${index + 1} of ${path}`;
    const value = parseJson(line);
    if (value === undefined) throw new InputError(`${place} is not JSON; write one document, or one event a line`);
    return [{ value, place }];
  });
}

function itemsOf(value: unknown): readonly unknown[] {
  const items = typeof value === 'object' && value !== null && 'items' in value ? value.items : undefined;
  return Array.isArray(items) ? items : [value];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The caller says what it wanted.
    return undefined;
  }
}

function isStored(value: unknown): value is StoredEvent {
  if (typeof value !== 'object' || value === null || !('event' in value) || !('verdicts' in value)) return false;
  const { event, verdicts } = value;
  return typeof event === 'object' && event !== null && 'flux' in event && 'subject' in event && Array.isArray(verdicts);
}
