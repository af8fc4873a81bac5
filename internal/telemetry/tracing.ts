// One span per event, from its acceptance to the end of its last delivery, sent to an OpenTelemetry collector.
//
// Spans are kept in memory while deliveries are owed: an event that outlives this process has no span, and what is sent
// again by a person afterwards is not part of it. A collector that is away costs spans and nothing else.
import type { Event } from '../event/event.ts';
import { traceContextOf } from '../event/trace.ts';
import type { Send } from '../sdk/http.ts';
import type { Clock, Logger } from '../sdk/ports.ts';
import { encodeSpans, type Span, type SpanEvent } from './otlp.ts';

const EXPORT_EVERY_MS = 5_000;
const EXPORT_WITHIN_MS = 10_000;
const LAST_EXPORT_WITHIN_MS = 1_000;
const BATCH = 500;
/** Spans whose deliveries are owed, and finished ones that wait for the collector. */
const MAX_SPANS = 10_000;
const MAX_EVENTS_PER_SPAN = 128;

export interface TracingOptions {
  /** The collector's address; `/v1/traces` is added unless it ends so. */
  readonly endpoint: string;
  /** A way out for one request. */
  readonly open: (signal: AbortSignal) => Send;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
}

/** One try or one end of a delivery. */
export interface TracedDelivery {
  readonly eventId: string;
  readonly alert: string;
  readonly provider: string;
  readonly type: string;
  /** What the try came to, or the state that the store ended it in. */
  readonly outcome: string;
  readonly reason: string;
  readonly durationMs: number;
  /** It reached its end with this. */
  readonly isEnd: boolean;
  readonly isDead: boolean;
}

export interface Tracing {
  start(): void;
  /** An event is stored; `isPending`: some Alert has not been asked yet. */
  accepted(event: Event, deliveries: number, isPending: boolean): void;
  /** Alerts that were pending have been asked. */
  resolved(eventId: string, deliveries: number, isPending: boolean): void;
  delivery(delivery: TracedDelivery): void;
  /** Sends what is finished, and what is not as far as it is known. */
  stop(): Promise<void>;
}

/** Builds the tracing of one process. */
export function createTracing(options: TracingOptions): Tracing {
  return new Spans(options);
}

interface OpenSpan {
  readonly event: Event;
  readonly startMs: number;
  readonly events: SpanEvent[];
  owed: number;
  deliveries: number;
  isPending: boolean;
  isError: boolean;
}

class Spans implements Tracing {
  readonly #options: TracingOptions;
  readonly #url: string;
  readonly #open = new Map<string, OpenSpan>();
  #finished: Span[] = [];
  #cancel: (() => void) | undefined;
  #isFailing = false;

  constructor(options: TracingOptions) {
    this.#options = options;
    const base = options.endpoint.replace(/\/+$/, '');
    this.#url = base.endsWith('/v1/traces') ? base : `${base}/v1/traces`;
  }

  start(): void {
    this.#cancel = this.#options.clock.schedule(EXPORT_EVERY_MS, () => void this.#exportAndGoOn());
  }

  accepted(event: Event, deliveries: number, isPending: boolean): void {
    if (!traceContextOf(event).isSampled) return;
    const span: OpenSpan = {
      event,
      startMs: this.#options.clock.nowMs(),
      events: [],
      owed: deliveries,
      deliveries,
      isPending,
      isError: false,
    };
    this.#open.set(event.id, span);
    this.#finishIfDone(span);
    const oldest = this.#open.size > MAX_SPANS ? this.#open.values().next().value : undefined;
    if (oldest !== undefined) this.#finish(oldest, true);
  }

  resolved(eventId: string, deliveries: number, isPending: boolean): void {
    const span = this.#open.get(eventId);
    if (span === undefined) return;
    span.owed += deliveries;
    span.deliveries += deliveries;
    span.isPending = isPending;
    this.#finishIfDone(span);
  }

  delivery({ eventId, alert, provider, type, outcome, reason, durationMs, isEnd, isDead }: TracedDelivery): void {
    const span = this.#open.get(eventId);
    if (span === undefined) return;
    const attributes = { alert, provider, type, outcome, ...(reason === '' ? {} : { reason }), 'duration.ms': durationMs };
    if (span.events.length < MAX_EVENTS_PER_SPAN) span.events.push({ atMs: this.#options.clock.nowMs(), name: 'delivery', attributes });
    span.isError ||= isDead;
    if (isEnd) span.owed -= 1;
    this.#finishIfDone(span);
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const span of this.#open.values()) this.#finish(span, true);
    await this.#exportAll(LAST_EXPORT_WITHIN_MS);
  }

  #finishIfDone(span: OpenSpan): void {
    if (span.owed <= 0 && !span.isPending) this.#finish(span, false);
  }

  #finish({ event, startMs, events, deliveries, isError }: OpenSpan, isIncomplete: boolean): void {
    this.#open.delete(event.id);
    if (this.#finished.length >= MAX_SPANS) this.#finished.shift();
    const { kind, namespace, name } = event.subject;
    this.#finished.push({
      context: traceContextOf(event),
      name: `event ${kind}`,
      startMs,
      endMs: Math.max(startMs, this.#options.clock.nowMs()),
      attributes: {
        'tocsin.event.id': event.id,
        'tocsin.object': `${kind}/${namespace}/${name}`,
        'tocsin.reason': event.flux.reason,
        'tocsin.severity': event.flux.severity,
        'tocsin.deliveries': deliveries,
        ...(isIncomplete ? { 'tocsin.incomplete': true } : {}),
      },
      events,
      isError,
    });
  }

  async #exportAndGoOn(): Promise<void> {
    await this.#exportAll(EXPORT_WITHIN_MS);
    if (this.#cancel !== undefined) this.start();
  }

  async #exportAll(withinMs: number): Promise<void> {
    let isTaken = true;
    while (isTaken && this.#finished.length > 0) isTaken = await this.#exportSome(withinMs);
  }

  /** What the collector does not take is dropped: it is told of the next ones soon enough. */
  async #exportSome(withinMs: number): Promise<boolean> {
    const spans = this.#finished.splice(0, BATCH);
    const controller = new AbortController();
    const cancel = this.#options.clock.schedule(withinMs, () => controller.abort());
    try {
      const headers = [['Content-Type', 'application/json']] as const;
      const body = encodeSpans(spans, this.#options.version);
      const { status } = await this.#options.open(controller.signal)({ method: 'POST', url: this.#url, headers, body });
      if (status < 200 || status > 299) throw new Error(`the collector answered ${status}`);
      if (this.#isFailing) this.#options.log.info({}, 'The collector takes spans again');
      this.#isFailing = false;
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!this.#isFailing) this.#options.log.warn({ error: message, spans: spans.length }, 'Spans could not be sent and are dropped');
      this.#isFailing = true;
      return false;
    } finally {
      cancel();
    }
  }
}
