// Storing events with what was decided about them.
import { DEDUP_IDLE_WINDOWS, type DedupRow, takeDedup } from '../dedup-window.ts';
import { toOrderMs } from '../lane-order.ts';
import type { EventInput } from '../operations.ts';
import { EVENT_INPUT_COLUMNS } from '../rows.ts';
import type { AppendResult } from '../store.ts';
import { type Columns, type ColumnType, insertText, toArrays, upsertText } from './bulk.ts';
import { NewDeliveries } from './new-deliveries.ts';
import type { Transaction } from './transaction.ts';

const NUMBERS: readonly string[] = ['occurred_ms', 'dedup_window_ms'];
const EVENT_COLUMNS: Columns = {
  seq: 'bigint',
  accepted_ms: 'bigint',
  pending_due_ms: 'bigint',
  ...Object.fromEntries(EVENT_INPUT_COLUMNS.map((name): [string, ColumnType] => [name, NUMBERS.includes(name) ? 'bigint' : 'text'])),
};
const DEDUP_COLUMNS = {
  key: 'text',
  start_ms: 'bigint',
  accepted_ms: 'bigint',
  idle_ms: 'bigint',
  event_id: 'text',
} as const satisfies Columns;
const INSERT_EVENTS = insertText('events', EVENT_COLUMNS);
const UPSERT_DEDUP = upsertText('dedup', DEDUP_COLUMNS, ['key']);
const READ_DEDUP =
  'SELECT key, start_ms AS "startMs", accepted_ms AS "acceptedMs", event_id AS "eventId" FROM dedup WHERE key = ANY ($1::text[])';

/** Stores the events that are no duplicates, with their deliveries. One result per entry, in order. */
export async function append(transaction: Transaction, entries: readonly EventInput[]): Promise<readonly AppendResult[]> {
  const { connection, ledger, nowMs, memory } = transaction;
  const keys = new SpentKeys(nowMs);
  await keys.read(transaction, entries);
  const results = entries.map((entry) => keys.spend(entry));
  const accepted = entries.filter((_, index) => results[index]?.outcome === 'accepted');

  const events = accepted.map((entry) => ({ entry, seq: ledger.change().nextEventSequence++ }));
  const deliveries = new NewDeliveries(transaction);
  await deliveries.read(accepted.flatMap((entry) => entry.deliveries));
  for (const { entry, seq } of events) {
    ledger.change().events += 1;
    if (entry.isPending) ledger.change().pending += 1;
    for (const delivery of entry.deliveries) deliveries.insert(delivery, { seq, orderMs: toOrderMs(entry.occurredMs, nowMs) });
    if (entry.remember !== null) memory.remember(entry.remember);
  }
  const rows = events.map(({ entry, seq }) => toRow(entry, seq, nowMs));
  await transaction.flush([
    ...(rows.length === 0 ? [] : [connection.rows(INSERT_EVENTS, toArrays(EVENT_COLUMNS, rows))]),
    ...keys.flush(transaction),
    ...deliveries.flush(),
  ]);
  return results;
}

function toRow(entry: EventInput, seq: number, nowMs: number): Readonly<Record<string, string | number | null>> {
  const columns = Object.fromEntries(EVENT_INPUT_COLUMNS.map((name, index) => [name, entry.columns[index] ?? null]));
  return { ...columns, seq, accepted_ms: nowMs, pending_due_ms: entry.isPending ? nowMs : null };
}

interface SpentKey extends DedupRow {
  readonly eventId: string;
}

/** The dedup keys of one transaction. */
class SpentKeys {
  readonly #nowMs: number;
  readonly #known = new Map<string, SpentKey>();
  readonly #changed = new Map<string, number>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  async read({ connection }: Transaction, entries: readonly EventInput[]): Promise<void> {
    const keys = [...new Set(entries.flatMap(({ dedupKey }) => dedupKey ?? []))];
    if (keys.length === 0) return;
    for (const { key, ...row } of await connection.rows<SpentKey & { readonly key: string }>(READ_DEDUP, [keys])) this.#known.set(key, row);
  }

  spend({ columns, dedupKey: key, dedupWindowMs: windowMs }: EventInput): AppendResult {
    const eventId = String(columns[0]);
    if (key === null) return { outcome: 'accepted', eventId, resetAtMs: 0 };
    const known = this.#known.get(key);
    const { isDuplicate, row, resetAtMs } = takeDedup(known, windowMs, this.#nowMs);
    const firstId = isDuplicate ? known?.eventId : undefined;
    if (!isDuplicate || row.startMs !== known?.startMs) {
      this.#known.set(key, { ...row, eventId: firstId ?? eventId });
      this.#changed.set(key, resetAtMs + DEDUP_IDLE_WINDOWS * windowMs);
    }
    return firstId === undefined ? { outcome: 'accepted', eventId, resetAtMs } : { outcome: 'duplicate', eventId: firstId, resetAtMs };
  }

  flush({ connection }: Transaction): readonly Promise<unknown>[] {
    const rows = [...this.#changed].map(([key, idleMs]) => {
      const row = this.#known.get(key);
      return { key, start_ms: row?.startMs ?? 0, accepted_ms: row?.acceptedMs ?? 0, idle_ms: idleMs, event_id: row?.eventId ?? '' };
    });
    return rows.length === 0 ? [] : [connection.rows(UPSERT_DEDUP, toArrays(DEDUP_COLUMNS, rows))];
  }
}
