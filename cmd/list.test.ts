// Lists in every format and of several pages, and every filter of deliveries, against a real store and API.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminWorld, openAdminWorld } from '../test/support/admin-world.ts';
import { type Ran, runHere } from '../test/support/command.ts';
import { aDelivery, anAppend, anEvent, aSettlement, leaseNow } from '../test/support/outbox.ts';
import type { Delivery, StoredEvent } from '../internal/outbox/store.ts';

const HOUR_MS = 3_600_000;
const EVENTS = 1_203;

function read({ stdout }: Ran): { readonly ids: readonly string[]; readonly next: string | null } {
  const { items, next } = JSON.parse(stdout) as { readonly items: readonly StoredEvent[]; readonly next: string | null };
  return { ids: items.map(({ event }) => event.id), next };
}

describe('lists', () => {
  let world: AdminWorld;
  before(async () => {
    world = await openAdminWorld();
    const { outbox, clock } = world;
    await outbox.append([anAppend(anEvent('dead', { name: 'web' }), [aDelivery({ target: 'one', route: 'r1', lane: 'a' })])]);
    const [lease] = await leaseNow(outbox);
    assert.ok(lease);
    await outbox.settle([aSettlement(lease, { kind: 'rejected', reason: 'too-large', message: 'm' })]);
    clock.advance(2 * HOUR_MS);
    await outbox.append([anAppend(anEvent('young'), [aDelivery({ target: 'two', route: 'r2', lane: 'b' })])]);
    await outbox.append(Array.from({ length: EVENTS - 2 }, (_, index) => anAppend(anEvent(`e${index}`), [])));
  });
  after(() => world.close());

  const list = (...args: readonly string[]): Promise<Ran> =>
    runHere(...args, '--admin-addr', world.flags.adminAddr, '--store', world.flags.store);

  const filters: readonly { readonly args: readonly string[]; readonly want: readonly string[] }[] = [
    { args: [], want: ['young', 'dead'] },
    { args: ['--state', 'dead'], want: ['dead'] },
    { args: ['--state', 'dead,waiting'], want: ['young', 'dead'] },
    { args: ['--target', 'default/two'], want: ['young'] },
    { args: ['--alert', 'default/r1'], want: ['dead'] },
    { args: ['--event', 'young'], want: ['young'] },
    { args: ['--object', '*/*/web'], want: ['dead'] },
    { args: ['--reason', 'too-large'], want: ['dead'] },
    { args: ['--since', '1h'], want: ['young'] },
    { args: ['--older-than', '1h'], want: ['dead'] },
    { args: ['--until', '1h', '--since', '3h', '--state', 'dead'], want: ['dead'] },
    { args: ['--limit', '1'], want: ['young'] },
  ];

  for (const { args, want } of filters) {
    it(`deliveries ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await list('deliveries', '--output', 'jsonl', ...args);
      const rows = stdout.split('\n').filter((line) => line !== '');

      assert.deepEqual([code, stderr, rows.map((line) => (JSON.parse(line) as Delivery).eventId)], [0, '', want]);
    });
  }

  it('are one document however many pages they have', async () => {
    const { stdout } = await list('events', '--limit', '0', '--output', 'json');
    const document = JSON.parse(stdout) as { readonly items: readonly StoredEvent[]; readonly next: string | null };

    assert.deepEqual([document.items.length, document.next], [EVENTS, null]);
    assert.equal(stdout, `${JSON.stringify(document, null, 2)}\n`);
  });

  it('go on behind the last row of the one before', async () => {
    const first = read(await list('events', '--output', 'json', '--limit', '700'));
    const rest = read(await list('events', '--output', 'json', '--limit', '0', '--after', first.next ?? ''));

    assert.deepEqual([first.ids.length, rest.ids.length, rest.next], [700, EVENTS - 700, null]);
    assert.equal(new Set([...first.ids, ...rest.ids]).size, EVENTS);
  });

  it('have one header, and say so when there may be more', async () => {
    const all = await list('events', '--limit', '0');
    const some = await list('events', '--limit', '600');

    assert.deepEqual([all.stdout.split('\n').length, all.stderr], [EVENTS + 2, '']);
    assert.deepEqual(all.stdout.match(/^ID +ACCEPTED/gm)?.length, 1);
    assert.match(some.stderr, /^There may be more: --limit 0 lists all, --after e\d+ goes on here\.$/m);
  });

  it('are empty in words and in JSON', async () => {
    const table = await list('deliveries', '--target', 'default/none');
    const json = await list('deliveries', '--target', 'default/none', '--output', 'json');
    const lines = await list('deliveries', '--target', 'default/none', '--output', 'jsonl');

    assert.deepEqual([table.stdout, lines.stdout], ['No deliveries match.\n', '']);
    assert.equal(json.stdout, `${JSON.stringify({ items: [], next: null }, null, 2)}\n`);
  });
});
