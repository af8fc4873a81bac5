// notification-controller's metrics of its cache of access tokens. Its labels for the object stay empty: series per object
// are not bounded.
import { Counter, Gauge, type Registry } from 'prom-client';

/** Has the shape that the token cache's observer asks for. */
export interface TokenCacheMetrics {
  /** Somebody wanted the token of this key. */
  asked(key: string, isHit: boolean): void;
  /** Getting a token ended. */
  acquired(status: 'success' | 'failure'): void;
  evicted(): void;
  items(count: number): void;
}

/** Registers the metrics of the token cache. */
export function createTokenCacheMetrics(registry: Registry): TokenCacheMetrics {
  const registers = [registry];
  const events = new Counter({
    name: 'gotk_token_cache_events_total',
    help: 'Total number of cache retrieval events for a Gitops Toolkit resource reconciliation.',
    labelNames: ['event_type', 'kind', 'name', 'namespace', 'operation'],
    registers,
  });
  const requests = new Counter({
    name: 'gotk_token_cache_requests_total',
    help: 'Total number of cache requests partitioned by success or failure.',
    labelNames: ['status'],
    registers,
  });
  const evictions = new Counter({ name: 'gotk_token_cache_evictions_total', help: 'Total number of cache evictions.', registers });
  const cached = new Gauge({ name: 'gotk_token_cached_items', help: 'Total number of items in the cache.', registers });
  for (const isHit of [true, false]) events.inc(toLabels(isHit), 0);
  for (const status of ['success', 'failure']) requests.inc({ status }, 0);
  return {
    asked: (_key, isHit) => events.inc(toLabels(isHit)),
    acquired: (status) => requests.inc({ status }),
    evicted: () => evictions.inc(),
    items: (count) => cached.set(count),
  };
}

function toLabels(isHit: boolean): Record<string, string> {
  return { event_type: isHit ? 'cache_hit' : 'cache_miss', kind: 'Provider', name: '', namespace: '', operation: 'post' };
}
