// A clock that moves only when a test moves it. Timers fire inside advance(), in order of their time.
import type { Clock } from '../../internal/sdk/ports.ts';

interface Timer {
  readonly atMs: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** Wall time, monotonic time and timers, all moved by hand. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #sequence = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = Date.UTC(2026, 0, 5, 12)) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass: timers that come due on the way fire at their own moment. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) {
      this.#timers.delete(timer);
      this.#moveTo(Math.max(this.#monotonicMs, timer.atMs));
      timer.callback();
    }
    this.#moveTo(endMs);
  }

  /** Sets the wall clock off by this much while no time passes, as a wrong or corrected system clock does. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Until the next timer is due; undefined when none waits. */
  get untilNextMs(): number | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY);
    return next === undefined ? undefined : Math.max(0, next.atMs - this.#monotonicMs);
  }

  #next(endMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > endMs) continue;
      if (first === undefined || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.sequence < first.sequence)) first = timer;
    }
    return first;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}
