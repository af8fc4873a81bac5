// The budget of one evaluation. CEL has no loops but comprehensions nest and strings multiply, so every function that
// scans or builds something pays first; what is spent cannot be won back by an expression that swallows the error.
import { ExpressionError } from './cel-error.ts';

/** About 20 ms of evaluation. */
const UNITS_PER_EVALUATION = 2_000_000;
const CHARS_PER_UNIT = 16;
const UNITS_PER_STEP = 20;

/** No function may build a string longer than this; events are at most 3 MiB. */
const LONGEST_STRING_CHARS = 4 * 1024 * 1024;

export class Work {
  #left = UNITS_PER_EVALUATION;

  /** True once the expression asked for more than there is. */
  get isExhausted(): boolean {
    return this.#left < 0;
  }

  spend(units: number): void {
    this.#left -= units + 1;
    if (this.#left < 0) throw new ExpressionError('the expression needs too much work');
  }

  /** Before a string of so many characters is scanned or built. */
  spendChars(chars: number): void {
    if (chars > LONGEST_STRING_CHARS) {
      this.#left = -1;
      throw new ExpressionError(`the expression builds a string longer than ${LONGEST_STRING_CHARS} characters`);
    }
    this.spend(chars / CHARS_PER_UNIT);
  }

  /** Before so many elements are visited. */
  spendSteps(steps: number): void {
    this.spend(steps * UNITS_PER_STEP);
  }
}
