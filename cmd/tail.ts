// The end of a list that grows: every row behind the last one known, exactly once.
import type { Clock } from '../internal/sdk/ports.ts';
import { type AdminFlags, AdminError, ask, type Query } from './admin-client.ts';
import { rows } from './pages.ts';

export interface TailOptions<T> {
  readonly flags: AdminFlags;
  readonly path: string;
  readonly query: Query;
  readonly idOf: (row: T) => string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly signal: AbortSignal;
}

export interface Tail<T> {
  /** From here on. */
  begin(): Promise<void>;
  /** What was accepted since the call before, the oldest first. */
  next(): Promise<readonly T[]>;
}

/** When the row that it stands at has been pruned it goes by age, and by this much more. */
const OVERLAP_MS = 5_000;

/** A tail of one of the API's lists. */
export function createTail<T>(options: TailOptions<T>): Tail<T> {
  const { flags, path, query, idOf, clock, signal } = options;
  let cursor: string | undefined;
  let askedMs = 0;
  const since = async (place: Query): Promise<readonly T[]> => {
    const found: T[] = [];
    for await (const row of rows<T>(flags, path, { ...query, ...place, order: 'oldest' }, { signal })) found.push(row);
    return found;
  };
  // Whatever the filter lets through: where nothing matches, the place moves on all the same.
  const newest = async (): Promise<string | undefined> => {
    const { items } = (await ask(flags, path, { limit: 1 }, signal)) as { items: readonly T[] };
    return items[0] === undefined ? undefined : idOf(items[0]);
  };
  return {
    async begin() {
      askedMs = clock.monotonicMs();
      cursor = await newest();
    },
    async next() {
      const startedMs = clock.monotonicMs();
      const last = await newest();
      const found = await since({ after: cursor }).catch((error: unknown) => {
        if (!(error instanceof AdminError) || error.code !== 'not-found') throw error;
        return since({ youngerThanMs: startedMs - askedMs + OVERLAP_MS });
      });
      askedMs = startedMs;
      const [row] = found.slice(-1);
      cursor = row === undefined ? last : idOf(row);
      return found;
    },
  };
}
