// Lanes in which a newer delivery makes the older ones pointless: what lives in them, and the newest that was delivered.
import { isOlder, type LaneAge } from '../lane-order.ts';
import { type Columns, toArrays, upsertText } from './bulk.ts';
import type { Connection } from './connection.ts';
import type { DeliveryRow, DeliveryRows } from './delivery-rows.ts';

const TOP_COLUMNS = { lane: 'text', order_ms: 'bigint', seq: 'bigint', at_ms: 'bigint' } as const satisfies Columns;
const UPSERT_TOPS = upsertText('lane_tops', TOP_COLUMNS, ['lane']);

/** The `newest` lanes that a transaction works with. */
export class NewestLanes {
  readonly #deliveries: DeliveryRows;
  readonly #rows = new Map<string, Set<DeliveryRow>>();
  readonly #tops = new Map<string, LaneAge>();
  readonly #raised = new Set<string>();

  constructor(deliveries: DeliveryRows) {
    this.#deliveries = deliveries;
  }

  /** Reads what is to be known before any question about these lanes. */
  async read(connection: Connection, lanes: Iterable<string>): Promise<void> {
    const unknown = [...new Set(lanes)].filter((lane) => !this.#rows.has(lane));
    if (unknown.length === 0) return;
    const [rows, tops] = await Promise.all([
      this.#deliveries.read('deliveries d WHERE lane = ANY ($1::text[]) AND ended_ms IS NULL', [unknown]),
      connection.rows<{ lane: string; order_ms: number; seq: number }>(
        'SELECT lane, order_ms, seq FROM lane_tops WHERE lane = ANY ($1::text[])',
        [unknown],
      ),
    ]);
    for (const lane of unknown) this.#rows.set(lane, new Set());
    for (const row of rows) this.add(row);
    for (const { lane, order_ms: orderMs, seq } of tops) this.#tops.set(lane, { orderMs, sequence: seq });
  }

  add(row: DeliveryRow): void {
    this.#rows.get(row.lane)?.add(row);
  }

  live(lane: string): readonly DeliveryRow[] {
    const rows = this.#rows.get(lane);
    if (rows === undefined) throw new Error('a lane was not read');
    return [...rows].filter((row) => row.ended_ms === null);
  }

  /** A newer one lives or was the last one delivered. */
  isOutdated(lane: string, age: LaneAge): boolean {
    const top = this.#tops.get(lane);
    if (top !== undefined && isOlder(age, top)) return true;
    return this.live(lane).some((row) => row.seq !== age.sequence && isOlder(age, ageOf(row)));
  }

  /** Remembers the newest that was delivered, for replays and late arrivals. */
  noteDelivered(row: DeliveryRow): void {
    const top = this.#tops.get(row.lane);
    if (top !== undefined && isOlder(ageOf(row), top)) return;
    this.#tops.set(row.lane, ageOf(row));
    this.#raised.add(row.lane);
  }

  /** Statements that write what changed; what is in memory is forgotten. */
  flush(connection: Connection, nowMs: number): readonly Promise<unknown>[] {
    const tops = [...this.#raised].map((lane) => {
      const top = this.#tops.get(lane);
      return { lane, order_ms: top?.orderMs ?? 0, seq: top?.sequence ?? 0, at_ms: nowMs };
    });
    this.#rows.clear();
    this.#tops.clear();
    this.#raised.clear();
    return tops.length === 0 ? [] : [connection.rows(UPSERT_TOPS, toArrays(TOP_COLUMNS, tops))];
  }
}

/** Where a delivery stands in its lane. */
export function ageOf(row: DeliveryRow): LaneAge {
  return { orderMs: row.order_ms, sequence: row.seq };
}
