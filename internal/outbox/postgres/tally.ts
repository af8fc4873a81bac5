// The tallies: of each lane the newest word of each member, written in the transaction of the delivery that brought it.
// A word that is settled closes what the same member left open in older revisions of its series.
import type { TallyWord } from '../../sdk/tally.ts';
import { isOlder, type LaneAge } from '../lane-order.ts';
import type { TallyEntry } from '../store.ts';
import { type Columns, toArrays, upsertText } from './bulk.ts';
import type { Connection } from './connection.ts';

interface WordRow {
  readonly lane: string;
  readonly member: string;
  readonly series: string;
  readonly revision: string;
  readonly word: string;
  readonly is_open: number;
  readonly closed_by: string | null;
  readonly is_overtaken: number;
  readonly order_ms: number;
  readonly seq: number;
  readonly at_ms: number;
}

const COLUMNS = {
  lane: 'text',
  member: 'text',
  series: 'text',
  revision: 'text',
  word: 'text',
  is_open: 'smallint',
  closed_by: 'text',
  is_overtaken: 'smallint',
  order_ms: 'bigint',
  seq: 'bigint',
  at_ms: 'bigint',
} as const satisfies Columns;

const UPSERT = upsertText('tallies', COLUMNS, ['lane', 'member']);
// OFFSET 0 keeps each a look into the index.
const OF_LANES = `SELECT t.* FROM unnest($1::text[], $2::text[]) AS asked(lane, member) CROSS JOIN LATERAL (
    SELECT * FROM tallies WHERE lane = asked.lane AND member = asked.member OFFSET 0
  ) t`;
const OF_SERIES = `SELECT t.* FROM unnest($1::text[], $2::text[]) AS asked(series, member) CROSS JOIN LATERAL (
    SELECT * FROM tallies WHERE series = asked.series AND member = asked.member AND (is_open = 1 OR is_overtaken = 0) OFFSET 0
  ) t`;

/** A lane in which a member was left open. */
export interface Closed {
  readonly lane: string;
  readonly revision: string;
  /** Of the word that was open. */
  readonly orderMs: number;
}

/** A word and the lane that it is told in. */
export interface Told {
  readonly lane: string;
  readonly tally: TallyEntry;
}

/** The words that a transaction works with. */
export class Tallies {
  readonly #words = new Map<string, WordRow>();
  readonly #changed = new Set<string>();

  /** Reads what these words may touch; resolves to the lanes in which something may be closed. */
  async read(connection: Connection, told: readonly Told[]): Promise<readonly string[]> {
    if (told.length === 0) return [];
    const members = told.map(({ tally }) => tally.member);
    const asked = await Promise.all([
      connection.rows<WordRow>(OF_LANES, [told.map(({ lane }) => lane), members]),
      connection.rows<WordRow>(OF_SERIES, [told.map(({ tally }) => tally.series), members]),
    ]);
    for (const row of asked.flat()) this.#words.set(keyOf(row), row);
    return asked.flat().map(({ lane }) => lane);
  }

  /** Notes a word, unless a newer one of its member is known; returns the lanes in which it ended the waiting for another. */
  tell({ lane, tally }: Told, age: LaneAge, nowMs: number): readonly Closed[] {
    const { member, series, revision, word, isOpen } = tally;
    const known = this.#words.get(keyOf({ lane, member }));
    if (known === undefined || isOlder(ageOf(known), age)) {
      const said = { is_open: isOpen ? 1 : 0, closed_by: null, is_overtaken: 0, order_ms: age.orderMs, seq: age.sequence, at_ms: nowMs };
      this.#change({ lane, member, series, revision, word, ...said });
    }
    const older = [...this.#words.values()].filter(
      (row) => row.series === series && row.member === member && row.lane !== lane && isOlder(ageOf(row), age),
    );
    for (const row of older) if (row.is_overtaken === 0) this.#change({ ...row, is_overtaken: 1, at_ms: nowMs });
    if (isOpen) return [];
    return older
      .filter((row) => row.is_open === 1)
      .map((row) => {
        this.#change({ ...row, is_overtaken: 1, is_open: 0, closed_by: revision, at_ms: nowMs });
        return { lane: row.lane, revision: row.revision, orderMs: row.order_ms };
      });
  }

  /** Statements that write what was told. */
  flush(connection: Connection): readonly Promise<unknown>[] {
    const rows = [...this.#changed].flatMap((key) => this.#words.get(key) ?? []);
    return rows.length === 0 ? [] : [connection.rows(UPSERT, toArrays(COLUMNS, rows))];
  }

  #change(row: WordRow): void {
    this.#words.set(keyOf(row), row);
    this.#changed.add(keyOf(row));
  }
}

/** What the members of a lane said last, in order of their names. */
export async function readTally(connection: Connection, lane: string): Promise<readonly TallyWord[]> {
  const rows = await connection.rows<WordRow>('SELECT * FROM tallies WHERE lane = $1 ORDER BY member', [lane]);
  return rows.map((row) => ({
    member: row.member,
    word: row.word,
    isOpen: row.is_open === 1,
    ...(row.closed_by === null ? {} : { closedBy: row.closed_by }),
  }));
}

function keyOf({ lane, member }: Pick<WordRow, 'lane' | 'member'>): string {
  return JSON.stringify([lane, member]);
}

function ageOf(row: WordRow): LaneAge {
  return { orderMs: row.order_ms, sequence: row.seq };
}
