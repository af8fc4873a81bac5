// Everything that /metrics shows: notification-controller's names where they exist, ours with the prefix `tocsin_`.
// Labels are bounded by the catalog and the closed lists of outcomes and reasons; series exist at zero from the start.
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { DeliveryMetrics, IntakeMetrics } from '../sdk/metrics.ts';
import { type ClusterMetrics, createClusterMetrics } from './cluster-metrics.ts';
import { createDeliveryMetrics } from './delivery-metrics.ts';
import { createHttpMetrics, type HttpMetrics } from './http-metrics.ts';
import { createIntakeMetrics } from './intake-metrics.ts';
import { createObjectMetrics } from './object-metrics.ts';
import { createStateMetrics, type StateSources } from './state-metrics.ts';
import { createTokenCacheMetrics, type TokenCacheMetrics } from './token-cache-metrics.ts';

export interface MetricsOptions {
  /** The catalog's provider types: the values of the label `type`. */
  readonly types: readonly string[];
  readonly dialects: readonly string[];
  /** `--export-http-path-metrics`; false when absent. */
  readonly exportPaths?: boolean;
  /** `--export-object-metrics`: series per Alert and Provider; false when absent. */
  readonly exportObjects?: boolean;
  /** CPU, memory and event loop of the process; true when absent. */
  readonly process?: boolean;
}

export interface Metrics {
  readonly registry: Registry;
  readonly intake: IntakeMetrics;
  readonly receiver: HttpMetrics;
  readonly deliver: DeliveryMetrics;
  readonly tokenCache: TokenCacheMetrics;
  readonly cluster: ClusterMetrics;
  /** Says where the gauges look when somebody scrapes; each call adds to the earlier ones. */
  watch(sources: StateSources): void;
}

/** All metrics, in a registry of their own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const exportPaths = options.exportPaths ?? false;
  if (options.process ?? true) collectDefaultMetrics({ register: registry });
  const events = createHttpMetrics({ registry, prefix: 'gotk_event', handler: '/', exportPaths });
  return {
    registry,
    intake: { ...events, ...createIntakeMetrics(registry, options.dialects) },
    // Receiver paths are secrets, so they are never exported.
    receiver: createHttpMetrics({ registry, prefix: 'gotk_receiver', handler: '/hook/', exportPaths: false }),
    deliver: createDeliveryMetrics(registry, options.types, options.exportObjects === true ? createObjectMetrics(registry) : undefined),
    tokenCache: createTokenCacheMetrics(registry),
    cluster: createClusterMetrics(registry),
    watch: createStateMetrics(registry),
  };
}
