// What came of one event, at each of several Providers.
import assert from 'node:assert/strict';
import type { Product } from './product.ts';
import { untilTrue } from './until.ts';

/** A delivery, as far as the admin API tells of its tries. */
export interface TriedDelivery {
  readonly state: string;
  readonly target: { readonly name: string };
  readonly history: readonly { readonly outcome: string; readonly reason?: string; readonly message?: string }[];
}

/** Posts one event and waits until its deliveries to these Providers were tried; a failing one may hold up others. */
export async function deliverEvent(product: Product, body: string, providers: readonly string[]): Promise<readonly TriedDelivery[]> {
  const { host, port } = product.addresses.events;
  const answer = await fetch(`http://${host}:${port}`, { method: 'POST', body });
  assert.equal(answer.status, 202);
  const path = `/api/v1/events/${answer.headers.get('tocsin-event') ?? ''}`;
  let tried: readonly TriedDelivery[] = [];
  await untilTrue(async () => {
    const { deliveries } = (await product.admin(path)).body as { readonly deliveries: readonly TriedDelivery[] };
    tried = deliveries.filter(({ history, state }) => state !== 'leased' && history.length > 0);
    return providers.every((name) => tried.some(({ target }) => target.name === name));
  }, 'the first try of each delivery');
  return tried;
}
