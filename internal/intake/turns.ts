// Events that have arrived wait here for their turn, in the order of their arrival.
//
// The event loop takes one new connection per turn (libuv's uv__server_io), however many wait. A turn that works through all
// that has arrived takes a quarter of a second in a storm; of two thousand connections half then wait for minutes before
// they are looked at. So a turn works for a bounded time, and while connections come in it works through one event only.
import type { Clock } from '../sdk/ports.ts';

/** Bounds of what waits and of one turn. */
export interface TurnLimits {
  /** Events that wait for their turn or for their answer. */
  readonly maxEvents: number;
  /** Time to begin new work in one turn; at least one event is worked on. */
  readonly turnMs: number;
  /** What has waited for longer is not worth the work: its answer would come too late. */
  readonly maxWaitMs: number;
}

/** One event that has arrived. */
export interface Visit {
  readonly work: () => void;
  /** Its turn came too late. */
  readonly onLate: () => void;
}

/** The queue in front of the work on one server's events. */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #limits: TurnLimits;
  #waiting: (Visit & { readonly sinceMs: number })[] = [];
  /** How many at the head of `waiting` have had their turn. */
  #begun = 0;
  #inside = 0;
  #isScheduled = false;
  #hasConnection = false;

  constructor(clock: Pick<Clock, 'monotonicMs'>, limits: TurnLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Calls one of the two when its turn has come, and counts it as inside until `leave`; false when there is no room. */
  enter({ work, onLate }: Visit): boolean {
    if (this.#inside >= this.#limits.maxEvents) return false;
    this.#inside += 1;
    this.#waiting.push({ work, onLate, sinceMs: this.#clock.monotonicMs() });
    this.#schedule();
    return true;
  }

  /** The event of one `enter` has its answer. */
  leave(): void {
    this.#inside -= 1;
  }

  /** A connection was taken in this turn, so there may be more. */
  connectionTaken(): void {
    this.#hasConnection = true;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    let nowMs = this.#clock.monotonicMs();
    const untilMs = nowMs + (this.#hasConnection ? 0 : this.#limits.turnMs);
    this.#hasConnection = false;
    do {
      this.#begin(nowMs);
      nowMs = this.#clock.monotonicMs();
    } while (this.#begun < this.#waiting.length && nowMs < untilMs);
    if (this.#begun < this.#waiting.length) return this.#schedule();
    this.#waiting = [];
    this.#begun = 0;
  }

  #begin(nowMs: number): void {
    const visit = this.#waiting[this.#begun++];
    if (visit === undefined) return;
    if (nowMs - visit.sinceMs > this.#limits.maxWaitMs) visit.onLate();
    else visit.work();
  }
}
