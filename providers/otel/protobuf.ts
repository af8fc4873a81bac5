// The few forms of protobuf's wire format that a trace export uses. https://protobuf.dev/programming-guides/encoding/

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_LENGTH = 2;
const WIRE_FIXED32 = 5;
const encoder = new TextEncoder();

/** An encoded field; the fields of a message follow one another. */
export type Field = Uint8Array;

/** The fields as one message. */
export function message(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields);
}

export function bytesField(number: number, value: Uint8Array): Field {
  return Buffer.concat([tag(number, WIRE_LENGTH), varint(value.length), value]);
}

/** Halves of surrogate pairs become U+FFFD, since protobuf's strings are valid UTF-8. */
export function textField(number: number, value: string): Field {
  return bytesField(number, encoder.encode(value));
}

export function enumField(number: number, value: number): Field {
  return Buffer.concat([tag(number, WIRE_VARINT), varint(value)]);
}

export function fixed32Field(number: number, value: number): Field {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([tag(number, WIRE_FIXED32), bytes]);
}

export function fixed64Field(number: number, value: bigint): Field {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([tag(number, WIRE_FIXED64), bytes]);
}

/** What a reader makes of a message: fields by number, the last of each; undefined for bytes that are no message. */
export function readMessage(bytes: Uint8Array): ReadonlyMap<number, bigint | Uint8Array> | undefined {
  const fields = new Map<number, bigint | Uint8Array>();
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const key = readVarint(cursor);
    if (key === undefined) return undefined;
    const value = readValue(cursor, Number(key & 7n));
    if (value === undefined) return undefined;
    fields.set(Number(key >> 3n), value);
  }
  return fields;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function readValue(cursor: Cursor, wire: number): bigint | Uint8Array | undefined {
  if (wire === WIRE_VARINT) return readVarint(cursor);
  if (wire === WIRE_FIXED32) return readBytes(cursor, 4);
  if (wire === WIRE_FIXED64) return readBytes(cursor, 8);
  if (wire !== WIRE_LENGTH) return undefined;
  const length = readVarint(cursor);
  return length === undefined ? undefined : readBytes(cursor, Number(length));
}

function readBytes(cursor: Cursor, length: number): Uint8Array | undefined {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) return undefined;
  const value = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return value;
}

const MAX_VARINT_BYTES = 10;

function readVarint(cursor: Cursor): bigint | undefined {
  let value = 0n;
  for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return undefined;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << BigInt(index * 7);
    if (byte < 0x80) return value;
  }
  return undefined;
}

function tag(number: number, wire: number): Uint8Array {
  return varint(number * 8 + wire);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}
