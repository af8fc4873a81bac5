// RE2 patterns with Go's semantics (unanchored search, linear time), and a bound on what one of them can cost.
import { RE2JS } from 're2js';
import { withLibraryNames } from './pattern-names.ts';

/** A compiled pattern, or what is wrong with it in Go's words. */
export interface Pattern {
  readonly source: string;
  /** Absent when the source compiles. */
  readonly error?: string;
  /** Instructions of the compiled program; 0 for a pattern with an error. */
  readonly cost: number;
  /** Unanchored search; false for a pattern with an error. */
  test(text: string): boolean;
}

/** What a search costs before it even looks at the text, in the unit of searchCost. */
const BASE_CHARS = 16;

/**
 * Checks an RE2 pattern; never throws. The program is compiled again at the first search and then kept: of thousands of
 * patterns most never meet a message, and each takes six kilobytes.
 */
export function toPattern(source: string): Pattern {
  try {
    const renamed = withLibraryNames(source);
    const cost = RE2JS.compile(renamed).programSize();
    let compiled: RE2JS | undefined;
    return { source, cost, test: (text) => (compiled ??= RE2JS.compile(renamed)).test(text) };
  } catch (cause) {
    return { source, error: cause instanceof Error ? cause.message : String(cause), cost: 0, test: () => false };
  }
}

/** Measured: the most that a unit of searchCost takes; an ordinary one takes less than a thirtieth of it. */
export const SLOWEST_UNIT_MS = 30e-6;

/** An upper bound on the work of one search: program size times text length, since RE2 is linear in both. */
export function searchCost(pattern: Pattern, text: string): number {
  return pattern.cost * (text.length + BASE_CHARS);
}
