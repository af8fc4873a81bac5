// The span that stands for an event: its ids follow from the event's own, so that they are the same after a restart.
import type { Event } from './event.ts';

/** Where the span of an event stands in its trace. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Empty for an event whose sender named no trace. */
  readonly parentSpanId: string;
  readonly isSampled: boolean;
}

/** In the sender's trace, or in one of its own. */
export function traceContextOf({ id, traceparent }: Pick<Event, 'id' | 'traceparent'>): TraceContext {
  const digits = id.replaceAll('-', '');
  const spanId = digits.slice(16);
  if (traceparent === undefined) return { traceId: digits, spanId, parentSpanId: '', isSampled: true };
  const [, traceId = '', parentSpanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, parentSpanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** What is passed on, so that what follows becomes a child of the event's span. */
export function childTraceparent(event: Pick<Event, 'id' | 'traceparent'>): string {
  const { traceId, spanId, isSampled } = traceContextOf(event);
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
