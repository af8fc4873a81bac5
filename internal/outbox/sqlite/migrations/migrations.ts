// The numbered migrations, in order. The SQL is text in modules so that a bundle carries it.
import { initial } from './0001-initial.ts';
import { decisions } from './0002-decisions.ts';
import { traces } from './0003-traces.ts';
import { tallies } from './0004-tallies.ts';
import { pendingSince } from './0005-pending-since.ts';

export interface Migration {
  readonly sql: string;
  /** The oldest program version of the schema that can still read and write the file after this migration. */
  readonly minReader: number;
}

/** Migration N (counted from 1) brings a file from schema N-1 to N; one that is released never changes. */
export const MIGRATIONS: readonly Migration[] = [
  { sql: initial, minReader: 1 },
  { sql: decisions, minReader: 1 },
  { sql: traces, minReader: 1 },
  { sql: tallies, minReader: 1 },
  { sql: pendingSince, minReader: 1 },
];
