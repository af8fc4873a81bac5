// What cel-go makes of values: `int` and `double` refuse what does not fit or is written in another way, optional values are
// empty for a zero and for what is not there.
import { Optional } from '@marcbachmann/cel-js';
import { type Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { ExpressionError } from './cel-error.ts';

const LIMIT = 2n ** 63n;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL = /^([+-]?)(?:inf|infinity)$/i;

export function intOf(value: bigint): bigint {
  if (value >= LIMIT || value < -LIMIT) throw new ExpressionError('integer overflow');
  return value;
}

/** The two ends of the range are refused: as doubles they cannot be told from what lies outside. */
export function intOfDouble(value: number): bigint {
  if (!(value > -Number(LIMIT) && value < Number(LIMIT))) throw new ExpressionError('integer overflow');
  return BigInt(Math.trunc(value));
}

export function intOfString(text: string): bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw new ExpressionError("type conversion error from 'string' to 'int'");
  return intOf(BigInt(text.replace(/^\+/, '')));
}

export function intOfTimestamp(value: Date): bigint {
  return BigInt(Math.floor(value.getTime() / 1000));
}

/** Nanoseconds. */
export function intOfDuration(value: Duration): bigint {
  return intOf(value.seconds * 1_000_000_000n + BigInt(value.nanos));
}

export function doubleOfString(text: string): number {
  const special = SPECIAL.exec(text);
  if (special !== null) return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new ExpressionError("type conversion error from 'string' to 'double'");
  return value;
}

/** True for the value that a type begins with: `optional.ofNonZeroValue` is empty for it. */
export function isZero(value: unknown): boolean {
  if (value === null || value === '' || value === 0 || value === 0n || value === false) return true;
  if (typeof value !== 'object') return false;
  if (value instanceof UnsignedInt) return value.valueOf() === 0n;
  if (value instanceof Optional) return !value.hasValue();
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.keys(value).length === 0;
}

/** What an optional index finds, also through an optional value. */
export function find(base: unknown, key: unknown): Optional {
  if (base instanceof Optional) return base.hasValue() ? find(base.value(), key) : Optional.none();
  if (Array.isArray(base)) return Optional.of((base as readonly unknown[])[positionOf(key)]);
  if (base instanceof Map) return Optional.of(base.get(key));
  const isThere = typeof base === 'object' && base !== null && typeof key === 'string' && Object.hasOwn(base, key);
  return isThere ? Optional.of((base as Readonly<Record<string, unknown>>)[key]) : Optional.none();
}

/** Of an index of any numeric type; -1 for what is none. */
function positionOf(key: unknown): number {
  const position = key instanceof UnsignedInt ? key.valueOf() : key;
  return typeof position === 'bigint' || typeof position === 'number' ? Number(position) : -1;
}
