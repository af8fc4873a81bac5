// The budget of one evaluation. CEL has no loops but comprehensions nest and strings multiply, so every function that
// scans or builds something pays first; what is spent cannot be won back by an expression that swallows the error.
import { ExpressionError } from './cel-error.ts';
import { type Pattern, toPattern } from './pattern.ts';

/** About 20 ms of evaluation. */
const UNITS_PER_EVALUATION = 1_000_000;
const CHARS_PER_UNIT = 16;
const UNITS_PER_STEP = 20;

/** No function may build a string longer than this; events are at most 3 MiB. */
const LONGEST_STRING_CHARS = 4 * 1024 * 1024;

const UNITS_PER_PATTERN = 2_000;
const LONGEST_PATTERN_CHARS = 1_000;

/** Patterns that an expression compiled; it owns them, so they live as long as it does. */
export class PatternCache {
  readonly #patterns = new Map<string, Pattern>();

  get(source: string): Pattern | undefined {
    return this.#patterns.get(source);
  }

  set(source: string, pattern: Pattern): void {
    if (this.#patterns.size >= MOST_CACHED_PATTERNS) this.#patterns.clear();
    this.#patterns.set(source, pattern);
  }
}

const MOST_CACHED_PATTERNS = 50;

export class Work {
  readonly #patterns: PatternCache;
  #left = UNITS_PER_EVALUATION;

  constructor(patterns = new PatternCache()) {
    this.#patterns = patterns;
  }

  /** True once the expression asked for more than there is. */
  get isExhausted(): boolean {
    return this.#left < 0;
  }

  spend(units: number): void {
    this.#left -= units + 1;
    if (this.#left < 0) throw new ExpressionError('the expression needs too much work');
  }

  /** Throws for a pattern that does not compile. */
  pattern(source: string): Pattern {
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    if (source.length > LONGEST_PATTERN_CHARS) throw new ExpressionError(`a pattern is longer than ${LONGEST_PATTERN_CHARS} characters`);
    this.spend(UNITS_PER_PATTERN);
    const pattern = toPattern(source);
    this.spend(pattern.cost);
    if (pattern.error !== undefined) throw new ExpressionError(pattern.error);
    this.#patterns.set(source, pattern);
    return pattern;
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
