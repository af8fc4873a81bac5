// An OTLP trace export as the recordings write it: decoded from protobuf to the names of the OTLP/JSON mapping.

type Kind = 'text' | 'hex' | 'number' | 'nanos' | Schema;

/** Fields by number: name, kind, and whether there may be several. */
type Schema = Readonly<Record<number, readonly [name: string, kind: Kind, isList?: boolean]>>;

const KEY_VALUE: Schema = { 1: ['key', 'text'], 2: ['value', { 1: ['stringValue', 'text'] }] };
const SPAN: Schema = {
  1: ['traceId', 'hex'],
  2: ['spanId', 'hex'],
  4: ['parentSpanId', 'hex'],
  5: ['name', 'text'],
  6: ['kind', 'number'],
  7: ['startTimeUnixNano', 'nanos'],
  8: ['endTimeUnixNano', 'nanos'],
  9: ['attributes', KEY_VALUE, true],
  15: ['status', { 2: ['message', 'text'], 3: ['code', 'number'] }],
  16: ['flags', 'number'],
};
const SCOPE_SPANS: Schema = {
  1: ['scope', { 1: ['name', 'text'], 2: ['version', 'text'] }],
  2: ['spans', SPAN, true],
  3: ['schemaUrl', 'text'],
};
const RESOURCE_SPANS: Schema = {
  1: ['resource', { 1: ['attributes', KEY_VALUE, true] }],
  2: ['scopeSpans', SCOPE_SPANS, true],
  3: ['schemaUrl', 'text'],
};
const EXPORT: Schema = { 1: ['resourceSpans', RESOURCE_SPANS, true] };

/** Throws for bytes that are no export, and for fields that the recordings do not know. */
export function decodeOtlp(body: Buffer): unknown {
  return decode(body, EXPORT);
}

function decode(bytes: Buffer, schema: Schema): Readonly<Record<string, unknown>> {
  const message: Record<string, unknown> = {};
  for (const { number, value } of readFields(bytes)) {
    const field = schema[number];
    if (field === undefined) throw new Error(`field ${number} is not known`);
    const [name, kind, isList = false] = field;
    const item = toValue(value, kind);
    message[name] = isList ? [...((message[name] as readonly unknown[] | undefined) ?? []), item] : item;
  }
  return message;
}

function toValue(value: bigint | Buffer, kind: Kind): unknown {
  if (typeof value === 'bigint') return kind === 'nanos' ? String(value) : Number(value);
  if (kind === 'text') return value.toString('utf8');
  if (kind === 'hex') return value.toString('hex');
  if (kind === 'number' || kind === 'nanos') throw new Error('a number is written as bytes');
  return decode(value, kind);
}

interface WireField {
  readonly number: number;
  readonly value: bigint | Buffer;
}

function* readFields(bytes: Buffer): Generator<WireField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('the message is cut');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = Number(key & 7n);
    const number = Number(key >> 3n);
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 1) yield { number, value: take(8).readBigUInt64LE() };
    else if (wire === 2) yield { number, value: take(Number(varint())) };
    else if (wire === 5) yield { number, value: BigInt(take(4).readUInt32LE()) };
    else throw new Error(`wire type ${wire} is not known`);
  }
}
