// Long lists are looked through in slices of sequence numbers, so that a filter that matches little holds nobody up for long.
import type { DeliveryFilter } from './store.ts';

/** Which slice is asked for. */
export interface SliceRequest {
  readonly table: 'deliveries' | 'events';
  /** Where it begins; null = where the list begins. */
  readonly fromSeq: number | null;
  readonly rows: number;
}

/** A part of the sequence numbers, `to` not included. */
export interface Slice {
  readonly from: number;
  readonly to: number;
  /** Where the next one begins; null = there is none. */
  readonly nextSeq: number | null;
  readonly direction: 'ASC' | 'DESC';
}

/** The slice of so many rows before `to`, of a table that begins at `first`. */
export function sliceDown({ to, rows, first }: { readonly to: number; readonly rows: number; readonly first: number }): Slice {
  const from = Math.max(0, to - rows);
  return { from, to, nextSeq: from <= first ? null : from, direction: 'DESC' };
}

/** The slice of so many rows from `from` on, of a table that ends before `end`. */
export function sliceUp({ from, rows, end }: { readonly from: number; readonly rows: number; readonly end: number }): Slice {
  const to = Math.min(end, from + rows);
  return { from, to, nextSeq: to >= end ? null : to, direction: 'ASC' };
}

/** Found by an index: no slices. */
export function isNarrow(filter: DeliveryFilter): boolean {
  return filter.eventId !== undefined || filter.ids !== undefined || filter.changedWithinMs !== undefined;
}
