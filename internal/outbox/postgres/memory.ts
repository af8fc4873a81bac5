// The keyed memory. A fact whose value is null is unknown; a row without key makes every fact of its scope unknown
// that was never remembered, because an ambiguous try may have created what it is about.
import type { Fact } from '../../sdk/outcome.ts';
import type { Recollection } from '../../sdk/provider.ts';
import { type Columns, toArrays, upsertText } from './bulk.ts';
import type { Connection } from './connection.ts';

const UNKNOWN_SCOPE = '?';
const COLUMNS = { scope: 'text', key: 'text', value: 'text', at_ms: 'bigint' } as const satisfies Columns;
const UPSERT = upsertText('facts', COLUMNS, ['scope', 'key']);
const FORGET = 'UPDATE facts SET value = NULL, at_ms = $2 WHERE scope = ANY ($1::text[])';
const RECALL = 'SELECT key, value, greatest(0, outbox_now() - at_ms) AS age_ms FROM facts WHERE scope = $1 AND key IN ($2, $3)';

/** What one transaction learns and loses. */
export class MemoryChanges {
  readonly #forgotten = new Set<string>();
  readonly #facts = new Map<string, Map<string, string | null>>();

  remember(facts: readonly Fact[]): void {
    for (const { scope, key, value } of facts) this.#scope(scope).set(toRowKey(key), value);
  }

  forget(scope: string): void {
    this.#forgotten.add(scope);
    const facts = this.#scope(scope);
    for (const key of facts.keys()) facts.set(key, null);
    facts.set(UNKNOWN_SCOPE, null);
  }

  flush(connection: Connection, nowMs: number): readonly Promise<unknown>[] {
    const forgotten = [...this.#forgotten];
    const rows = [...this.#facts].flatMap(([scope, facts]) => [...facts].map(([key, value]) => ({ scope, key, value, at_ms: nowMs })));
    this.#forgotten.clear();
    this.#facts.clear();
    return [
      ...(forgotten.length === 0 ? [] : [connection.rows(FORGET, [forgotten, nowMs])]),
      ...(rows.length === 0 ? [] : [connection.rows(UPSERT, toArrays(COLUMNS, rows))]),
    ];
  }

  #scope(scope: string): Map<string, string | null> {
    const known = this.#facts.get(scope) ?? new Map<string, string | null>();
    this.#facts.set(scope, known);
    return known;
  }
}

export async function recall(connection: Connection, scope: string, key: string): Promise<Recollection | null> {
  const rows = await connection.rows<{ key: string; value: string | null; age_ms: number }>(RECALL, [scope, toRowKey(key), UNKNOWN_SCOPE]);
  const fact = rows.find((row) => row.key !== UNKNOWN_SCOPE);
  if (fact === undefined) return rows.length === 0 ? null : { known: false };
  return fact.value === null ? { known: false } : { known: true, value: fact.value, ageMs: fact.age_ms };
}

function toRowKey(key: string): string {
  return `=${key}`;
}
