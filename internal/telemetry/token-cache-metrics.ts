// notification-controller's metrics of its cache of access tokens.
import { Counter, Gauge, type Registry } from 'prom-client';

/** Series per Provider; beyond this many the events are counted without their object. */
const MAX_OBJECTS = 1000;

export interface TokenCacheMetrics {
  /** A token was asked for on behalf of a Provider. */
  asked(event: { readonly hit: boolean; readonly name: string; readonly namespace: string }): void;
  /** Acquiring a token ended. */
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
  for (const status of ['success', 'failure']) requests.inc({ status }, 0);
  const objects = new Set<string>();
  return {
    asked({ hit, name, namespace }) {
      const object = `${namespace}/${name}`;
      const isShown = objects.has(object) || objects.size < MAX_OBJECTS;
      if (isShown) objects.add(object);
      events.inc({
        event_type: hit ? 'cache_hit' : 'cache_miss',
        kind: 'Provider',
        name: isShown ? name : '',
        namespace: isShown ? namespace : '',
        operation: 'post',
      });
    },
    acquired: (status) => requests.inc({ status }),
    evicted: () => evictions.inc(),
    items: (count) => cached.set(count),
  };
}
