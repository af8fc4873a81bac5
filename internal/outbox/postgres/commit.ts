// Commits, and finds out what became of a commit whose answer was lost: nothing is confirmed or refused before that is known.
import type { Clock } from '../../sdk/ports.ts';
import { StoreError } from '../store.ts';
import type { Connection } from './connection.ts';
import { isConnectionLost, sqlStateOf } from './failures.ts';
import type { Line } from './line.ts';

const ASK_AGAIN_MS = 250;
/** Whoever waits for longer is told that it failed; what was stored all the same is found by its dedup key or its lease. */
const KNOWN_WITHIN_MS = 10_000;

/** A transaction that is to be committed. */
export interface Commit {
  readonly connection: Connection;
  /** Absent when it wrote nothing. */
  readonly xid: string | undefined;
}

/** Resolves when the transaction is durable; rejects when it is not, or when that cannot be found out in time. */
export async function commit({ connection, xid }: Commit, parts: { readonly line: Line; readonly clock: Clock }): Promise<void> {
  try {
    await connection.rows('COMMIT');
  } catch (error) {
    if (xid === undefined || !isConnectionLost(error)) throw error;
    if (!(await wasCommitted(xid, parts))) throw error;
  }
}

async function wasCommitted(xid: string, { line, clock }: { readonly line: Line; readonly clock: Clock }): Promise<boolean> {
  const deadlineMs = clock.monotonicMs() + KNOWN_WITHIN_MS;
  for (;;) {
    const status = await askStatus(xid, line);
    if (status === 'committed') return true;
    if (status === 'aborted') return false;
    if (clock.monotonicMs() >= deadlineMs) throw new StoreError('busy', 'the database does not say what became of the last transaction');
    await new Promise<void>((resolve) => clock.schedule(ASK_AGAIN_MS, resolve));
  }
}

async function askStatus(xid: string, line: Line): Promise<'committed' | 'aborted' | 'unknown'> {
  try {
    const connection = await line.connection();
    const [row] = await connection.rows<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [xid]);
    return row?.status === 'committed' || row?.status === 'aborted' ? row.status : 'unknown';
  } catch (error) {
    // After a crash the server may not even know that it had begun.
    return sqlStateOf(error) === '22023' ? 'aborted' : 'unknown';
  }
}
