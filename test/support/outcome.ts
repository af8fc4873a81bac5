// What became of events, as the admin API and the webhooks tell it.
import type { DeliveryState } from '../../internal/outbox/store.ts';
import type { Product } from './product.ts';
import type { SinkRequest } from './webhook-sink.ts';

interface Stats {
  readonly states: Readonly<Record<DeliveryState, number>>;
  readonly pendingEvents: number;
  readonly events: number;
}

export async function askStats(product: Product): Promise<Stats> {
  const answer = await product.admin('/api/v1/stats');
  if (answer.status !== 200) throw new Error(`GET /api/v1/stats answers ${answer.status}`);
  return answer.body as Stats;
}

interface ListedDelivery {
  readonly id: string;
  readonly subject: { readonly namespace: string; readonly name: string };
  readonly reason?: string;
}

/** All deliveries of a state, page by page. */
export async function listDeliveries(product: Product, state: DeliveryState): Promise<readonly ListedDelivery[]> {
  const found: ListedDelivery[] = [];
  for (;;) {
    const after = found.at(-1)?.id;
    const answer = await product.admin(`/api/v1/deliveries?state=${state}&limit=100${after === undefined ? '' : `&after=${after}`}`);
    const items = (answer.body as { readonly items?: readonly ListedDelivery[] } | undefined)?.items;
    if (answer.status !== 200 || items === undefined) throw new Error(`GET /api/v1/deliveries answers ${answer.status}`);
    if (items.length === 0) return found;
    found.push(...items);
  }
}

/** True once nothing waits, is leased or is undecided; false after `withinMs`. */
export async function drained(product: Product, withinMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + withinMs;
  while (Date.now() < deadlineMs) {
    const stats = await askStats(product);
    if (stats.states.waiting === 0 && stats.states.leased === 0 && stats.pendingEvents === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}

/** Waits for a condition; true once it holds. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + withinMs;
  while (Date.now() < deadlineMs) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

/** Requests that reached the webhook, by the name of the object they speak of. */
export function byObject(requests: readonly SinkRequest[]): ReadonlyMap<string, readonly SinkRequest[]> {
  return Map.groupBy(requests, ({ body }) => {
    const event = JSON.parse(body) as { readonly involvedObject: { readonly namespace: string; readonly name: string } };
    return `${event.involvedObject.namespace}/${event.involvedObject.name}`;
  });
}

export function isDelivered(request: SinkRequest): boolean {
  return request.status !== undefined && request.status >= 200 && request.status < 300;
}

/** How many requests of one object more than one were answered 2xx, and which objects changed their delivery id. */
export function countDuplicates(requests: readonly SinkRequest[]): { readonly duplicates: number; readonly changedIds: readonly string[] } {
  let duplicates = 0;
  const changedIds: string[] = [];
  for (const [object, own] of byObject(requests)) {
    duplicates += Math.max(0, own.filter(isDelivered).length - 1);
    const ids = new Set(own.map(({ delivery }) => delivery));
    if (ids.size > 1 || ids.has('')) changedIds.push(object);
  }
  return { duplicates, changedIds };
}
