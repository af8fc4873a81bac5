// Lists of the admin API of any length, page by page.
import { type AdminFlags, ask, type Query } from './admin-client.ts';

/** As much as the admin API gives at a time. */
const PAGE = 500;

/** One page, and the cursor behind it while there may be more. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface ListOptions {
  /** Rows in all; everything when absent. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** The pages of a list until it ends or the limit is reached; the last one's cursor says whether there may be more. */
export async function* pages<T>(flags: AdminFlags, path: string, query: Query, options: ListOptions = {}): AsyncGenerator<Page<T>> {
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let after: string | undefined;
  while (left > 0) {
    const asked = { ...query, limit: Math.min(PAGE, left), ...(after === undefined ? {} : { after }) };
    const page = (await ask(flags, path, asked, options.signal)) as Page<T>;
    yield page;
    if (page.next === null) return;
    left -= page.items.length;
    after = page.next;
  }
}

/** The rows of a list one by one. */
export async function* rows<T>(flags: AdminFlags, path: string, query: Query, options: ListOptions = {}): AsyncGenerator<T> {
  for await (const { items } of pages<T>(flags, path, query, options)) yield* items;
}
