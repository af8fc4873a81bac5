// The keyed memory. A fact whose value is null is unknown; a row without key makes every fact of its scope unknown
// that was never remembered, because an ambiguous try may have created what it is about.
import type { Fact } from '../../sdk/outcome.ts';
import type { Recollection } from '../../sdk/provider.ts';
import type { Session } from './session.ts';

const UNKNOWN_SCOPE = '?';

export function remember(session: Session, facts: readonly Fact[]): void {
  for (const fact of facts) {
    session.sql('INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)').run(fact.scope, toRowKey(fact.key), fact.value, session.nowMs);
  }
}

export function forget(session: Session, scope: string): void {
  session.sql('UPDATE facts SET value = NULL, at_ms = ? WHERE scope = ?').run(session.nowMs, scope);
  session.sql('INSERT OR REPLACE INTO facts VALUES (?, ?, NULL, ?)').run(scope, UNKNOWN_SCOPE, session.nowMs);
}

export function recall(session: Session, scope: string, key: string): Recollection | null {
  const fact = session.sql('SELECT value, at_ms FROM facts WHERE scope = ? AND key = ?').get(scope, toRowKey(key));
  if (fact !== undefined) {
    const value = fact['value'];
    if (typeof value !== 'string') return { known: false };
    return { known: true, value, ageMs: Math.max(0, session.nowMs - Number(fact['at_ms'])) };
  }
  const unknown = session.sql('SELECT 1 FROM facts WHERE scope = ? AND key = ?').get(scope, UNKNOWN_SCOPE);
  return unknown === undefined ? null : { known: false };
}

function toRowKey(key: string): string {
  return `=${key}`;
}
