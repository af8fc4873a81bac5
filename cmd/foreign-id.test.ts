// Ids of events and of deliveries look alike, and at night one is taken for the other.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminWorld, openAdminWorld } from '../test/support/admin-world.ts';
import { type Ran, runHere } from '../test/support/command.ts';
import { aDelivery, anAppend, anEvent } from '../test/support/outbox.ts';

describe('an id of the other kind', () => {
  let world: AdminWorld;
  let deliveryId = '';
  before(async () => {
    world = await openAdminWorld();
    await world.outbox.append([anAppend(anEvent('the-event'), [aDelivery()])]);
    const [delivery] = await world.outbox.deliveries({ limit: 1 });
    deliveryId = delivery?.id ?? '';
  });
  after(() => world.close());

  const tocsin = (...args: readonly string[]): Promise<Ran> =>
    runHere(...args, '--admin-addr', world.flags.adminAddr, '--store', world.flags.store);

  it('explains the event of a delivery', async () => {
    const { code, stdout } = await tocsin('explain', deliveryId);

    assert.equal(code, 0);
    assert.match(stdout, /^Event the-event: /);
  });

  it('says that it is an event', async () => {
    const { code, stderr } = await tocsin('deliveries', 'show', 'the-event');

    assert.equal(code, 1);
    assert.match(stderr, /the-event is an event: "tocsin deliveries --event the-event" lists what was owed for it/);
  });

  it('says that it is a delivery', async () => {
    const { code, stderr } = await tocsin('events', deliveryId);

    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`${deliveryId} is a delivery: "tocsin deliveries ${deliveryId}" shows it`));
  });

  it('of nobody is said to be of nobody', async () => {
    const said = await Promise.all(['events', 'deliveries', 'explain'].map(async (name) => (await tocsin(name, 'none')).stderr));

    assert.deepEqual(said, [
      'AdminError: no event has the id none; it may have been pruned\n',
      'AdminError: no delivery has the id none; it may have been pruned\n',
      'AdminError: no event has the id none; it may have been pruned\n',
    ]);
  });
});
