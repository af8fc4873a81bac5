// What crosses between the facade and the writer's thread.
import type { Batch, BatchReply, Failure } from '../operations.ts';

/** The settings that the writer needs; the clock and chance stay with the facade and travel as numbers. */
export interface WriterSettings {
  readonly path: string;
  readonly pid: number;
  readonly maxBytes: number;
  readonly reserveBytes: number;
  /** Pages that the file may have, as if the disk were that large; 0 = no limit. */
  readonly pageLimit: number;
  readonly keepDeliveredMs: number;
  readonly keepDeadMs: number;
}

export type Request =
  | { readonly kind: 'open'; readonly settings: WriterSettings; readonly nowMs: number; readonly monotonicMs: number }
  | ({ readonly kind: 'batch'; readonly nowMs: number; readonly monotonicMs: number } & Batch)
  | { readonly kind: 'close' };

export type Reply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | ({ readonly kind: 'batch' } & BatchReply)
  | { readonly kind: 'closed' };
