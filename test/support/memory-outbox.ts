// The delivering half of the outbox's port, in memory and without a schedule: a test offers leases and reads settlements.
import type { Lease, LeaseRequest, Outbox, Settlement, SettleResult } from '../../internal/outbox/store.ts';
import type { Recollection } from '../../internal/sdk/provider.ts';
import type { TallyWord } from '../../internal/sdk/tally.ts';

/** Offers what the test gives it, once; remembers everything that it is told. */
export class MemoryOutbox implements Pick<Outbox, 'lease' | 'settle' | 'release' | 'wake' | 'recall' | 'tally'> {
  readonly settled: Settlement[] = [];
  /** Sizes of the settle calls. */
  readonly batches: number[] = [];
  readonly released: string[] = [];
  readonly woken: string[] = [];
  readonly requests: LeaseRequest[] = [];
  /** Thrown by settle while set. */
  settleError: Error | undefined;
  /** Thrown by lease while set. */
  leaseError: Error | undefined;
  /** What settle answers where a test cares. */
  readonly results = new Map<string, Partial<SettleResult>>();
  /** What the members of each lane said last. */
  readonly tallies = new Map<string, readonly TallyWord[]>();
  readonly #facts = new Map<string, string>();
  readonly #waiting: Lease[] = [];
  #wake: (() => void) | undefined;

  offer(...leases: readonly Lease[]): void {
    this.#waiting.push(...leases);
    this.#wake?.();
  }

  async lease(request: LeaseRequest): Promise<readonly Lease[]> {
    this.requests.push(request);
    if (this.leaseError !== undefined) throw this.leaseError;
    if (this.#waiting.length === 0 && request.signal?.aborted !== true) await this.#something(request.signal);
    return this.#waiting.splice(0, request.signal?.aborted === true ? 0 : request.limit);
  }

  async settle(entries: readonly Settlement[]): Promise<readonly SettleResult[]> {
    if (this.settleError !== undefined) throw this.settleError;
    this.batches.push(entries.length);
    this.settled.push(...entries);
    return entries.map((entry) => this.#settleOne(entry));
  }

  async release(leases: readonly { readonly deliveryId: string }[]): Promise<void> {
    this.released.push(...leases.map((lease) => lease.deliveryId));
  }

  async wake(targetKeys: readonly string[]): Promise<void> {
    this.woken.push(...targetKeys);
  }

  async recall(scope: string, key: string): Promise<Recollection | undefined> {
    const value = this.#facts.get(`${scope} ${key}`);
    return value === undefined ? undefined : { known: true, value, ageMs: 0 };
  }

  async tally(lane: string): Promise<readonly TallyWord[]> {
    return this.tallies.get(lane) ?? [];
  }

  #settleOne({ deliveryId, outcome, remember = [] }: Settlement): SettleResult {
    for (const { scope, key, value } of remember) this.#facts.set(`${scope} ${key}`, value);
    const state = outcome.kind === 'delivered' ? 'delivered' : outcome.kind === 'rejected' ? 'dead' : 'waiting';
    return { result: 'settled', state, dueAtMs: null, breaker: 'closed', ...this.results.get(deliveryId) };
  }

  async #something(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
