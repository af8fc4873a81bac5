// notification-controller's metrics of its HTTP servers, under the same names (gotk_event_http_*, gotk_receiver_http_*).
import { Gauge, Histogram, exponentialBuckets, type Registry } from 'prom-client';
import type { IntakeMetrics } from '../sdk/metrics.ts';

const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Paths are chosen by senders; beyond this many they share one label. */
const MAX_PATHS = 100;

export type HttpMetrics = Pick<IntakeMetrics, 'requestStarted' | 'requestFinished'>;

export interface HttpMetricsOptions {
  readonly registry: Registry;
  /** Such as `gotk_event`. */
  readonly prefix: string;
  /** The label of every request unless paths are exported. */
  readonly handler: string;
  /** `--export-http-path-metrics`. */
  readonly exportPaths: boolean;
}

/** Registers the three metrics of one server. */
export function createHttpMetrics(options: HttpMetricsOptions): HttpMetrics {
  const { registry, prefix } = options;
  const labelNames = ['service', 'handler', 'method', 'code'] as const;
  const registers = [registry];
  const duration = new Histogram({
    name: `${prefix}_http_request_duration_seconds`,
    help: 'The latency of the HTTP requests.',
    labelNames,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const size = new Histogram({
    name: `${prefix}_http_response_size_bytes`,
    help: 'The size of the HTTP responses.',
    labelNames,
    buckets: exponentialBuckets(100, 10, 8),
    registers,
  });
  const inflight = new Gauge({
    name: `${prefix}_http_requests_inflight`,
    help: 'The number of inflight requests being handled at the same time.',
    labelNames: ['service', 'handler'],
    registers,
  });
  const toHandler = handlerLabels(options);
  if (!options.exportPaths) inflight.set({ service: '', handler: options.handler }, 0);
  return {
    requestStarted: (path) => inflight.inc({ service: '', handler: toHandler(path) }),
    requestFinished({ path, method, code, seconds, bytes }) {
      const handler = toHandler(path);
      inflight.dec({ service: '', handler });
      const labels = { service: '', handler, method, code: String(code) };
      duration.observe(labels, seconds);
      size.observe(labels, bytes);
    },
  };
}

function handlerLabels({ handler, exportPaths }: HttpMetricsOptions): (path: string) => string {
  if (!exportPaths) return () => handler;
  const seen = new Set<string>();
  return (path) => {
    if (seen.has(path)) return path;
    if (seen.size >= MAX_PATHS) return 'other';
    seen.add(path);
    return path;
  };
}
