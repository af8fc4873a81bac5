// What one commit costs: many contexts, each reconciled again and again without a change.
import type { Calls, Vendor } from '../../support/forge-emulator.ts';
import { ForgeWorld } from '../../support/forge-world.ts';

const BETWEEN_RECONCILES_MS = 120_000;

export interface EconomyOptions {
  readonly contexts: number;
  readonly reconciles: number;
  readonly betweenMs?: number;
}

export interface EconomyFigures {
  readonly type: string;
  readonly events: number;
  readonly calls: Readonly<Calls>;
  readonly total: number;
  /** Statuses that said what the commit said already. */
  readonly redundant: number;
}

/** Every reconcile of every context is an event with a message of its own; those of a round come at one moment. */
export async function measureEconomy(
  vendor: Vendor,
  { contexts, reconciles, betweenMs = BETWEEN_RECONCILES_MS }: EconomyOptions,
): Promise<EconomyFigures> {
  const world = await ForgeWorld.open(vendor);
  try {
    for (let round = 0; round < reconciles; round += 1) {
      for (let i = 0; i < contexts; i += 1) {
        await world.say({ repository: 0, object: `app-${i}`, isGood: true, message: `reconcile ${round}` });
      }
      await world.rest();
      world.clock.advance(betweenMs);
    }
    await world.finish();
    const { calls, total, redundant } = world.forge;
    return { type: vendor.definition.type, events: contexts * reconciles, calls: { ...calls }, total, redundant };
  } finally {
    await world.dispose();
  }
}
