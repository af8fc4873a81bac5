// Searches without a budget, in slices: between two of them timers, sockets and everybody else have their turn.
import type { Pattern } from '../expr/pattern.ts';
import type { Clock } from '../sdk/ports.ts';
import type { Search } from './decide.ts';

/** A slice ends with the first search after this long. One search cannot be cut; RE2 bounds it by program times text. */
const SLICE_MS = 10;

export class SlicedSearch {
  readonly #clock: Clock;
  #sliceStartMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs something that searches, as often as it takes until every search it asks for has an answer.
   * `run` must be pure: it is given the answers found so far, and asks for more with each repetition.
   */
  async during<T>(run: (search: Search) => T): Promise<T> {
    const answers = new Map<Pattern, Map<string, boolean>>();
    for (;;) {
      const missing: (readonly [Pattern, string])[] = [];
      const result = run((pattern, text) => {
        const answer = answers.get(pattern)?.get(text);
        if (answer === undefined) missing.push([pattern, text]);
        return answer;
      });
      if (missing.length === 0) return result;
      for (const [pattern, text] of missing) {
        await this.pause();
        const known = answers.get(pattern) ?? new Map<string, boolean>();
        answers.set(pattern, known.set(text, pattern.test(text)));
      }
    }
  }

  /** Lets others have their turn if this slice is over. */
  async pause(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sliceStartMs < SLICE_MS) return;
    await new Promise<void>((resume) => this.#clock.schedule(0, resume));
    this.#sliceStartMs = this.#clock.monotonicMs();
  }
}
