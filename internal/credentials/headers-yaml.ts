// The Secret's `headers`: a YAML map of text, read as Flux reads it. Flux turns YAML 1.1 into JSON on the way, so a plain
// `yes` becomes `true`, `0x1F` becomes `31` and `1.50` becomes `1.5`, while dates stay what they are. No message shows a value.
import { type Document, isAlias, isMap, isScalar, LineCounter, type Node, parseAllDocuments, type Scalar, type YAMLMap } from 'yaml';

/** In order of name; throws an Error in Flux's words for anything but a map of scalars. */
export function parseHeaders(text: string): Readonly<Record<string, string>> {
  const lines = new LineCounter();
  // Only the structure is the library's: it would resolve scalars by YAML 1.2. Of several documents the first one counts.
  const [document] = parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, lineCounter: lines, logLevel: 'silent' });
  if (document === undefined) return {};
  const [fault] = document.errors;
  if (fault !== undefined) throw new Error(`error converting YAML to JSON: yaml: line ${lines.linePos(fault.pos[0]).line}`);
  const root = document.contents;
  if (root === null || (isScalar(root) && toText(root) === null)) return {};
  if (!isMap(root)) throw new Error('cannot unmarshal into a map of strings: headers is not a map');
  return toRecord(root, document, text);
}

function toRecord(map: YAMLMap, document: Document, source: string): Readonly<Record<string, string>> {
  const entries = new Map<string, string>();
  for (const { key, value } of map.items) {
    const name = scalarOf(key, document);
    if (name === undefined || name === null) throw new Error('cannot unmarshal into a map of strings: a key is not text');
    const text = scalarOf(value, document);
    if (text === undefined) throw new Error('cannot unmarshal into a map of strings: a value is a map or a list');
    entries.set(name, withoutAddedEnd(text ?? '', value, source));
  }
  return Object.fromEntries([...entries].toSorted(([left], [right]) => (left < right ? -1 : Number(left > right))));
}

/** The library ends a block of text with a line break also where the source ends without one. */
function withoutAddedEnd(text: string, value: unknown, source: string): string {
  const isBlock = isScalar(value) && (value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED');
  return isBlock && text.endsWith('\n') && !source.endsWith('\n') && value.range?.[1] === source.length ? text.slice(0, -1) : text;
}

/** null for YAML's null, undefined for what is no scalar. */
function scalarOf(node: unknown, document: Document): string | null | undefined {
  if (node === null || node === undefined) return null;
  const target: Node | undefined = isAlias(node) ? node.resolve(document) : (node as Node);
  return isScalar(target) ? toText(target) : undefined;
}

function toText(scalar: Scalar): string | null {
  const text = typeof scalar.value === 'string' ? scalar.value : '';
  const isPlain = scalar.type === undefined || scalar.type === 'PLAIN';
  return isPlain && scalar.tag !== 'tag:yaml.org,2002:str' ? resolvePlain(text) : text;
}

const CONSTANTS: ReadonlyMap<string, string | null> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, 'true'] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, 'false'] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, 'NaN'] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, '+Inf'] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, '-Inf'] as const),
]);

const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

function resolvePlain(text: string): string | null {
  const constant = CONSTANTS.get(text);
  if (constant !== undefined) return constant;
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const integer = parseInteger(plain);
  if (integer !== undefined && integer >= -(2n ** 63n) && integer < 2n ** 64n) return String(integer);
  // What is larger than any number of Go's stays text.
  return FLOAT.test(plain) && Number.isFinite(Number(plain)) ? formatFloat(Number(plain)) : text;
}

/** Go's integer literals: hexadecimal, octal in both spellings, binary, decimal. */
function parseInteger(text: string): bigint | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.+)$/.exec(text) ?? [];
  const magnitude = parseMagnitude(digits.toLowerCase());
  if (magnitude === undefined) return undefined;
  return sign === '-' ? -magnitude : magnitude;
}

function parseMagnitude(digits: string): bigint | undefined {
  if (/^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|0|[1-9][0-9]*)$/.test(digits)) return BigInt(digits);
  return /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : undefined;
}

/** As Go's strconv prints a 32-bit number with the fewest digits: with an exponent below 1e-4 and from 1e6 on. */
function formatFloat(value: number): string {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single > 0 ? '+Inf' : '-Inf';
  const [mantissa = '', exponentText = '0'] = fewestDigits(single).split('e');
  const exponent = Number(exponentText);
  const sign = exponent < 0 ? '-' : '+';
  if (exponent < -4 || exponent >= 6) return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return Object.is(single, -0) ? '-0' : String(Number(`${mantissa}e${exponent}`));
}

/** Nine digits tell any two 32-bit numbers apart. */
function fewestDigits(single: number): string {
  for (let digits = 0; digits < 8; digits += 1) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return text;
  }
  return single.toExponential(8);
}
