// Keeps requests within a rate, for API servers that do not see to it themselves: where Priority and Fairness is at work, every
// answer says so, and a rate of ours would only be in its way.
import type { Clock } from '../sdk/ports.ts';
import { pause } from './waiting.ts';

/** `--kube-api-qps` and `--kube-api-burst`. */
export interface Rate {
  readonly perSecond: number;
  /** So many may go at once after a rest. */
  readonly burst: number;
}

/** https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#diagnostics */
const FLOW_SCHEMA = 'x-kubernetes-pf-flowschema-uid';

/** A bucket of tokens; those who wait go in the order in which they came. */
export class Pace {
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #lifted = new AbortController();
  /** Below zero, so many wait. */
  #tokens: number;
  #filledAtMs: number;

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** Resolves when a request may go; rejects with the signal's reason when that comes first. */
  async turn(signal?: AbortSignal): Promise<void> {
    if (this.#lifted.signal.aborted) return;
    this.#fill();
    this.#tokens -= 1;
    if (this.#tokens < 0) await this.#wait((-this.#tokens / this.#rate.perSecond) * 1000, signal);
  }

  /** Looks at the headers of an answer. */
  heard(headers: Readonly<Record<string, unknown>>): void {
    if (headers[FLOW_SCHEMA] !== undefined) this.#lifted.abort();
  }

  async #wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    const either = signal === undefined ? this.#lifted.signal : AbortSignal.any([signal, this.#lifted.signal]);
    try {
      await pause(this.#clock, delayMs, either);
    } catch (error) {
      this.#tokens += 1;
      if (!this.#lifted.signal.aborted) throw error;
    }
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
  }
}
