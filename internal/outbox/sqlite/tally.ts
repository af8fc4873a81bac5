// The tallies: of each lane the newest word of each member, written in the transaction of the delivery that brought it.
// A word that is settled closes what the same member left open in older revisions of its series.
import type { TallyWord } from '../../sdk/tally.ts';
import { isOlder, type LaneAge } from '../lane-order.ts';
import type { TallyEntry } from '../store.ts';
import type { Session } from './session.ts';

const INSERT = `INSERT OR REPLACE INTO tallies
  (lane, member, series, revision, word, is_open, closed_by, is_overtaken, order_ms, seq, at_ms)
  VALUES (?, ?, ?, ?, ?, ?, NULL, 0, ?, ?, ?)`;

/** A lane in which a member was left open. */
export interface Closed {
  readonly lane: string;
  readonly revision: string;
  /** Of the word that was open. */
  readonly orderMs: number;
}

/** Notes a word, unless a newer one of its member is known; returns the lanes in which it ended the waiting for another. */
export function tell(session: Session, lane: string, entry: TallyEntry, age: LaneAge): readonly Closed[] {
  const known = session.sql('SELECT order_ms, seq FROM tallies WHERE lane = ? AND member = ?').get(lane, entry.member);
  if (known === undefined || isOlder(ageOf(known), age)) {
    const { member, series, revision, word, isOpen } = entry;
    session.sql(INSERT).run(lane, member, series, revision, word, isOpen ? 1 : 0, age.orderMs, age.sequence, session.nowMs);
  }
  overtakeOlder(session, lane, entry, age);
  return entry.isOpen ? [] : closeOlder(session, lane, entry, age);
}

/** What the members of a lane said last, in order of their names. */
export function tally(session: Session, lane: string): readonly TallyWord[] {
  const rows = session.sql('SELECT member, word, is_open, closed_by FROM tallies WHERE lane = ? ORDER BY member').all(lane);
  return rows.map((row) => ({
    member: String(row['member']),
    word: String(row['word']),
    isOpen: row['is_open'] === 1,
    ...(typeof row['closed_by'] === 'string' ? { closedBy: row['closed_by'] } : {}),
  }));
}

/** Marks what need not be kept for long. */
function overtakeOlder(session: Session, lane: string, { series, member }: TallyEntry, age: LaneAge): void {
  for (const row of session
    .sql('SELECT lane, order_ms, seq FROM tallies WHERE series = ? AND member = ? AND is_overtaken = 0 AND lane <> ?')
    .all(series, member, lane)) {
    if (!isOlder(ageOf(row), age)) continue;
    const where = [row['lane'] ?? null, member] as const;
    session.sql('UPDATE tallies SET is_overtaken = 1, at_ms = ? WHERE lane = ? AND member = ?').run(session.nowMs, ...where);
  }
}

function closeOlder(session: Session, lane: string, { series, member, revision }: TallyEntry, age: LaneAge): readonly Closed[] {
  return session
    .sql('SELECT lane, revision, order_ms, seq FROM tallies WHERE series = ? AND member = ? AND is_open = 1 AND lane <> ?')
    .all(series, member, lane)
    .filter((row) => isOlder(ageOf(row), age))
    .map((row) => {
      session
        .sql('UPDATE tallies SET is_open = 0, closed_by = ?, at_ms = ? WHERE lane = ? AND member = ?')
        .run(revision, session.nowMs, row['lane'] ?? null, member);
      return { lane: String(row['lane']), revision: String(row['revision']), orderMs: Number(row['order_ms']) };
    });
}

function ageOf(row: Readonly<Record<string, unknown>>): LaneAge {
  return { orderMs: Number(row['order_ms']), sequence: Number(row['seq']) };
}
