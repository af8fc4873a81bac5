// One span per event, as Flux sends it: the trace is that of the Alert and the revision, the span that of the event.
// https://opentelemetry.io/docs/specs/otlp/, message ExportTraceServiceRequest.
import { createHash } from 'node:crypto';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { compareUtf8 } from '../../internal/sdk/text/go-json.ts';
import { resourceAttributes } from './resource.ts';
import { bytesField, enumField, fixed32Field, fixed64Field, message, textField } from './protobuf.ts';

const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.34.0';
const SCOPE = 'flux:notification-controller';
const KIND_INTERNAL = 1;
const STATUS_OK = 1;
const STATUS_ERROR = 2;
/** Sampled, with a parent that is said to be remote although there is none. */
const FLAGS = 0x301;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const NANOS_PER_MS = 1_000_000n;
const EARLIER_KEY = 'tocsin.earlier_messages';

/** The request's body. */
export function toTraceExport(input: RenderInput): Uint8Array {
  const scopeSpans = message(bytesField(1, textField(1, SCOPE)), bytesField(2, toSpan(input)));
  const resourceSpans = message(bytesField(1, toResource(input)), bytesField(2, scopeSpans), textField(3, SCHEMA_URL));
  return bytesField(1, resourceSpans);
}

function toResource(input: RenderInput): Uint8Array {
  return message(...resourceAttributes(input).map(([key, value]) => attribute(1, key, value)));
}

function toSpan(input: RenderInput): Uint8Array {
  const { alert, deliveryId, event, nowMs } = input;
  const { kind, name, namespace } = event.involvedObject;
  const startMs = input.occurredAtMs ?? nowMs;
  const all = attributesOf(input);
  // OpenTelemetry knows no attribute without a key; how many were dropped for that is told.
  const attributes = all.filter(([key]) => key !== '');
  const dropped = all.length - attributes.length;
  const traceId = digest(`${alert.uid}:${revisionOf(event.metadata)}`).subarray(0, TRACE_ID_BYTES);
  return message(
    bytesField(1, traceId),
    // Stable over repeats, so that a repeat is the same span.
    bytesField(2, digest(deliveryId).subarray(0, SPAN_ID_BYTES)),
    textField(5, `${kind}: ${namespace}/${name}`),
    enumField(6, KIND_INTERNAL),
    fixed64Field(7, toNanos(startMs)),
    fixed64Field(8, toNanos(Math.max(nowMs, startMs))),
    ...attributes.map(([key, value]) => attribute(9, key, value)),
    ...(dropped === 0 ? [] : [enumField(10, dropped)]),
    bytesField(15, toStatus(input)),
    fixed32Field(16, FLAGS),
  );
}

function toStatus({ event }: RenderInput): Uint8Array {
  if (event.severity !== 'error') return enumField(3, STATUS_OK);
  // An empty field is not written: that is how protobuf says that there is none.
  return message(...(event.message === '' ? [] : [textField(2, event.message)]), enumField(3, STATUS_ERROR));
}

function attributesOf({ event, precededBy }: RenderInput): readonly (readonly [string, string])[] {
  const { kind, name, namespace, uid } = event.involvedObject;
  const metadata = Object.entries(event.metadata).sort(([a], [b]) => compareUtf8(a, b));
  const attributes = new Map([
    ['object.uid', uid],
    ['object.kind', kind],
    ['object.name', name],
    ['object.namespace', namespace],
    ...metadata,
  ]);
  if (precededBy > 0) attributes.set(EARLIER_KEY, String(precededBy));
  return [...attributes];
}

/** A KeyValue with a string. */
function attribute(number: number, key: string, value: string): Uint8Array {
  return bytesField(number, message(textField(1, key), bytesField(2, textField(1, value))));
}

/** What the events of one change have in common. */
function revisionOf(metadata: RenderInput['event']['metadata']): string {
  const { 'app-version': version = '', 'oci-digest': ociDigest = '', revision = '' } = metadata;
  if (version !== '' && ociDigest !== '') return `${version}@${ociDigest}`;
  return revision === '' ? 'unknown' : revision;
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

/** Protobuf's times have no sign. */
function toNanos(instantMs: number): bigint {
  return BigInt(Math.max(0, Math.round(instantMs))) * NANOS_PER_MS;
}
