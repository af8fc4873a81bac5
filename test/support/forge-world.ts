// Commit statuses from the event to an emulated forge and back: the real planner, store, engine and providers, with time, the
// network and crashes in the hands of the test.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../internal/event/id.ts';
import type { DeliveryEngine } from '../../internal/deliver/engine.ts';
import type { Outbox } from '../../internal/outbox/store.ts';
import { openSqliteOutbox } from '../../internal/outbox/sqlite/outbox.ts';
import { Planner } from '../../internal/routing/plan.ts';
import type { Route, Target } from '../../internal/routing/route.ts';
import type { FluxEvent } from '../../internal/event/event.ts';
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import type { SendOptions, Transport } from '../../internal/sdk/transport.ts';
import { toFetch } from '../../internal/transport/fetch.ts';
import { ManualClock } from './clock.ts';
import { toResolved } from './deliveries.ts';
import { createHarness } from './engine.ts';
import { ForgeEmulator, type Vendor } from './forge-emulator.ts';
import { startInline } from './inline-writer.ts';
import { toMetadata, toRef, toTestEvent, toTestRoute, toTestTarget } from './routing.ts';
import { SHA } from './status-forge.ts';
import { settleDown } from './until.ts';

/** What an event says, and of what. */
export interface Word {
  readonly repository: number;
  readonly object: string;
  readonly isGood: boolean;
  /** What makes it another event than one before. */
  readonly message?: string;
}

export interface WorldOptions {
  readonly repositories?: number;
  readonly callsPerHour?: number;
}

/** More turns of the event loop than anything here takes without time or input. */
const QUIET_TURNS = 12;
const PROJECT_KEY = 'body';
const HOUR_MS = 3_600_000;

export class ForgeWorld {
  readonly clock = new ManualClock();
  readonly forge: ForgeEmulator;
  readonly #folder: string;
  readonly #targets: readonly Target[];
  readonly #routes: readonly Route[];
  #outbox: Outbox | undefined;
  #engine: DeliveryEngine | undefined;
  /** Set while a process lives; what a dead one hands in reaches nobody. */
  #life = { isAlive: true };

  private constructor(vendor: Vendor, { repositories = 1, callsPerHour }: WorldOptions) {
    const nowMs = (): number => this.clock.nowMs();
    this.forge = new ForgeEmulator(vendor, callsPerHour === undefined ? { nowMs } : { nowMs, callsPerHour });
    this.#folder = mkdtempSync(join(memoryFolder(), 'tocsin-forge-'));
    this.#targets = Array.from({ length: repositories }, (_, index) => toTarget(vendor, index));
    this.#routes = this.#targets.map(({ key }, index) => toTestRoute(`alert-${index}`, { targetKey: key }));
  }

  static async open(vendor: Vendor, options: WorldOptions = {}): Promise<ForgeWorld> {
    const world = new ForgeWorld(vendor, options);
    await world.start();
    return world;
  }

  get outbox(): Outbox {
    if (this.#outbox === undefined) throw new Error('no process is running');
    return this.#outbox;
  }

  /** Opens the store and begins to deliver, as a process does that was just started. */
  async start(): Promise<void> {
    this.#life = { isAlive: true };
    this.#outbox = await openSqliteOutbox({
      path: join(this.#folder, 'store.db'),
      project: (_dialect, body) => (JSON.parse(body) as { readonly [PROJECT_KEY]: FluxEvent })[PROJECT_KEY],
      clock: this.clock,
      random: () => 0.5,
      startWriter: startInline,
      reserveBytes: 0,
    });
    this.#engine = this.#createEngine(this.#outbox, this.#life);
    this.#engine.start();
  }

  /** Ends the process where it stands: what it was about to record is not recorded. */
  async crash(): Promise<void> {
    this.#life.isAlive = false;
    await settleDown();
    await this.#outbox?.close();
  }

  async dispose(): Promise<void> {
    await this.crash();
    rmSync(this.#folder, { recursive: true });
  }

  /** The process dies as soon as the forge has written the next status; nobody hears the answer. */
  dieAtNextStatus(): void {
    this.forge.onCreate = () => {
      this.forge.onCreate = undefined;
      this.#life.isAlive = false;
    };
  }

  /** Starts anew what has died. */
  async revive(): Promise<void> {
    this.forge.onCreate = undefined;
    if (this.#life.isAlive) return;
    await this.crash();
    await this.start();
  }

  /** Accepts an event; returns the context of the status that it asks for. */
  async say({ repository, object, isGood, message = 'reconciled' }: Word): Promise<string> {
    const [target, route] = [this.#targets[repository], this.#routes[repository]];
    if (target === undefined || route === undefined) throw new Error(`there is no repository ${repository}`);
    const event = toEvent(object, { isGood, message, nowMs: this.clock.nowMs() });
    const { delivery } = new Planner(event, 'kustomize.toolkit.fluxcd.io').plan(route, target);
    await this.outbox.append([{ event, verdicts: [], deliveries: [delivery], revision: 'r1' }]);
    return delivery.statusId ?? '';
  }

  /** Until nothing more happens without time passing. */
  async rest(): Promise<void> {
    for (let quiet = 0, before = ''; quiet < 2; ) {
      await settleDown(QUIET_TURNS);
      const { states } = await this.outbox.stats();
      const now = JSON.stringify([states, this.forge.total, this.#engine?.inFlight()]);
      quiet = now === before && (states.leased === 0 || !this.#life.isAlive) ? quiet + 1 : 0;
      before = now;
    }
  }

  /** Lets time pass until nothing waits any more; gives up after `limitMs`. */
  async finish(limitMs = 24 * HOUR_MS): Promise<void> {
    const endMs = this.clock.nowMs() + limitMs;
    while (this.clock.nowMs() <= endMs) {
      await this.rest();
      if ((await this.outbox.stats()).states.waiting === 0) return;
      this.clock.advance(Math.max(1, this.clock.untilNextMs ?? HOUR_MS));
    }
    throw new Error('deliveries still wait');
  }

  #createEngine(outbox: Outbox, life: { readonly isAlive: boolean }): DeliveryEngine {
    const { vendor } = this.forge;
    const known = new Map(this.#targets.map((target) => [target.key, target]));
    return createHarness({
      outbox: {
        lease: async (request) => await aliveOnly(life, outbox.lease(request)),
        settle: async (entries) => await (life.isAlive ? outbox.settle(entries) : never()),
        release: async (leases) => await (life.isAlive ? outbox.release(leases) : never()),
        wake: async (targetKeys) => await (life.isAlive ? outbox.wake(targetKeys) : never()),
        recall: async (scope, key) => await (life.isAlive ? outbox.recall(scope, key) : never()),
        tally: async (lane) => await (life.isAlive ? outbox.tally(lane) : never()),
      },
      clock: this.clock,
      // A standing request is not renewed all the time while nothing happens.
      settings: { waitMs: HOUR_MS },
      findTarget: (key) => known.get(key),
      resolve: async ({ spec }) => toResolved({ address: spec.address ?? '', token: vendor.secret['token'] ?? '' }),
      transport: createForgeTransport((request) => {
        const response = life.isAlive ? this.forge.answer(request) : undefined;
        // Who has died while it was answered does not hear the answer.
        return life.isAlive ? response : undefined;
      }),
    }).engine;
  }
}

function toTarget(vendor: Vendor, index: number): Target {
  const { definition } = vendor;
  const spec = { type: definition.type, address: vendor.addressOf(index) };
  return toTestTarget(`provider-${index}`, { ref: toRef('foo-ns', `provider-${index}`), type: definition.type, definition, spec });
}

function toEvent(object: string, { isGood, message, nowMs }: { isGood: boolean; message: string; nowMs: number }) {
  const verdict = isGood ? { severity: 'info', reason: 'ReconciliationSucceeded' } : { severity: 'error', reason: 'HealthCheckFailed' };
  const metadata = toMetadata({ 'kustomize.toolkit.fluxcd.io/revision': `main@sha1:${SHA}` });
  const event = toTestEvent({ subject: { name: object }, flux: { ...verdict, message, metadata } });
  return { ...event, id: newId(nowMs), occurredAtMs: nowMs, body: JSON.stringify({ [PROJECT_KEY]: event.flux }) };
}

/** A process that has died waits for ever. */
async function aliveOnly<Value>(life: { readonly isAlive: boolean }, work: Promise<Value>): Promise<Value> {
  const value = await work.catch((error: unknown) => (life.isAlive ? Promise.reject(error) : never()));
  return life.isAlive ? value : await never();
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function createForgeTransport(answer: (request: HttpRequest) => HttpResponse | undefined): Transport {
  const open = (options: SendOptions) => async (request: HttpRequest) => {
    // As a network does, it answers in a later turn.
    await settleDown(1);
    const response = answer(request) ?? (await never());
    options.onExchange?.({ request, response });
    return response;
  };
  return {
    open,
    openFetch: (options) => toFetch(open(options)),
    openDial: () => () => Promise.reject(new Error('no forge has sessions')),
    retain: async () => undefined,
    close: async () => undefined,
  };
}

/** A folder in memory where there is one: these tests ask what is stored, not how fast the disk is. */
function memoryFolder(): string {
  return statSync('/dev/shm', { throwIfNoEntry: false })?.isDirectory() === true ? '/dev/shm' : tmpdir();
}
