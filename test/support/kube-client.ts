// Clients of a scripted API server, and listeners that remember what they were told.
import { createKubeClient } from '../../internal/kube/client.ts';
import type { ClusterAccess } from '../../internal/kube/access.ts';
import type { KubeObject, ReflectionListener, Resource } from '../../internal/kube/ports.ts';
import type { KubeClientOptions } from '../../internal/kube/client.ts';
import { ManualClock } from './clock.ts';
import { createRecordingLog } from './recording-log.ts';

export const THINGS: Resource = { group: 'example.com', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
export const THINGS_PATH = '/apis/example.com/v1/things';

/** A client over plain HTTP whose time is moved by hand. */
export function createTestClient(port: number, options: Partial<KubeClientOptions> = {}) {
  const clock = new ManualClock();
  const log = createRecordingLog();
  const client = createKubeClient({ access: plainAccess(port), clock, random: () => 0.5, log, userAgent: 'tocsin/test', ...options });
  return { client, clock, log };
}

/** No credentials and no TLS. */
export function plainAccess(port: number): ClusterAccess {
  return {
    server: `http://127.0.0.1:${port}`,
    namespace: undefined,
    credentials: async () => ({ headers: {}, line: {} }),
    refresh: () => undefined,
  };
}

export interface Recorder extends ReflectionListener {
  /** `replaced a,b`, `upserted a`, `deleted a`, `synced`, `absent`, `disconnected`. */
  readonly told: string[];
  readonly errors: Error[];
  /** What a consumer would hold now. */
  readonly objects: Map<string, KubeObject>;
}

/** Remembers everything. */
export function createRecorder(): Recorder {
  const told: string[] = [];
  const errors: Error[] = [];
  const objects = new Map<string, KubeObject>();
  return {
    told,
    errors,
    objects,
    replaced: (all) => {
      objects.clear();
      for (const object of all) objects.set(keyOf(object), object);
      told.push(`replaced ${all.length > 5 ? all.length : all.map(keyOf).join(',')}`.trim());
    },
    upserted: (object) => {
      objects.set(keyOf(object), object);
      told.push(`upserted ${keyOf(object)}`);
    },
    deleted: (object) => {
      objects.delete(keyOf(object));
      told.push(`deleted ${keyOf(object)}`);
    },
    state: (state) => {
      if (state.kind === 'disconnected') errors.push(state.error);
      told.push(state.kind);
    },
  };
}

function keyOf({ metadata }: KubeObject): string {
  return [metadata.namespace, metadata.name].filter(Boolean).join('/');
}
