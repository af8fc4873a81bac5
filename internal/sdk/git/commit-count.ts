// How far a commit is over all objects that spoke of it: one verdict, one line, and who is behind it.
import type { TallyWord } from '../tally.ts';
import { cutChars } from '../text/cut.ts';
import { type ObjectWord, readWord } from './commit-word.ts';
import { shortHash } from './revision.ts';
import type { Verdict } from './status.ts';

/** More names than this nobody reads in one line. */
const MAX_NAMES = 20;

/** Objects by what became of them on the commit. */
export interface CommitCount {
  readonly failing: readonly ObjectWord[];
  readonly working: readonly ObjectWord[];
  /** Went on to a newer commit before this one was done. */
  readonly superseded: readonly ObjectWord[];
  readonly ready: readonly ObjectWord[];
  /** The newer commit; empty when no object went on. */
  readonly supersededBy: string;
}

/** Sorts the objects by what they said last. */
export function countObjects(words: readonly TallyWord[]): CommitCount {
  const sorted = { failing: [], working: [], superseded: [], ready: [] } as Record<keyof Omit<CommitCount, 'supersededBy'>, ObjectWord[]>;
  let supersededBy = '';
  for (const { word, closedBy } of words) {
    const object = readWord(word);
    if (closedBy !== undefined) supersededBy = closedBy;
    sorted[closedBy === undefined ? GROUPS[object.verdict] : 'superseded'].push(object);
  }
  return { ...sorted, supersededBy };
}

const GROUPS = { success: 'ready', failure: 'failing', pending: 'working' } as const;

/** No verdict before every object that spoke of the commit has one. */
export function verdictOfCount({ working, failing }: CommitCount): Verdict {
  if (working.length > 0) return 'pending';
  return failing.length > 0 ? 'failure' : 'success';
}

/** `37 of 40 ready, 2 failing: apps/web, infra/dns`: as many names as fit. */
export function describeCount(count: CommitCount, maxChars: number): string {
  const { failing, working, superseded, ready, supersededBy } = count;
  const total = failing.length + working.length + superseded.length + ready.length;
  const head = `${ready.length} of ${total} ready`;
  const label = labeller(count);
  if (failing.length > 0) return listed(`${head}, ${failing.length} failing`, failing.map(label), maxChars);
  if (working.length > 0) return listed(`${head}, ${working.length} in progress`, working.map(label), maxChars);
  if (superseded.length > 0) return cutChars(`${head}, ${superseded.length} superseded by ${shortHash(supersededBy)}`, maxChars);
  return cutChars(head, maxChars);
}

/** `namespace/name`, with the kind where two objects would look the same. */
export function labeller({ failing, working, superseded, ready }: CommitCount): (object: ObjectWord) => string {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const object of [...failing, ...working, ...superseded, ...ready]) (seen.has(nameOf(object)) ? twice : seen).add(nameOf(object));
  return (object) => (twice.has(nameOf(object)) ? `${object.kind}/${nameOf(object)}` : nameOf(object));
}

function nameOf({ namespace, name }: ObjectWord): string {
  return `${namespace}/${name}`;
}

function listed(head: string, names: readonly string[], maxChars: number): string {
  for (let shown = Math.min(names.length, MAX_NAMES); shown > 0; shown -= 1) {
    const rest = names.length - shown;
    const text = `${head}: ${names.slice(0, shown).join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
    if (text.length <= maxChars) return text;
  }
  return cutChars(head, maxChars);
}
