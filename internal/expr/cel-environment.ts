// The CEL environment of fluxcd/pkg/runtime/cel on @marcbachmann/cel-js.
//
// Built-in overloads of that library cannot be replaced, and its strings functions count UTF-16 units, lower-case every
// letter and match with RegExp. So the rewriter (cel-rewrite.ts) renames calls to the functions below, which also get the
// budget of the evaluation as their first argument. An expression of a user can never name them.
import { isDeepStrictEqual } from 'node:util';
import { Environment, Optional } from '@marcbachmann/cel-js';
import { type Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import * as conversions from './cel-conversions.ts';
import { ExpressionError } from './cel-error.ts';
import { format, formatTimestamp } from './cel-format.ts';
import * as strings from './cel-strings.ts';
import { Work } from './cel-work.ts';
import { formatShortest } from './go-number.ts';
import { searchCost } from './pattern.ts';

/** Names that begin so are ours; the rewriter refuses them in a source. */
export const INTERNAL_PREFIX = 'tocsin__';
/** The variable that holds the budget of one evaluation. */
export const WORK_VARIABLE = `${INTERNAL_PREFIX}work`;

/** Methods that are renamed: `x.name(args)` becomes `tocsin__name(work, x, args)`. */
export const METHODS: ReadonlySet<string> = new Set([
  'matches',
  'lowerAscii',
  'upperAscii',
  'trim',
  'charAt',
  'indexOf',
  'lastIndexOf',
  'substring',
  'replace',
  'split',
  'join',
  'reverse',
  'format',
  'first',
  'last',
  'unwrapOpt',
]);
/** `namespace.name(args)` becomes `tocsin__namespace_name(work, args)`. */
export const NAMESPACES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['sets', new Set(['contains', 'equivalent', 'intersects'])],
  ['base64', new Set(['encode', 'decode'])],
  ['strings', new Set(['quote'])],
  ['optional', new Set(['ofNonZeroValue', 'unwrap'])],
]);
/** Global functions that are renamed. */
export const FUNCTIONS: ReadonlySet<string> = new Set(['string', 'matches', 'int', 'double']);

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';

type Handler = (work: Work, ...args: never[]) => unknown;

const DEFINITIONS: readonly (readonly [signature: string, handler: Handler])[] = [
  ['range(Work, list<A>): list<A>', (work, list: unknown[]) => counted(work, list, list.length)],
  ['range(Work, map<K, V>): map<K, V>', (work, map: object) => counted(work, map, Object.keys(map).length)],
  ['matches(Work, string, string): bool', matches],
  ['lowerAscii(Work, string): string', strings.lowerAscii],
  ['upperAscii(Work, string): string', strings.upperAscii],
  ['trim(Work, string): string', strings.trim],
  ['charAt(Work, string, int): string', strings.charAt],
  ['indexOf(Work, string, string): int', strings.indexOf],
  ['indexOf(Work, string, string, int): int', strings.indexOf],
  ['lastIndexOf(Work, string, string): int', strings.lastIndexOf],
  ['lastIndexOf(Work, string, string, int): int', strings.lastIndexOf],
  ['substring(Work, string, int): string', strings.substring],
  ['substring(Work, string, int, int): string', strings.substring],
  [
    'replace(Work, string, string, string): string',
    (work, text: string, old: string, fresh: string) => strings.replace(work, { text, old, fresh, limit: -1n }),
  ],
  [
    'replace(Work, string, string, string, int): string',
    (work, text: string, old: string, fresh: string, limit: bigint) => strings.replace(work, { text, old, fresh, limit }),
  ],
  ['split(Work, string, string): list<string>', strings.split],
  ['split(Work, string, string, int): list<string>', strings.split],
  ['join(Work, list<string>): string', strings.join],
  ['join(Work, list<string>, string): string', strings.join],
  ['reverse(Work, string): string', strings.reverse],
  ['format(Work, string, list<dyn>): string', format],
  ['strings_quote(Work, string): string', strings.quote],
  ['first(Work, list<A>): optional<A>', (_work, list: unknown[]) => Optional.of(list[0])],
  ['last(Work, list<A>): optional<A>', (_work, list: unknown[]) => Optional.of(list.at(-1))],
  ['sets_contains(Work, list<A>, list<A>): bool', (work, list: unknown[], sub: unknown[]) => containsAll(work, list, sub)],
  [
    'sets_equivalent(Work, list<A>, list<A>): bool',
    (work, a: unknown[], b: unknown[]) => containsAll(work, a, b) && containsAll(work, b, a),
  ],
  ['sets_intersects(Work, list<A>, list<A>): bool', (work, a: unknown[], b: unknown[]) => intersects(work, a, b)],
  [
    'optional_ofNonZeroValue(Work, A): optional<A>',
    (_work, value: unknown) => (conversions.isZero(value) ? Optional.none() : Optional.of(value)),
  ],
  ['optional_unwrap(Work, list<optional<A>>): list<A>', unwrap],
  ['unwrapOpt(Work, list<optional<A>>): list<A>', unwrap],
  ['at(Work, dyn, dyn): optional<T>', (_work, base: unknown, key: unknown) => conversions.find(base, key)],
  ['field(Work, dyn, string): optional<dyn>', (_work, base: unknown, key: string) => conversions.find(base, key)],
  ['options(Work, optional<A>): list<A>', (_work, value: Optional) => (value.hasValue() ? [value.value()] : [])],
  ['flat(Work, list<optional<A>>): optional<A>', (_work, list: Optional[]) => list[0] ?? Optional.none()],
  ['int(Work, int): int', (_work, value: bigint) => value],
  ['int(Work, uint): int', (_work, value: UnsignedInt) => conversions.intOf(value.valueOf())],
  ['int(Work, double): int', (_work, value: number) => conversions.intOfDouble(value)],
  ['int(Work, string): int', (_work, value: string) => conversions.intOfString(value)],
  [`int(Work, ${TIMESTAMP}): int`, (_work, value: Date) => conversions.intOfTimestamp(value)],
  [`int(Work, ${DURATION}): int`, (_work, value: Duration) => conversions.intOfDuration(value)],
  ['double(Work, double): double', (_work, value: number) => value],
  ['double(Work, int): double', (_work, value: bigint) => Number(value)],
  ['double(Work, uint): double', (_work, value: UnsignedInt) => Number(value.valueOf())],
  ['double(Work, string): double', (_work, value: string) => conversions.doubleOfString(value)],
  ['base64_encode(Work, bytes): string', (work, bytes: Uint8Array) => encodeBase64(work, bytes)],
  ['base64_decode(Work, string): bytes', (work, text: string) => decodeBase64(work, text)],
  ['string(Work, string): string', (_work, value: string) => value],
  ['string(Work, bool): string', (_work, value: boolean) => `${value}`],
  ['string(Work, int): string', (_work, value: bigint) => `${value}`],
  ['string(Work, uint): string', (_work, value: UnsignedInt) => `${value.valueOf()}`],
  ['string(Work, double): string', (_work, value: number) => formatShortest(value)],
  ['string(Work, bytes): string', (work, value: Uint8Array) => decodeUtf8(work, value)],
  [`string(Work, ${TIMESTAMP}): string`, (_work, value: Date) => formatTimestamp(value)],
  [`string(Work, ${DURATION}): string`, (_work, value: Duration) => String(value)],
];

/** The environment with these variables, each a map from string to anything. */
export function createEnvironment(variables: readonly string[]): Environment {
  const environment = BASE.clone();
  for (const variable of variables) environment.registerVariable(variable, 'map<string, dyn>');
  return environment;
}

/** Never registered to after this; every use is a clone. */
const BASE = createBase();

function createBase(): Environment {
  const environment = new Environment({ enableOptionalTypes: true, limits: { maxDepth: 1000, maxAstNodes: 20_000 } });
  environment.registerType('Work', Work);
  environment.registerVariable(WORK_VARIABLE, 'Work');
  environment.registerFunction(`timestamp(${TIMESTAMP}): ${TIMESTAMP}`, (value: Date) => value);
  environment.registerFunction(`duration(${DURATION}): ${DURATION}`, (value: Duration) => value);
  for (const [signature, handler] of DEFINITIONS) environment.registerFunction(`${INTERNAL_PREFIX}${signature}`, handler);
  return environment;
}

function counted<T>(work: Work, value: T, length: number): T {
  work.spendSteps(length);
  return value;
}

function containsAll(work: Work, list: readonly unknown[], sub: readonly unknown[]): boolean {
  work.spendSteps(list.length * sub.length);
  return sub.every((wanted) => list.some((item) => isEqual(item, wanted)));
}

function intersects(work: Work, left: readonly unknown[], right: readonly unknown[]): boolean {
  work.spendSteps(left.length * right.length);
  return left.some((item) => right.some((other) => isEqual(item, other)));
}

/** CEL's equality: numbers of different types are compared by value. */
function isEqual(left: unknown, right: unknown): boolean {
  const a = left instanceof UnsignedInt ? left.valueOf() : left;
  const b = right instanceof UnsignedInt ? right.valueOf() : right;
  // eslint-disable-next-line eqeqeq -- bigint and number
  if ((typeof a === 'bigint' && typeof b === 'number') || (typeof a === 'number' && typeof b === 'bigint')) return a == b;
  return isDeepStrictEqual(a, b);
}

function matches(work: Work, text: string, source: string): boolean {
  const pattern = work.pattern(source);
  work.spend(searchCost(pattern, text));
  return pattern.test(text);
}

function encodeBase64(work: Work, bytes: Uint8Array): string {
  work.spendChars(bytes.length * 2);
  return Buffer.from(bytes).toString('base64');
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** Standard alphabet, padded to the full length or not at all; line ends do not count. */
function decodeBase64(work: Work, text: string): Uint8Array {
  work.spendChars(text.length);
  const joined = text.replace(/[\r\n]+/g, '');
  if (!BASE64.test(joined)) throw new ExpressionError('illegal base64 data');
  return Buffer.from(joined, 'base64');
}

function unwrap(work: Work, list: readonly Optional[]): unknown[] {
  work.spendSteps(list.length);
  return list.filter((item) => item.hasValue()).map((item) => item.value());
}

function decodeUtf8(work: Work, bytes: Uint8Array): string {
  work.spendChars(bytes.length);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ExpressionError('invalid UTF-8 in bytes, cannot convert to string', { cause });
  }
}
