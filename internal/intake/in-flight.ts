// What was handed to the store and is not committed yet: how much of it there is, how old the oldest is, and which
// senders still wait for an answer. One timer serves all, because all are given the same time.
import type { Clock } from '../sdk/ports.ts';

/** Bounds of what may be on its way to the store at a time. */
export interface InFlightLimits {
  readonly maxEvents: number;
  /** Of bodies in UTF-8 and of what was decided about them. One event always fits. */
  readonly maxBytes: number;
  /** Nothing more is taken while the oldest has been on its way for longer: the store is stuck. */
  readonly maxAgeMs: number;
  /** A sender is answered after at most this long. */
  readonly answerWithinMs: number;
}

/** One event on its way to the store. */
export interface Passage {
  readonly startedMs: number;
  readonly bytes: number;
  /** The sender's time is up; the event goes on. */
  readonly onOverdue: () => void;
}

/** Everything on its way to the store. */
export class InFlight {
  readonly #clock: Clock;
  readonly #limits: InFlightLimits;
  /** In order of their start, so the first is the oldest. */
  readonly #passages = new Set<Passage>();
  readonly #waiting = new Set<Passage>();
  #bytes = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, limits: InFlightLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Why nothing more can be taken; undefined when it can. */
  refusal(bytes: number): string | undefined {
    const oldest = first(this.#passages);
    if (oldest === undefined) return undefined;
    if (this.#passages.size >= this.#limits.maxEvents) return 'too many events are waiting for the store';
    if (this.#bytes + bytes > this.#limits.maxBytes) return 'too many bytes are waiting for the store';
    if (this.#clock.monotonicMs() - oldest.startedMs > this.#limits.maxAgeMs) return 'the store has not answered for too long';
    return undefined;
  }

  start(bytes: number, onOverdue: () => void): Passage {
    const passage = { startedMs: this.#clock.monotonicMs(), bytes, onOverdue };
    this.#passages.add(passage);
    this.#waiting.add(passage);
    this.#bytes += bytes;
    this.#armTimer();
    return passage;
  }

  finish(passage: Passage): void {
    if (this.#passages.delete(passage)) this.#bytes -= passage.bytes;
    this.#waiting.delete(passage);
  }

  /** Answers everybody who waits now. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#release(Number.POSITIVE_INFINITY);
  }

  #armTimer(): void {
    const oldest = first(this.#waiting);
    if (oldest === undefined || this.#cancelTimer !== null) return;
    const delayMs = oldest.startedMs + this.#limits.answerWithinMs - this.#clock.monotonicMs();
    this.#cancelTimer = this.#clock.schedule(Math.max(0, delayMs), () => {
      this.#cancelTimer = null;
      this.#release(this.#clock.monotonicMs() - this.#limits.answerWithinMs);
      this.#armTimer();
    });
  }

  #release(startedUntilMs: number): void {
    for (const passage of this.#waiting) {
      if (passage.startedMs > startedUntilMs) return;
      this.#waiting.delete(passage);
      passage.onOverdue();
    }
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const element of set) return element;
  return undefined;
}
