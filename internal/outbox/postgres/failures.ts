// Turns what PostgreSQL and the network say into StoreError with a code that a caller can act on. Text of the server is
// passed on only where it is about the server: a message about a statement may hold what was stored.
import type { Failure } from '../operations.ts';
import { StoreError } from '../store.ts';

/** What the server calls a failure; undefined for one of the network or of ourselves. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = property(error, 'code');
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && property(error, 'severity') !== undefined ? code : undefined;
}

/** True when the connection that said so is of no more use. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof StoreError) return false;
  const state = sqlStateOf(error);
  return state === undefined ? !(error instanceof TypeError || error instanceof RangeError) : /^(08|57P|25P03)/.test(state);
}

export function toFailure(error: unknown, place: string): Failure {
  if (error instanceof StoreError) return { code: error.code, message: error.message };
  const state = sqlStateOf(error);
  if (state !== undefined) return fromSqlState(state, property(error, 'message'), place);
  if (isConnectionLost(error)) return { code: 'busy', message: `the database ${place} cannot be reached: ${describeNetwork(error)}` };
  return { code: 'io', message: `the store ${place} failed: ${error instanceof Error ? error.message : String(error)}` };
}

export function toStoreError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = toFailure(error, place);
  return new StoreError(code, message, { cause: error });
}

function fromSqlState(state: string, text: unknown, place: string): Failure {
  const said = `${String(text)} (${state})`;
  if (/^(53100|53200)$/.test(state)) return { code: 'full', message: `the database ${place} has no room: ${said}` };
  if (state === '25006') return { code: 'read-only', message: `the database ${place} takes no writes: ${said}` };
  if (state === '55P03') return { code: 'busy', message: `the database ${place} is held by another replica for too long` };
  if (/^(08|57P|25P03|53|40|57014)/.test(state)) return { code: 'busy', message: `the database ${place} does not answer now: ${said}` };
  if (/^XX00[12]$/.test(state)) return { code: 'corrupt', message: `the database ${place} is damaged: ${said}` };
  if (state.startsWith('28')) return { code: 'io', message: `the database ${place} refuses the login: ${said}${hintOf(text)}` };
  if (state === '3D000') return { code: 'io', message: `there is no such database as ${place}: ${said}` };
  if (state === '42501') return { code: 'io', message: `the database user of ${place} lacks a right: ${said}` };
  // The text of a constraint or of a bad value quotes what was to be stored.
  return { code: 'io', message: `the database ${place} failed with ${state}` };
}

function hintOf(text: unknown): string {
  return String(text).includes('no encryption') ? '; add sslmode=require or sslmode=verify-full to its address' : '';
}

function describeNetwork(error: unknown): string {
  const causes = error instanceof AggregateError ? error.errors : [error];
  return causes.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
