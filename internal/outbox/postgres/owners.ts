// Which replicas live: each notes it in its own turns, and what one holds that was not seen for a while comes back. Nobody is taken for
// gone because the database was away or its clock was set: then the time of all counts from the next turn.
import { recoverOf } from './settle.ts';
import type { Transaction } from './transaction.ts';

/** The first turn after so long notes again that the replica lives, and with it when the last turn was. */
const NOTE_MS = 3_000;
/** A replica that lives has a turn a second: when none had one for so long, it was not for them. */
const SILENCE_MS = 8_000;
/** Whoever was not seen for so long, while others had their turns, is gone. */
const GONE_MS = 20_000;

const NOTE = 'INSERT INTO owners VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms';
const SEE_ALL = 'UPDATE owners SET seen_ms = $1';
const GONE = 'SELECT id FROM owners WHERE seen_ms <= $1';
const DELETE = 'DELETE FROM owners WHERE id = ANY ($1::text[])';

/** What one replica tells the others of itself. */
export class Presence {
  #notedMs = Number.NEGATIVE_INFINITY;

  /** Notes in this turn that the replica lives, when it is time to; what it resolves to counts once it is kept. */
  async note({ connection, ledger, nowMs, owner }: Transaction): Promise<number> {
    const sinceTurnMs = nowMs - ledger.counters.atMs;
    const isSilent = sinceTurnMs < 0 || sinceTurnMs > SILENCE_MS;
    const isNoted = nowMs >= this.#notedMs && nowMs - this.#notedMs < NOTE_MS;
    if (isNoted && !isSilent) return this.#notedMs;
    if (isSilent) await connection.rows(SEE_ALL, [nowMs]);
    await connection.rows(NOTE, [owner, nowMs]);
    ledger.change();
    return nowMs;
  }

  /** To be called when the turn is committed. */
  keep(notedMs: number): void {
    this.#notedMs = notedMs;
  }
}

/** Takes back what replicas hold that are gone; the memory of those lanes is unknown. Resolves to how many. */
export async function recoverGone(transaction: Transaction, limit: number): Promise<number> {
  const { connection, nowMs } = transaction;
  const gone = await connection.rows<{ id: string }>(GONE, [nowMs - GONE_MS]);
  return gone.length === 0 ? 0 : recoverAll(transaction, { owners: gone.map(({ id }) => id), limit });
}

/** Takes back what this replica still holds at its end: whether it was sent is unknown. Resolves to how many. */
export function leave(transaction: Transaction): Promise<number> {
  return recoverAll(transaction, { owners: [transaction.owner], limit: Number.MAX_SAFE_INTEGER });
}

async function recoverAll(transaction: Transaction, what: { readonly owners: readonly string[]; readonly limit: number }): Promise<number> {
  const recovered = await recoverOf(transaction, what);
  if (recovered < what.limit) await transaction.connection.rows(DELETE, [what.owners]);
  return recovered;
}
