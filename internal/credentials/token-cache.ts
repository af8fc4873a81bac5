// Tokens that cost a request to get, such as those of a GitHub App: asked for once, however many ask at the same time, and
// used until four fifths of their life are over.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../sdk/ports.ts';
import type { SendContext } from '../sdk/provider.ts';
import type { Redactor } from '../sdk/transport.ts';

const USED_SHARE = 0.8;

export interface TokenCache {
  readonly token: SendContext['token'];
}

export interface TokenCacheOptions {
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** 0 switches the cache off: every use asks anew. */
  readonly maxSize: number;
  /** No token is used longer, whatever its own expiry says. */
  readonly maxDurationMs: number;
  readonly observe?: TokenCacheObserver;
}

export interface TokenCacheObserver {
  asked(key: string, isHit: boolean): void;
  acquired(status: 'success' | 'failure'): void;
  evicted(): void;
  items(count: number): void;
}

interface Entry {
  readonly value: string;
  readonly staleAtMs: number;
}

type Acquire = Parameters<SendContext['token']>[1];

export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { clock, redactor, maxSize, maxDurationMs, observe } = options;
  const entries = new LRUCache<string, Entry>({
    // The package knows no size 0; nothing is ever put in then.
    max: Math.max(1, maxSize),
    dispose: (_entry, _key, reason) => {
      if (reason === 'evict') observe?.evicted();
    },
  });
  const underWay = new Map<string, Promise<string>>();

  const acquireToken = async (key: string, acquire: Acquire): Promise<string> => {
    try {
      const { value, expiresAtMs } = await acquire();
      redactor.add(value);
      observe?.acquired('success');
      const lifeMs = Math.min((expiresAtMs - clock.nowMs()) * USED_SHARE, maxDurationMs);
      if (maxSize > 0 && lifeMs > 0) entries.set(key, { value, staleAtMs: clock.monotonicMs() + lifeMs });
      observe?.items(entries.size);
      return value;
    } catch (error) {
      observe?.acquired('failure');
      throw error;
    } finally {
      underWay.delete(key);
    }
  };

  return {
    async token(key, acquire) {
      const cached = entries.get(key);
      if (cached !== undefined && clock.monotonicMs() < cached.staleAtMs) {
        observe?.asked(key, true);
        redactor.add(cached.value);
        return cached.value;
      }
      observe?.asked(key, false);
      const pending = maxSize > 0 ? underWay.get(key) : undefined;
      if (pending !== undefined) return pending;
      const acquiring = acquireToken(key, acquire);
      if (maxSize > 0) underWay.set(key, acquiring);
      return acquiring;
    },
  };
}
