// Spans in the JSON form of the OpenTelemetry protocol.
import type { TraceContext } from '../event/trace.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Something that happened during a span. */
export interface SpanEvent {
  readonly atMs: number;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface Span {
  readonly context: TraceContext;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly isError: boolean;
}

const KIND_CONSUMER = 5;
const STATUS_ERROR = 2;

/** The body of one export. */
export function encodeSpans(spans: readonly Span[], version: string): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: toAttributes({ 'service.name': 'tocsin', 'service.version': version }) },
        scopeSpans: [{ scope: { name: 'tocsin', version }, spans: spans.map(toSpan) }],
      },
    ],
  });
}

function toSpan({ context, name, startMs, endMs, attributes, events, isError }: Span): unknown {
  const { traceId, spanId, parentSpanId } = context;
  return {
    traceId,
    spanId,
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    name,
    kind: KIND_CONSUMER,
    startTimeUnixNano: toNanoseconds(startMs),
    endTimeUnixNano: toNanoseconds(endMs),
    attributes: toAttributes(attributes),
    events: events.map((event) => ({
      timeUnixNano: toNanoseconds(event.atMs),
      name: event.name,
      attributes: toAttributes(event.attributes),
    })),
    ...(isError ? { status: { code: STATUS_ERROR } } : {}),
  };
}

/** Text, since a number of nanoseconds is too large for JSON's. */
function toNanoseconds(ms: number): string {
  return `${Math.floor(ms)}000000`;
}

function toAttributes(attributes: Attributes): unknown {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toValue(value) }));
}

function toValue(value: string | number | boolean): unknown {
  if (typeof value === 'string') return { stringValue: value };
  return typeof value === 'boolean' ? { boolValue: value } : { intValue: String(Math.round(value)) };
}
