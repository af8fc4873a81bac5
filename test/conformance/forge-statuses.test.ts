// What every forge's statuses come to, whatever happens on the way: events, crashes between sending and recording, lost
// answers, other writers and spent budgets, through the planner, the store, the engine and the providers as they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { VENDORS } from '../support/forge-vendors.ts';
import { ForgeWorld } from '../support/forge-world.ts';
import type { Vendor } from '../support/forge-emulator.ts';

const RUNS = 10;
const HOUR_MS = 3_600_000;
const CALLS_PER_HOUR = 5_000;
const OTHERS = 120;

interface Step {
  readonly kind: 'event' | 'burst' | 'lost' | 'broken' | 'crash' | 'limit' | 'foreign' | 'pause';
  readonly object: number;
  readonly isGood: boolean;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>('event', 'event', 'burst', 'lost', 'broken', 'crash', 'limit', 'foreign', 'pause'),
  object: fc.nat({ max: 3 }),
  isGood: fc.boolean(),
});

for (const vendor of VENDORS) {
  test(`${vendor.definition.type}: in the end the forge shows the last verdict of every context, and none was written twice`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 14 }), async (steps) => {
        const run = await Run.open(vendor);
        try {
          for (const step of steps) await run.take(step);
          await run.verify();
        } finally {
          await run.dispose();
        }
      }),
      { numRuns: RUNS },
    );
  });
}

/** What the contexts of a commit should say, beside the world in which they come to say it. */
class Run {
  readonly #world: ForgeWorld;
  readonly #wanted = new Map<string, string>();
  #spoken = 0;

  private constructor(world: ForgeWorld) {
    this.#world = world;
    const { vendor } = world.forge;
    // More contexts of others than fit on a page.
    for (let i = 0; i < OTHERS; i += 1) {
      world.forge.table(0).write({ context: vendor.contextOf(`ci/${i}`), state: vendor.states.success, description: 'passed' });
    }
  }

  static async open(vendor: Vendor): Promise<Run> {
    return new Run(await ForgeWorld.open(vendor, { callsPerHour: CALLS_PER_HOUR }));
  }

  async take({ kind, object, isGood }: Step): Promise<void> {
    const { forge, clock } = this.#world;
    if (kind === 'pause') return clock.advance(HOUR_MS / 2);
    if (kind === 'foreign') return await this.#interfere(object);
    if (kind === 'limit') forge.exhaust();
    if (kind === 'lost') forge.losesNextAnswer = true;
    if (kind === 'broken') forge.breaksNextAnswer = true;
    if (kind === 'crash') this.#world.dieAtNextStatus();
    if (kind === 'burst') for (let i = 0; i < 4; i += 1) await this.#say(i, i === object ? !isGood : isGood);
    await this.#say(object, isGood);
    // Of a burst, what comes next finds part of it on its way.
    if (kind !== 'burst') await this.#world.rest();
    if (kind === 'crash') await this.#world.revive();
  }

  async verify(): Promise<void> {
    const { forge } = this.#world;
    await this.#world.finish();
    for (const [statusId, state] of this.#wanted) assert.equal(forge.shown(0, statusId)?.state, state, statusId);
    assert.equal(forge.redundant, 0);
    const { states } = await this.#world.outbox.stats();
    assert.equal(states.dead + states.cancelled, 0);
  }

  async dispose(): Promise<void> {
    await this.#world.dispose();
  }

  async #say(object: number, isGood: boolean): Promise<void> {
    this.#spoken += 1;
    const statusId = await this.#world.say({ repository: 0, object: `app-${object}`, isGood, message: `event ${this.#spoken}` });
    const { success, failure } = this.#world.forge.vendor.states;
    this.#wanted.set(statusId, isGood ? success : failure);
  }

  /** Somebody else sets the status; what is remembered is trusted for an hour, so only what is older can be noticed. */
  async #interfere(object: number): Promise<void> {
    const { forge, clock } = this.#world;
    await this.#world.finish();
    const [statusId] = [...this.#wanted.keys()].filter((id) => id.startsWith(`kustomization/app-${object}/`));
    if (statusId === undefined) return;
    const { vendor } = forge;
    const state = forge.shown(0, statusId)?.state === vendor.states.success ? vendor.states.failure : vendor.states.success;
    forge.table(0).write({ context: vendor.contextOf(statusId), state, description: 'somebody else' });
    this.#wanted.set(statusId, state);
    clock.advance(2 * HOUR_MS);
  }
}
