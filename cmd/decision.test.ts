// Replays and cancels of many deliveries, against a real store and API: steps, progress, what is asked, what is left when it breaks.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type AdminWorld, openAdminWorld } from '../test/support/admin-world.ts';
import { type Ran, runHere, runOn } from '../test/support/command.ts';
import { aDelivery, anAppend, anEvent } from '../test/support/outbox.ts';

const COUNT = 1_203;
const EVERYTHING = ['--object', 'Kustomization'];

interface Plan {
  readonly dryRun: boolean;
  readonly cancelled: number;
  readonly items: readonly { readonly id: string; readonly result: string; readonly eventId?: string }[];
}

describe('a decision about many', () => {
  let world: AdminWorld;
  beforeEach(async () => {
    world = await openAdminWorld();
    await append(0, COUNT);
  });
  afterEach(() => world.close());

  async function append(from: number, to: number): Promise<void> {
    const ids = Array.from({ length: to - from }, (_, index) => `e${from + index}`);
    await world.outbox.append(ids.map((id) => anAppend(anEvent(id), [aDelivery({ lane: id })])));
  }

  const place = (): readonly string[] => ['--admin-addr', world.flags.adminAddr, '--store', world.flags.store];
  const tocsin = (...args: readonly string[]): Promise<Ran> => runHere(...args, ...place());
  const stateCounts = async (): Promise<string> => {
    const { waiting, cancelled } = (await world.outbox.stats()).states;
    return `${waiting} waiting, ${cancelled} cancelled`;
  };

  it('is made in steps, the oldest first, and a dry run makes none', async () => {
    const plan = JSON.parse((await tocsin('cancel', ...EVERYTHING, '--dry-run', '--output', 'json')).stdout) as Plan;
    const before = await stateCounts();
    const done = await tocsin('cancel', ...EVERYTHING, '--yes');

    assert.deepEqual([plan.dryRun, plan.cancelled, plan.items.length, plan.items[0]?.eventId], [true, COUNT, COUNT, 'e0']);
    assert.equal(before, `${COUNT} waiting, 0 cancelled`);
    assert.deepEqual(
      [done.stdout, done.stderr, await stateCounts()],
      ['cancelled 1,203 deliveries\n', '', `0 waiting, ${COUNT} cancelled`],
    );
  });

  it('is shown in part to people', async () => {
    const { stdout } = await tocsin('cancel', ...EVERYTHING, '--dry-run');

    assert.match(stdout, /\nand 1,153 more; --output json lists them\nWould cancel 1,203 of 1,203 deliveries\.\n$/);
    assert.equal(stdout.split('\n').length, 50 + 4);
  });

  it('tells how far it is while it takes long', async () => {
    const terminal = { isWatched: true, nowMs: () => world.clock.nowMs() };
    world.onRequest = () => world.clock.advance(1_000);

    const { stderr } = await runOn(terminal, 'cancel', ...EVERYTHING, '--yes', ...place());

    assert.equal(stderr, ['500', '1,000', '1,203'].map((count) => `${count} deliveries decided so far ...\n`).join(''));
  });

  it('says what was done before it broke, and the same command goes on', async () => {
    let steps = 0;
    world.onRequest = () => {
      steps += 1;
      if (steps === 3) world.failing = /cancel/;
    };
    const broken = await tocsin('cancel', ...EVERYTHING, '--yes');
    world.failing = undefined;
    const rest = await tocsin('cancel', ...EVERYTHING, '--yes');

    assert.deepEqual([broken.code, broken.stdout], [1, '']);
    assert.match(broken.stderr, /the store is busy; 1,000 deliveries had been cancelled before/);
    assert.equal(rest.stdout, 'cancelled 203 deliveries\n');
  });

  it('is about what the person saw who said yes', async () => {
    const asked: string[] = [];
    const confirm = async (question: string): Promise<boolean> => {
      asked.push(question);
      await append(COUNT, COUNT + 5);
      return true;
    };

    const { code, stdout } = await runOn({ isInteractive: true, confirm }, 'cancel', ...EVERYTHING, ...place());

    assert.deepEqual([code, asked], [0, ['cancel 1,203 deliveries?']]);
    assert.match(stdout, /\ncancelled 1,203 deliveries\n$/);
    assert.equal(await stateCounts(), `5 waiting, ${COUNT} cancelled`);
  });

  it('is not made when the person says no', async () => {
    const { code, stderr } = await runOn({ isInteractive: true }, 'cancel', ...EVERYTHING, ...place());

    assert.deepEqual([code, stderr, await stateCounts()], [1, 'Nothing was done.\n', `${COUNT} waiting, 0 cancelled`]);
  });

  it('asks nobody where JSON is wanted', async () => {
    const { code, stdout, stderr } = await runOn({ isInteractive: true }, 'cancel', ...EVERYTHING, '--output', 'json', ...place());

    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /--dry-run says which deliveries are meant, --yes will cancel them/);
  });
});
