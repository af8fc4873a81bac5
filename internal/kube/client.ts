// Requests to one API server, and reflections of its objects.
import type { Clock, Logger, Random } from '../sdk/ports.ts';
import type { ClusterAccess } from './access.ts';
import { Api, type Call, type KubeObserver } from './api.ts';
import { Connections } from './connections.ts';
import { Discovery } from './discovery.ts';
import { isNotFound } from './kube-error.ts';
import { listAll, metadataAs } from './listing.ts';
import { toObject } from './objects.ts';
import { Pace, type Rate } from './pace.ts';
import { toCall } from './paths.ts';
import type { KubeClient, KubeObject, RequestOptions, Resource } from './ports.ts';
import { Reflector } from './reflector.ts';

export interface KubeClientOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly userAgent: string;
  readonly observer?: KubeObserver | undefined;
  /** For API servers without Priority and Fairness; absent = no limit. Watches are not counted. */
  readonly rate?: Rate | undefined;
}

const MERGE_PATCH = 'application/merge-patch+json';
/** JSON is YAML. */
const APPLY_PATCH = 'application/apply-patch+yaml';

/** Opens no connection before the first request. */
export function createKubeClient({ access, clock, random, log, userAgent, observer, rate }: KubeClientOptions): KubeClient {
  const connections = new Connections(access);
  const pace = rate === undefined ? undefined : new Pace(clock, rate);
  const api = new Api({ access, connections, clock, userAgent, observer, pace });
  const discovery = new Discovery(api, clock);
  const reflectors = new Set<Reflector>();

  const write = async (
    call: Call,
    resource: Resource,
    {
      body,
      contentType,
      query,
      signal,
    }: RequestOptions & { body: unknown; contentType?: string; query?: Record<string, string | undefined> },
  ): Promise<KubeObject> => {
    const details = { body, signal, ...(contentType === undefined ? {} : { contentType }), ...(query === undefined ? {} : { query }) };
    return toObject(await api.send(call, details), resource, call);
  };

  return {
    follow: (options) => {
      const onAbsent = (): void => discovery.forget(options.resource);
      const reflector = new Reflector({ api, clock, random, log, observer, onAbsent }, options).start();
      reflectors.add(reflector);
      return {
        stop: () => {
          reflector.stop();
          reflectors.delete(reflector);
        },
      };
    },
    get: async (resource, key, { signal, metadataOnly } = {}) => {
      const accept = metadataOnly ? { accept: metadataAs('PartialObjectMetadata') } : {};
      try {
        const call = toCall('get', resource, key);
        return toObject(await api.send(call, { signal, ...accept }), resource, call);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: async (resource, selection = {}, { signal } = {}) => listAll(api, resource, selection, { signal }),
    create: async (resource, object, options = {}) =>
      write(toCall('create', resource, { namespace: object.metadata.namespace }), resource, { ...options, body: object }),
    replace: async (resource, object, options = {}) =>
      write(toCall('update', resource, object.metadata), resource, { ...options, body: object }),
    patch: async (resource, key, patch, options = {}) =>
      write(toCall('patch', resource, key), resource, { ...options, body: patch, contentType: MERGE_PATCH }),
    patchStatus: async (resource, key, patch, options = {}) => {
      const call = toCall('patch', resource, { ...key, subresource: 'status' });
      return write(call, resource, { ...options, body: patch, contentType: MERGE_PATCH });
    },
    apply: async (resource, object, { fieldManager, force, subresource, ...options }) => {
      const call = toCall('patch', resource, { ...object.metadata, subresource });
      const query = { fieldManager, ...(force === true ? { force: 'true' } : {}) };
      return write(call, resource, { ...options, body: object, contentType: APPLY_PATCH, query });
    },
    delete: async (resource, key, { signal } = {}) => {
      try {
        await api.send(toCall('delete', resource, key), { signal });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
    submit: async (resource, document, { of, signal } = {}) => {
      const answer = await api.send(toCall('create', resource, of), { body: document, signal });
      return (answer ?? {}) as Readonly<Record<string, unknown>>;
    },
    resourceFor: async (apiVersion, kind) => discovery.resourceFor(apiVersion, kind),
    close: async () => {
      for (const reflector of reflectors) reflector.stop();
      reflectors.clear();
      await connections.close();
    },
  };
}
