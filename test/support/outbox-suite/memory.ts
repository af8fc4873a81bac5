import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { aDelivery, aSettlement, anAppend, anEvent } from '../outbox.ts';
import { type MakePlace, World } from './world.ts';

/** Facts that are written with an append or a settle, and what is known after an ambiguous try. */
export function testMemory(makePlace: MakePlace): void {
  describe('memory', () => {
    let world: World;
    beforeEach(async () => {
      world = await World.open(makePlace);
    });
    afterEach(() => world.dispose());

    it('knows what a delivered try learnt, and since when', async () => {
      await world.append('e1');
      await world.settle(await world.leaseOne(), { kind: 'delivered', remember: [fact('success')] });
      world.clock.advance(1_500);
      await world.reopen();

      assert.deepEqual(await world.outbox.recall('lane', 'state'), { known: true, value: 'success', ageMs: 1_500 });
      assert.equal(await world.outbox.recall('lane', 'other'), undefined);
      assert.equal(await world.outbox.recall('other', 'state'), undefined);
    });

    it('is written with an append', async () => {
      await world.outbox.append([{ ...anAppend(anEvent('e1'), [aDelivery()]), remember: [fact('seen')] }]);

      assert.deepEqual(await world.outbox.recall('lane', 'state'), { known: true, value: 'seen', ageMs: 0 });
    });

    it('is unknown after an ambiguous try, until one succeeds', async () => {
      await world.append('e1');
      await world.settle(await world.leaseOne(), { kind: 'delivered', remember: [fact('success')] });
      await world.append('e2');
      const lost = { kind: 'retry', reason: 'timeout', message: 'm' } as const;
      await world.outbox.settle([{ ...aSettlement(await world.leaseOne(), lost), forget: ['lane'] }]);

      assert.deepEqual(await world.outbox.recall('lane', 'state'), { known: false });
      assert.deepEqual(await world.outbox.recall('lane', 'never seen'), { known: false });

      world.clock.advance(10_000);
      await world.settle(await world.leaseOne(), { kind: 'delivered', remember: [fact('failure')] });
      assert.deepEqual(await world.outbox.recall('lane', 'state'), { known: true, value: 'failure', ageMs: 0 });
    });

    it('keeps what a failed try had done already', async () => {
      await world.append('e1');
      const lease = await world.leaseOne();
      const failed = { kind: 'retry', reason: 'timeout', message: 'm' } as const;

      await world.outbox.settle([{ ...aSettlement(lease, failed), forget: ['lane'], remember: [fact('first request done')] }]);

      assert.deepEqual(await world.outbox.recall('lane', 'state'), { known: true, value: 'first request done', ageMs: 0 });
    });

    it('does not learn from a fenced try', async () => {
      await world.append('e1');
      const lease = await world.leaseOne();
      await world.outbox.release([{ deliveryId: lease.delivery.id, token: lease.token }]);

      await world.settle(lease, { kind: 'delivered', remember: [fact('success')] });

      assert.deepEqual(await world.outbox.recall('lane', 'state'), { known: false });
    });
  });
}

function fact(value: string): { scope: string; key: string; value: string } {
  return { scope: 'lane', key: 'state', value };
}
