// Many repositories on one token whose budget is smaller than what they need. No status is later than the budget allows when
// the hours are spent to the last call and the oldest always go first.
import { createRandom } from '../../support/random.ts';
import type { Calls, Vendor } from '../../support/forge-emulator.ts';
import { ForgeWorld } from '../../support/forge-world.ts';

const HOUR_MS = 3_600_000;
/** Events between two looks at the clock. */
const BATCH = 20;
const SEED = 20_261_121;

export interface BudgetOptions {
  readonly repositories: number;
  readonly contexts: number;
  readonly callsPerHour: number;
}

export interface BudgetFigures extends BudgetOptions {
  readonly type: string;
  readonly calls: Readonly<Calls>;
  /** Hours of the budget that were begun, and as many as the calls fill. */
  readonly hours: number;
  readonly neededHours: number;
  /** Statuses that were written in an earlier hour than an older one. */
  readonly outOfOrder: number;
  readonly redundant: number;
}

interface Spoken {
  /** The hour of the budget in which it was written. */
  writtenIn: number;
}

/** All events come within an hour, in no order of repositories. */
export async function measureBudget(vendor: Vendor, options: BudgetOptions): Promise<BudgetFigures> {
  const { repositories, callsPerHour } = options;
  const world = await ForgeWorld.open(vendor, { repositories, callsPerHour });
  try {
    const spoken = await speak(world, options);
    await world.finish();
    const { calls, hours, redundant } = world.forge;
    return {
      ...options,
      type: vendor.definition.type,
      calls: { ...calls },
      hours,
      neededHours: Math.ceil((calls.list + calls.create + calls.other) / callsPerHour),
      outOfOrder: countOutOfOrder(spoken),
      redundant,
    };
  } finally {
    await world.dispose();
  }
}

async function speak(world: ForgeWorld, { repositories, contexts }: BudgetOptions): Promise<readonly Spoken[]> {
  const { forge, clock } = world;
  const byStatus = new Map<string, Spoken>();
  forge.onCreate = (place, { context }) => {
    const one = byStatus.get(`${place} ${context}`);
    if (one !== undefined) one.writtenIn = forge.hours;
  };
  const order = shuffled(Array.from({ length: repositories * contexts }, (_, index) => index));
  const spoken: Spoken[] = [];
  for (const [number, index] of order.entries()) {
    const repository = index % repositories;
    const statusId = await world.say({ repository, object: `app-${Math.floor(index / repositories)}`, isGood: true });
    const one: Spoken = { writtenIn: 0 };
    spoken.push(one);
    byStatus.set(`${forge.vendor.placeOf(repository)} ${forge.vendor.contextOf(statusId)}`, one);
    if (number % BATCH !== BATCH - 1) continue;
    await world.rest();
    clock.advance((HOUR_MS * BATCH) / order.length);
  }
  return spoken;
}

function countOutOfOrder(spoken: readonly Spoken[]): number {
  let latest = 0;
  let count = 0;
  for (const { writtenIn } of spoken) {
    if (writtenIn < latest) count += 1;
    latest = Math.max(latest, writtenIn);
  }
  return count;
}

function shuffled(numbers: readonly number[]): readonly number[] {
  const random = createRandom(SEED);
  return numbers
    .map((number) => ({ number, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ number }) => number);
}
