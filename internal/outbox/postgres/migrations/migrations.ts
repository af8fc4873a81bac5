// The numbered migrations, in order. The SQL is text in modules so that a bundle carries it.
import { initial } from './0001-initial.ts';
import { owners } from './0002-owners.ts';

export interface Migration {
  readonly sql: string;
  /** The oldest program version of the schema that can still read and write the tables after this migration. */
  readonly minReader: number;
}

/** Migration N (counted from 1) brings the tables from schema N-1 to N; one that is released never changes. */
export const MIGRATIONS: readonly Migration[] = [
  { sql: initial, minReader: 1 },
  { sql: owners, minReader: 1 },
];
