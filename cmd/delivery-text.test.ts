import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '../internal/outbox/store.ts';
import { aDelivery, anAppend, anEvent, leaseNow } from '../test/support/outbox.ts';
import { openAdminWorld } from '../test/support/admin-world.ts';
import { describeDelivery } from './delivery-text.ts';

/** One that is being sent, as the store gives it. */
async function aLeasedDelivery(): Promise<Delivery> {
  const world = await openAdminWorld();
  try {
    await world.outbox.append([anAppend(anEvent('e'), [aDelivery()])]);
    const [lease] = await leaseNow(world.outbox, 1);
    const delivery = await world.outbox.delivery(lease?.delivery.id ?? '');
    assert.ok(delivery);
    return delivery;
  } finally {
    await world.close();
  }
}

test('a delivery says that it is being sent, and what an attempt met without saying the request twice', async () => {
  const delivery = await aLeasedDelivery();
  const exchange = {
    method: 'POST',
    origin: 'http://127.0.0.1:9',
    requestBytes: 2,
    error: 'POST http://127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9',
  };
  const attempt = {
    number: 1,
    atMs: delivery.createdAtMs,
    durationMs: 3,
    outcome: 'retry',
    reason: 'network',
    exchanges: [exchange],
  } as const;

  const lines = describeDelivery({ ...delivery, attempts: 1, history: [attempt] }, delivery.createdAtMs);

  assert.deepEqual(lines.slice(1), [
    '  leased (being sent)',
    '  accepted now, 1 try so far',
    '  #1 now: retry (network) in 3 ms',
    '     POST http://127.0.0.1:9 -> connect ECONNREFUSED 127.0.0.1:9',
  ]);
});
