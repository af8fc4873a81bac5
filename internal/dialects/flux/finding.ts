// What is to be said about one field of a manifest, in words for its author. Never holds a value that may be secret.

/** One fault of one field; `error` means that the API server would refuse the object, so it is not used. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
  readonly severity: 'error' | 'warning';
  /** What kind of fault it is, where that is more than a breach of the schema. */
  readonly rule?: FindingRule;
}

/** Kinds of faults that people may want to tell apart. */
export type FindingRule =
  | 'unknown-field'
  | 'ignored-field'
  | 'deprecated-field'
  | 'bad-pattern'
  | 'bad-expression'
  | 'unknown-kind'
  | 'unsupported-type'
  | 'never-matches';

/** More than this of one object helps nobody. */
export const MAX_FINDINGS_PER_OBJECT = 20;

const MAX_SHOWN_CHARS = 60;

/** `spec.eventSources[0].kind` */
export function toFieldPath(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${printable(step)}`)).join('');
}

/** Quotes text of a manifest for a message: short, and without characters that change how the line around them reads. */
export function show(value: unknown): string {
  return typeof value === 'string' ? `"${printable(value)}"` : printable(String(value));
}

/** The candidate that was probably meant, or undefined. */
export function suggest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > 2 * MAX_SHOWN_CHARS) return undefined;
  const wanted = name.toLowerCase();
  const limit = wanted.length <= 4 ? 1 : 2;
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = candidate === name ? Infinity : editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function printable(text: string): string {
  const short = text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Insertions, deletions, replacements and swaps of neighbours between two short texts. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      let cost = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + (isSame ? 0 : 1));
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (isSwap) cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}
