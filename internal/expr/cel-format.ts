// `format` of the strings extension: %s %d %f %e %b %x %X %o and %%, with cel-go's refusals.
import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { ExpressionError } from './cel-error.ts';
import type { Work } from './cel-work.ts';
import { formatFixed, formatPlain, formatScientific } from './go-number.ts';

const CLAUSE = /%(?:%|(?:\.(\d+))?([a-zA-Z])|(.)|$)/gsu;
const VERBS = 'sdfebxXo';
const DEFAULT_PRECISION = 6;
const HIGHEST_PRECISION = 1000;

/** What is wrong with a literal template, for so many values if that is known, or null; cel-go says so when it compiles. */
export function checkTemplate(template: string, given?: number): string | null {
  let wanted = 0;
  for (const [clause, , verb] of template.matchAll(CLAUSE)) {
    if (clause === '%%') continue;
    if (verb === undefined || !VERBS.includes(verb))
      return `could not parse formatting clause: unrecognized formatting clause "${verb ?? clause.slice(1)}"`;
    wanted += 1;
  }
  if (given === undefined || given === wanted) return null;
  if (given < wanted) return `index ${given} out of range`;
  return `too many arguments supplied to string.format (expected ${wanted}, got ${given})`;
}

export function format(work: Work, template: string, values: readonly unknown[]): string {
  work.spendChars(template.length);
  const fault = checkTemplate(template);
  if (fault !== null) throw new ExpressionError(fault);
  let next = 0;
  return template.replace(CLAUSE, (clause, precision: string | undefined, verb: string | undefined) => {
    if (clause === '%%') return '%';
    if (next >= values.length) throw new ExpressionError(`index ${next} out of range`);
    const text = formatOne(values[next], verb ?? '', precision === undefined ? undefined : Number(precision));
    next += 1;
    work.spendChars(text.length);
    return text;
  });
}

function formatOne(value: unknown, verb: string, precision: number | undefined): string {
  if (precision !== undefined && precision > HIGHEST_PRECISION) throw new ExpressionError(`precision ${precision} is too large`);
  switch (verb) {
    case 's':
      return formatAny(value);
    case 'd':
      return formatDecimal(value);
    case 'f':
      return formatFixed(toDouble(value, 'fixed-point'), precision ?? DEFAULT_PRECISION);
    case 'e':
      return formatScientific(toDouble(value, 'scientific notation'), precision ?? DEFAULT_PRECISION);
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : toInteger(value, 'binary').toString(2);
    case 'o':
      return toInteger(value, 'octal').toString(8);
    default:
      return formatHex(value, verb === 'X');
  }
}

function formatAny(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatPlain(value);
  if (typeof value === 'bigint' || typeof value === 'boolean' || value === null) return `${value}`;
  if (value instanceof UnsignedInt || value instanceof Duration) return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value instanceof Date) return formatTimestamp(value);
  if (value instanceof Optional) throw new ExpressionError('could not convert argument to string: optional_type');
  if (Array.isArray(value)) return `[${value.map(formatAny).join(', ')}]`;
  if (typeof value === 'object') {
    const typeName = nameOfType(value);
    if (typeName !== undefined) return typeName;
    const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
    return `{${entries
      .map(([key, item]) => `${formatAny(key)}: ${formatAny(item)}`)
      .sort()
      .join(', ')}}`;
  }
  throw new ExpressionError(`could not convert argument to string: ${typeof value}`);
}

/** A value of type `type` is of a class that the library does not export. */
function nameOfType(value: object): string | undefined {
  const tag: unknown = Symbol.toStringTag in value ? value[Symbol.toStringTag] : undefined;
  const name = typeof tag === 'string' ? /^Type<(.+)>$/.exec(tag)?.[1] : undefined;
  return name === 'null' ? 'null_type' : name;
}

function formatDecimal(value: unknown): string {
  if (typeof value === 'number') return formatPlain(value);
  return toInteger(value, 'decimal').toString();
}

function formatHex(value: unknown, isUpper: boolean): string {
  const text =
    typeof value === 'string'
      ? Buffer.from(value).toString('hex')
      : value instanceof Uint8Array
        ? Buffer.from(value).toString('hex')
        : toInteger(value, 'hex').toString(16);
  return isUpper ? text.toUpperCase() : text;
}

function toInteger(value: unknown, clause: string): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof UnsignedInt) return value.valueOf();
  throw new ExpressionError(`${clause} clause can only be used on integers`);
}

function toDouble(value: unknown, clause: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof UnsignedInt) return Number(value.valueOf());
  throw new ExpressionError(`${clause} clause can only be used on doubles`);
}

/** RFC 3339 as Go prints it: no fraction where there is none. */
export function formatTimestamp(value: Date): string {
  return value.toISOString().replace(/\.?0*Z$/, 'Z');
}
