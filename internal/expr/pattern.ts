// RE2 patterns with Go's semantics (unanchored search, linear time).
import { RE2JS } from 're2js';

/** A compiled pattern, or what is wrong with it in Go's words. */
export interface Pattern {
  readonly source: string;
  /** Absent when the source compiles. */
  readonly error?: string;
  /** Unanchored search; false for a pattern with an error. */
  test(text: string): boolean;
}

/** Compiles an RE2 pattern; never throws. */
export function toPattern(source: string): Pattern {
  try {
    const compiled = RE2JS.compile(source);
    return { source, test: (text) => compiled.test(text) };
  } catch (cause) {
    return { source, error: cause instanceof Error ? cause.message : String(cause), test: () => false };
  }
}
