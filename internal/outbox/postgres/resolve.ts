// Settling verdicts that were pending. Two routers may look at one event: what the first settled owes nothing anew.
import { toKey } from '../../sdk/target.ts';
import type { Verdict } from '../../routing/route.ts';
import { toOrderMs } from '../lane-order.ts';
import type { ResolutionInput } from '../operations.ts';
import { mergeVerdicts } from '../rows.ts';
import { DEAD } from '../state-codes.ts';
import { StoreError } from '../store.ts';
import { type Columns, toArrays, updateText } from './bulk.ts';
import { NewDeliveries } from './new-deliveries.ts';
import type { Transaction } from './transaction.ts';

const COLUMNS = { seq: 'bigint', verdicts: 'text', revision: 'text', pending_due_ms: 'bigint' } as const satisfies Columns;
const UPDATE = updateText('events', COLUMNS, 'seq');
const READ = 'SELECT seq, id, occurred_ms, accepted_ms, verdicts, revision, pending_due_ms FROM events WHERE id = ANY ($1::text[])';

interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly occurred_ms: number | null;
  readonly accepted_ms: number;
  readonly verdicts: string;
  readonly revision: string;
  readonly pending_due_ms: number | null;
}

/** Writes the new verdicts, and the deliveries that came of those that were still pending. */
export async function resolve(transaction: Transaction, entries: readonly ResolutionInput[]): Promise<void> {
  const { connection } = transaction;
  const read = await connection.rows<EventRow>(READ, [entries.map(({ eventId }) => eventId)]);
  const events = new Map(read.map((row) => [row.id, row]));
  const deliveries = new NewDeliveries(transaction);
  await deliveries.read(entries.flatMap((entry) => [...entry.deliveries, ...entry.dead.map(({ delivery }) => delivery)]));
  for (const entry of entries) {
    const row = events.get(entry.eventId);
    if (row === undefined) throw new StoreError('io', `no event ${entry.eventId} to resolve`);
    events.set(row.id, resolveEvent(transaction, row, { entry, deliveries }));
  }
  const changed = [...events.values()];
  await transaction.flush([connection.rows(UPDATE, toArrays(COLUMNS, changed)), ...deliveries.flush()]);
}

function resolveEvent(
  { ledger, nowMs }: Transaction,
  row: EventRow,
  { entry, deliveries }: { readonly entry: ResolutionInput; readonly deliveries: NewDeliveries },
): EventRow {
  const stored = JSON.parse(row.verdicts) as readonly Verdict[];
  const verdicts = mergeVerdicts(stored, JSON.parse(entry.verdicts) as readonly Verdict[]);
  const isPending = verdicts.some((verdict) => verdict.kind === 'pending');
  ledger.change().pending += (isPending ? 1 : 0) - (row.pending_due_ms === null ? 0 : 1);

  const settled = new Set(stored.filter((verdict) => verdict.kind !== 'pending').map((verdict) => toKey(verdict.route)));
  const event = { seq: row.seq, orderMs: toOrderMs(row.occurred_ms, row.accepted_ms) };
  for (const delivery of entry.deliveries) {
    if (!settled.has(delivery.routeKey)) deliveries.insert(delivery, event);
  }
  for (const { delivery, reason, message } of entry.dead) {
    if (!settled.has(delivery.routeKey)) deliveries.insert(delivery, event, { state: DEAD, reason, message });
  }
  return {
    ...row,
    verdicts: JSON.stringify(verdicts),
    revision: entry.revision,
    pending_due_ms: isPending ? nowMs + entry.retryAfterMs : null,
  };
}
