// The deliveries that a transaction works with: read in one go, changed in memory by the rules of the store, written in one go.
// Every delivery is one object, however often it is read.
import { LEASED } from '../state-codes.ts';
import { type Columns, insertText, toArrays, updateText } from './bulk.ts';
import type { Connection } from './connection.ts';

/** A delivery as its row, to be changed through `change`. */
export interface DeliveryRow {
  readonly seq: number;
  readonly id: string;
  readonly event_seq: number;
  readonly target: number;
  readonly part: number;
  readonly lane: string;
  readonly newest: number;
  readonly latest: number;
  readonly order_ms: number;
  readonly created_ms: number;
  position: number;
  state: number;
  expires_ms: number;
  due_ms: number | null;
  ready_ms: number | null;
  lease_until_ms: number | null;
  lease_owner: string | null;
  hold_until_ms: number | null;
  ended_ms: number | null;
  token: number;
  attempts: number;
  tries: number;
  waits_for: number;
  out_of_order: number;
  forced: number;
  preceded_by: number;
  first_try_ms: number | null;
  gone_ms: number | null;
  reason: string | null;
  message: string | null;
}

const MUTABLE = {
  seq: 'bigint',
  position: 'bigint',
  state: 'smallint',
  expires_ms: 'bigint',
  due_ms: 'bigint',
  ready_ms: 'bigint',
  lease_until_ms: 'bigint',
  lease_owner: 'text',
  hold_until_ms: 'bigint',
  ended_ms: 'bigint',
  token: 'bigint',
  attempts: 'integer',
  tries: 'integer',
  waits_for: 'smallint',
  out_of_order: 'smallint',
  forced: 'smallint',
  preceded_by: 'integer',
  first_try_ms: 'bigint',
  gone_ms: 'bigint',
  reason: 'text',
  message: 'text',
} as const satisfies Columns;

const ALL = {
  ...MUTABLE,
  id: 'text',
  event_seq: 'bigint',
  target: 'integer',
  part: 'integer',
  lane: 'text',
  newest: 'smallint',
  latest: 'smallint',
  order_ms: 'bigint',
  created_ms: 'bigint',
} as const satisfies Columns;

/** The columns of `deliveries`, for statements that read whole rows. */
const DELIVERY_COLUMNS = Object.keys(ALL)
  .map((name) => `d.${name}`)
  .join(', ');

const INSERT = insertText('deliveries', ALL);
const UPDATE = updateText('deliveries', MUTABLE, 'seq');

/** The rows of one transaction. */
export class DeliveryRows {
  readonly #connection: Connection;
  readonly #bySeq = new Map<number, DeliveryRow>();
  readonly #byId = new Map<string, DeliveryRow>();
  readonly #changed = new Set<DeliveryRow>();
  readonly #added = new Set<DeliveryRow>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Reads what the clause behind FROM finds; rows that are known are taken as they are in memory. */
  async read(clause: string, values: readonly unknown[]): Promise<readonly DeliveryRow[]> {
    const rows = await this.#connection.rows<DeliveryRow>(`SELECT ${DELIVERY_COLUMNS} FROM ${clause}`, values);
    return rows.map((row) => this.#know(row));
  }

  async readByIds(ids: readonly string[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#byId.has(id));
    if (unknown.length > 0) await this.read('deliveries d WHERE id = ANY ($1::text[])', [unknown]);
  }

  byId(id: string): DeliveryRow | undefined {
    return this.#byId.get(id);
  }

  /** Those in memory. */
  known(): Iterable<DeliveryRow> {
    return this.#bySeq.values();
  }

  add(row: DeliveryRow): void {
    this.#know(row);
    this.#added.add(row);
  }

  /** Changes a row; it is written with the others. */
  change(row: DeliveryRow, values: Partial<DeliveryRow>): void {
    Object.assign(row, values);
    if (row.state !== LEASED) Object.assign(row, { lease_until_ms: null, lease_owner: null });
    if (!this.#added.has(row)) this.#changed.add(row);
  }

  /** Statements that write all of it; what is in memory is forgotten, since more may change than these rows. */
  flush(): readonly Promise<unknown>[] {
    const [added, changed] = [[...this.#added], [...this.#changed]];
    this.#bySeq.clear();
    this.#byId.clear();
    this.#added.clear();
    this.#changed.clear();
    return [
      ...(added.length === 0 ? [] : [this.#connection.rows(INSERT, toArrays(ALL, added))]),
      ...(changed.length === 0 ? [] : [this.#connection.rows(UPDATE, toArrays(MUTABLE, changed))]),
    ];
  }

  #know(row: DeliveryRow): DeliveryRow {
    const known = this.#bySeq.get(row.seq);
    if (known !== undefined) return known;
    this.#bySeq.set(row.seq, row);
    this.#byId.set(row.id, row);
    return row;
  }
}
