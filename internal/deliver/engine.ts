// The delivery engine: keeps a standing lease request, runs each lease as one attempt, and settles the results.
//
// It promises that a failing Target, provider or store never ends it; that it leases nothing while results cannot be
// stored; and that draining finishes, or accounts for, everything that it leased. Order, schedule, limits and the breaker
// are the store's; it may lease more of a Target than that takes at a time, and the gate holds those back. Start it when a Snapshot serves: a Target that cannot be found counts as gone.
import type { Lease, Outbox, SettleResult } from '../outbox/store.ts';
import type { DeliveryMetrics } from '../sdk/metrics.ts';
import type { Clock, Logger } from '../sdk/ports.ts';
import { DEFAULT_CONCURRENCY } from '../sdk/provider.ts';
import { toKey } from '../sdk/target.ts';
import { type AttemptContext, type AttemptResult, runAttempt } from './attempt.ts';
import { createBudgets } from './budgets.ts';
import { Aborted, describeError, jitter } from './failure.ts';
import { createReporting, type OnFailure, type Settled } from './reporting.ts';
import { createSettleQueue, type SettleQueue } from './settling.ts';
import { createSharedWork } from './shared-work.ts';
import { TargetGate } from './target-gate.ts';

export type { OnFailure } from './reporting.ts';

/** What a deployment may turn; the defaults suit one process. */
export interface DeliverySettings {
  /** Attempts that run at once, over all Targets: many times what one may have, so that many hanging ones delay nobody. */
  readonly maxInFlight: number;
  /** No more is leased while the events of running attempts take this much memory. */
  readonly maxInFlightChars: number;
  /** How many one request may lease: each is one commit of the store, and by so much the limit above is overshot. */
  readonly leaseBatch: number;
  /** Running attempts and finished ones whose results are not durable yet. */
  readonly maxUnsettled: number;
  /** How long a lease holds. An attempt ends a margin before that, so that it settles while the lease is its own. */
  readonly leaseMs: number;
  /** How long a standing lease request waits before it is renewed. */
  readonly waitMs: number;
}

const DEFAULTS: DeliverySettings = {
  maxInFlight: 1024,
  maxInFlightChars: 64 * 1024 ** 2,
  leaseBatch: 256,
  maxUnsettled: 2048,
  leaseMs: 300_000,
  waitMs: 30_000,
};
const LEASE_MARGIN_MS = 30_000;
/** How long storing the last results may take, twice, after the grace period; it must fit between ours and the kubelet's. */
const LAST_SETTLE_MS = 500;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;

export interface DeliveryEngineOptions extends Omit<AttemptContext, 'outbox' | 'budgets' | 'sharedWork' | 'maxAttemptMs'> {
  readonly outbox: Pick<Outbox, 'lease' | 'settle' | 'release' | 'wake' | 'recall' | 'tally'>;
  /** Names this process in leases; different after a restart. */
  readonly owner: string;
  readonly metrics: DeliveryMetrics;
  readonly onFailure: OnFailure;
  /** Told of every try whose result is stored. */
  readonly onSettled?: (settled: Settled) => void;
  readonly settings?: Partial<DeliverySettings>;
}

export interface DeliveryEngine {
  /** Starts leasing; once. */
  start(): void;
  /** Stops leasing, finishes what is being sent within the grace period, aborts the rest, and settles or releases all of it. */
  drain(graceMs: number): Promise<void>;
  /** Ends waits after store errors early. */
  wake(): void;
  /** These Targets or their Secrets changed: what a try with the old ones defers until that happens is due at once. */
  targetsChanged(targetKeys: readonly string[]): void;
  /** Attempts that run now. */
  inFlight(): number;
}

/** Builds an engine that does nothing until `start`. */
export function createDeliveryEngine(options: DeliveryEngineOptions): DeliveryEngine {
  return new Engine(options);
}

/** A lease that is being sent or waits for its turn. */
interface Held {
  readonly lease: Lease;
  readonly leasedMs: number;
}

const RELEASE: AttemptResult = { kind: 'release' };

class Engine implements DeliveryEngine {
  readonly #outbox: DeliveryEngineOptions['outbox'];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: DeliveryEngineOptions;
  readonly #settings: DeliverySettings;
  readonly #context: AttemptContext;
  readonly #settling: SettleQueue;
  readonly #report: (settled: Settled) => void;
  readonly #attempts = new Set<AbortController>();
  readonly #releasing = new Set<Promise<void>>();
  readonly #leasing = new AbortController();
  /** How often each Target changed while there were tries. */
  readonly #changes = new Map<string, number>();
  readonly #gate = new TargetGate<Held>((key, held) => void this.#attempt(key, held));
  #isStarted = false;
  #lease: Promise<void> | undefined;
  /** Leases that are being sent or wait at the gate, and the size of their events. */
  #inFlight = 0;
  #inFlightChars = 0;
  #leaseFailures = 0;
  #wakeUp: (() => void) | undefined;
  #onSlot: (() => void) | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: DeliveryEngineOptions) {
    const { outbox, clock, random, log } = options;
    this.#options = options;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#log = log;
    this.#settings = { ...DEFAULTS, ...options.settings };
    const maxAttemptMs = Math.max(this.#settings.leaseMs / 2, this.#settings.leaseMs - LEASE_MARGIN_MS);
    this.#context = { ...options, budgets: createBudgets(clock), sharedWork: createSharedWork(clock), maxAttemptMs };
    this.#settling = createSettleQueue({ outbox, clock, random, log, onChange: () => this.#onSlot?.() });
    this.#report = createReporting(options);
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#run();
  }

  inFlight(): number {
    return this.#attempts.size;
  }

  wake(): void {
    this.#wakeUp?.();
    this.#settling.nudge();
  }

  targetsChanged(targetKeys: readonly string[]): void {
    if (this.#inFlight === 0 && this.#settling.pending() === 0) this.#changes.clear();
    for (const key of targetKeys) this.#changes.set(key, this.#changesOf(key) + 1);
  }

  #changesOf(key: string): number {
    return this.#changes.get(key) ?? 0;
  }

  async drain(graceMs: number): Promise<void> {
    this.#leasing.abort();
    this.#wakeUp?.();
    this.#onSlot?.();
    this.#giveBack(this.#gate.clear());
    await this.#within(graceMs, this.#idle());
    if (this.#attempts.size > 0) {
      this.#log.warn({ attempts: this.#attempts.size }, 'Attempts are cut short by shutdown');
      for (const controller of this.#attempts) controller.abort(new Aborted());
      await this.#within(LAST_SETTLE_MS, this.#idle());
    }
    this.#settling.nudge();
    await this.#within(LAST_SETTLE_MS, this.#allStored());
    this.#settling.stop();
    const lost = this.#settling.pending();
    if (lost > 0) this.#log.error({ results: lost }, 'Results could not be stored before shutdown');
  }

  async #run(): Promise<void> {
    while (!this.#leasing.signal.aborted) {
      await this.#settling.unblocked();
      if (this.#leasing.signal.aborted) return;
      const credit = this.#credit();
      if (credit > 0) await (this.#lease = this.#leaseSome(credit));
      else await this.#slot();
    }
  }

  /** What is being sent will have to be stored, so it counts against both limits. */
  #credit(): number {
    const { maxInFlightChars, leaseBatch } = this.#settings;
    return this.#inFlightChars >= maxInFlightChars ? 0 : Math.min(leaseBatch, this.#room());
  }

  #room(): number {
    const { maxInFlight, maxUnsettled } = this.#settings;
    return Math.min(maxInFlight - this.#inFlight, maxUnsettled - this.#inFlight - this.#settling.pending());
  }

  async #leaseSome(limit: number): Promise<void> {
    const { leaseMs, waitMs } = this.#settings;
    const { signal } = this.#leasing;
    try {
      const leases = await this.#outbox.lease({ owner: this.#options.owner, limit, room: this.#room(), leaseMs, waitMs, signal });
      this.#onLeased();
      this.#accept(leases);
    } catch (error) {
      if (!signal.aborted) await this.#backOff(error);
    }
  }

  #onLeased(): void {
    if (this.#leaseFailures === 0) return;
    this.#log.info({ failures: this.#leaseFailures }, 'Deliveries can be leased again');
    this.#leaseFailures = 0;
  }

  #accept(leases: readonly Lease[]): void {
    if (this.#leasing.signal.aborted || this.#settling.isBlocked()) {
      this.#release(leases);
      return;
    }
    const leasedMs = this.#clock.monotonicMs();
    for (const lease of leases) {
      const key = toKey(lease.delivery.target);
      this.#inFlight += 1;
      this.#inFlightChars += lease.event.body.length;
      this.#gate.enter(key, this.#concurrencyOf(key), { lease, leasedMs });
    }
  }

  #concurrencyOf(key: string): number {
    return this.#options.findTarget(key)?.definition?.capabilities.concurrency ?? DEFAULT_CONCURRENCY;
  }

  async #attempt(key: string, held: Held): Promise<void> {
    const controller = new AbortController();
    this.#attempts.add(controller);
    await this.#settling.unblocked();
    const changes = this.#changesOf(key);
    const result = this.#isStale(held) ? RELEASE : await runAttempt(this.#context, held.lease, controller);
    this.#attempts.delete(controller);
    if (result.kind === 'release') this.#giveBack([held]);
    else this.#settle(held.lease, result, changes);
    this.#gate.leave(key);
    this.#onSlot?.();
    if (this.#attempts.size === 0) this.#onIdle?.();
  }

  /** A lease that waited long at the gate, or until the store took results again, might end while its delivery is being sent. */
  #isStale({ leasedMs }: Held): boolean {
    return this.#leasing.signal.aborted || this.#clock.monotonicMs() - leasedMs > LEASE_MARGIN_MS / 2;
  }

  #forgetHeld({ event }: Lease): void {
    this.#inFlight -= 1;
    this.#inFlightChars -= event.body.length;
  }

  #giveBack(held: readonly Held[]): void {
    for (const { lease } of held) this.#forgetHeld(lease);
    this.#release(held.map(({ lease }) => lease));
  }

  /** `changes` is how often the Target had changed when the try began. */
  #settle(lease: Lease, result: Extract<AttemptResult, { kind: 'settle' }>, changes: number): void {
    const key = toKey(lease.delivery.target);
    this.#forgetHeld(lease);
    this.#settling.add({
      settlement: result.settlement,
      onSettled: (settled) => {
        // What was leased ahead of a Target that turned out to be down must not be sent to it.
        if (settled.breaker === 'opened' || settled.breaker === 'open') this.#giveBack(this.#gate.clear(key));
        if (isForChange(result, settled) && this.#changesOf(key) !== changes) this.#wakeTarget(key);
        this.#report({ ...result, lease, result: settled });
      },
    });
  }

  /** The change that the delivery waits for came before its deferral was stored. */
  #wakeTarget(key: string): void {
    this.#outbox.wake([key]).catch((error: unknown) => {
      this.#log.warn({ target: key, error: describeError(error) }, 'A changed Provider could not be woken, it is tried on schedule');
    });
  }

  #release(leases: readonly Lease[]): void {
    if (leases.length === 0) return;
    const tokens = leases.map((lease) => ({ deliveryId: lease.delivery.id, token: lease.token }));
    const releasing = this.#outbox.release(tokens).catch((error: unknown) => {
      // They come back by themselves when their leases end.
      this.#log.warn({ deliveries: tokens.length, error: describeError(error) }, 'Leases could not be given back');
    });
    this.#releasing.add(releasing);
    void releasing.finally(() => this.#releasing.delete(releasing));
  }

  async #backOff(error: unknown): Promise<void> {
    this.#leaseFailures += 1;
    if (this.#leaseFailures === 1) this.#log.error({ error: describeError(error) }, 'Deliveries cannot be leased');
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(this.#leaseFailures - 1, 10));
    await this.#sleep(jitter(delayMs, this.#options.random));
  }

  async #sleep(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.schedule(delayMs, resolve);
      this.#wakeUp = () => {
        cancel();
        resolve();
      };
    });
    this.#wakeUp = undefined;
  }

  async #slot(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onSlot = resolve;
      if (this.#leasing.signal.aborted || this.#credit() > 0) resolve();
    });
    this.#onSlot = undefined;
  }

  async #idle(): Promise<void> {
    await this.#lease;
    while (this.#attempts.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
  }

  async #allStored(): Promise<void> {
    await Promise.all(this.#releasing);
    await this.#settling.idle();
  }

  /** Waits for `work`, but no longer than this. */
  async #within(limitMs: number, work: Promise<void>): Promise<void> {
    let cancel: (() => void) | undefined;
    const limit = new Promise<void>((resolve) => {
      cancel = this.#clock.schedule(limitMs, resolve);
    });
    await Promise.race([work, limit]);
    cancel?.();
  }
}

function isForChange({ settlement: { outcome } }: Extract<AttemptResult, { kind: 'settle' }>, { state }: SettleResult): boolean {
  return state === 'waiting' && outcome.kind === 'deferred' && outcome.until === 'target-change';
}
