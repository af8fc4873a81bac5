// The outbox as a visitor sees it: deliveries of Alerts in namespaces that they may read, and events that one of those took.
import type { CancelResult, Delivery, DeliveryFilter, EventFilter, Outbox, ReplayResult, StoredEvent } from '../outbox/store.ts';
import type { Verdict } from '../routing/route.ts';
import { Problem } from './problem.ts';
import type { AdminVerb, Visitor } from './visitor.ts';

/** What the admin API asks of the outbox. */
export type AdminOutbox = Pick<Outbox, 'delivery' | 'deliveries' | 'event' | 'events' | 'targets' | 'stats' | 'replay' | 'cancel'>;

const SCAN_PAGE = 500;
/** Beyond this many rows somebody has to say more closely what they look for. */
const MAX_SCANNED = 100_000;

/** Shows an outbox to a visitor. */
export function seenBy(outbox: AdminOutbox, visitor: Visitor): AdminOutbox {
  const view = new View(outbox, visitor);
  return {
    delivery: (id) => view.delivery(id),
    deliveries: (filter) => view.deliveries(filter),
    event: (id) => view.event(id),
    events: (filter) => view.events(filter),
    targets: async () => filterBy(await outbox.targets(), ({ key }) => visitor.may('get', namespaceOf(key))),
    stats: async () => {
      if (await visitor.may('get')) return outbox.stats();
      throw new Problem('forbidden', 'counts are of all namespaces; they take the right to get alerts in all of them');
    },
    replay: async (request) =>
      view.decide<ReplayResult>('replay', request.ids, (ids) => outbox.replay({ ...request, ids, by: visitor.name })),
    cancel: async (request) =>
      view.decide<CancelResult>('replay', request.ids, (ids) => outbox.cancel({ ...request, ids, by: visitor.name })),
  };
}

/** The namespace of `dialect/tenant/namespace/name`. */
export function namespaceOf(key: string): string {
  return key.split('/')[2] ?? '';
}

/** Those that pass, in their order. */
export async function filterBy<Item>(items: readonly Item[], passes: (item: Item) => Promise<boolean>): Promise<readonly Item[]> {
  const passed = await Promise.all(items.map(passes));
  return items.filter((_, index) => passed[index]);
}

/** Verdicts of Routes that the visitor may read, and those that are of none. */
export function visibleVerdicts<V extends Pick<Verdict, 'route'>>(verdicts: readonly V[], visitor: Visitor): Promise<readonly V[]> {
  return filterBy(verdicts, async ({ route }) => route.namespace === '' || visitor.may('get', route.namespace));
}

class View {
  readonly #outbox: AdminOutbox;
  readonly #visitor: Visitor;

  constructor(outbox: AdminOutbox, visitor: Visitor) {
    this.#outbox = outbox;
    this.#visitor = visitor;
  }

  async delivery(id: string): Promise<Delivery | undefined> {
    const delivery = await this.#outbox.delivery(id);
    return delivery !== undefined && (await this.#mayGet(delivery)) ? delivery : undefined;
  }

  deliveries(filter: DeliveryFilter): Promise<readonly Delivery[]> {
    return scan(
      filter,
      (page) => this.#outbox.deliveries(page),
      ({ id }) => id,
      async (found) => filterBy(found, (one) => this.#mayGet(one)),
    );
  }

  async event(id: string): Promise<StoredEvent | undefined> {
    const stored = await this.#outbox.event(id);
    return stored === undefined ? undefined : this.#toVisible(stored);
  }

  events(filter: EventFilter): Promise<readonly StoredEvent[]> {
    return scan(
      filter,
      (page) => this.#outbox.events(page),
      ({ event }) => event.id,
      async (found) => {
        const visible = await Promise.all(found.map((stored) => this.#toVisible(stored)));
        return visible.filter((stored) => stored !== undefined);
      },
    );
  }

  /** What the visitor does not see is not there; what they see and may not decide about is refused as a whole. */
  async decide<Result extends string>(
    verb: AdminVerb,
    ids: readonly string[],
    decide: (ids: readonly string[]) => Promise<readonly Result[]>,
  ): Promise<readonly (Result | 'unknown')[]> {
    const visible = await this.deliveries({ ids, limit: Math.max(1, ids.length), withHistory: false });
    for (const { route } of visible) {
      if (await this.#visitor.may(verb, route.namespace)) continue;
      throw new Problem('forbidden', `this takes the verb "${verb}" on alerts of namespace ${route.namespace}`);
    }
    const seen = new Set(visible.map(({ id }) => id));
    const known = ids.filter((id) => seen.has(id));
    const results = known.length === 0 ? [] : await decide(known);
    const byId = new Map(known.map((id, index) => [id, results[index]]));
    return ids.map((id) => byId.get(id) ?? 'unknown');
  }

  #mayGet({ route }: Pick<Delivery, 'route'>): Promise<boolean> {
    return this.#visitor.may('get', route.namespace);
  }

  /** An Alert that names an object of another namespace lets nobody read its events, only those that it took. */
  async #toVisible(stored: StoredEvent): Promise<StoredEvent | undefined> {
    const verdicts = await visibleVerdicts(stored.verdicts, this.#visitor);
    const { namespace } = stored.event.subject;
    const isTheirs = verdicts.some(({ kind, route }) => route.namespace !== '' && (kind === 'matched' || route.namespace === namespace));
    return isTheirs ? { ...stored, verdicts } : undefined;
  }
}

interface Page {
  readonly limit: number;
  readonly after?: string;
}

/** Reads on until the page is full, so that a short page means what it means to everybody: the end. */
async function scan<Filter extends Page, Row>(
  filter: Filter,
  read: (filter: Filter) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
  see: (rows: readonly Row[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const seen: Row[] = [];
  let next: Filter = { ...filter, limit: Math.max(filter.limit, SCAN_PAGE) };
  for (let scanned = 0; scanned < MAX_SCANNED; ) {
    const rows = await read(next);
    seen.push(...(await see(rows)));
    const last = rows.at(-1);
    if (seen.length >= filter.limit || rows.length < next.limit || last === undefined) return seen.slice(0, filter.limit);
    scanned += rows.length;
    next = { ...next, after: idOf(last) };
  }
  throw new Problem('too-many', 'too much belongs to others; name an object, a target or a shorter time');
}
