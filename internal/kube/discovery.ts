// Which kinds the API server serves, and under which plural. What was found is kept; what was not is asked for again soon,
// since definitions come while we run.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../sdk/ports.ts';
import type { Api } from './api.ts';
import { isNotFound } from './kube-error.ts';
import { apiRoot, apiVersionOf } from './paths.ts';
import type { Resource } from './ports.ts';

const FOUND_MS = 10 * 60_000;
const MISSED_MS = 10_000;
/** Any sender of events can make up versions. */
const MAX_VERSIONS = 1_000;
/** `v1`, `group/v1`: anything else is served nowhere. */
const API_VERSION = /^(?:[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?\/)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

interface Known {
  readonly resources: ReadonlyMap<string, Resource>;
  readonly askedAtMs: number;
}

/** Resources by apiVersion and kind. */
export class Discovery {
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #versions = new LRUCache<string, Known>({ max: MAX_VERSIONS });
  readonly #underWay = new Map<string, Promise<Known>>();

  constructor(api: Api, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  async resourceFor(apiVersion: string, kind: string): Promise<Resource | undefined> {
    if (!API_VERSION.test(apiVersion)) return undefined;
    const known = this.#versions.get(apiVersion);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() - known.askedAtMs;
    const found = known?.resources.get(kind);
    if (ageMs < (found === undefined ? MISSED_MS : FOUND_MS)) return found;
    return (await this.#ask(apiVersion)).resources.get(kind);
  }

  /** A resource that was found is not served after all: asked for again at the next question. */
  forget(resource: Pick<Resource, 'group' | 'version'>): void {
    this.#versions.delete(apiVersionOf(resource));
  }

  /** Shared by all who wait for the same answer. */
  async #ask(apiVersion: string): Promise<Known> {
    const underWay = this.#underWay.get(apiVersion);
    if (underWay !== undefined) return underWay;
    const asking = this.#read(apiVersion).finally(() => this.#underWay.delete(apiVersion));
    this.#underWay.set(apiVersion, asking);
    return asking;
  }

  async #read(apiVersion: string): Promise<Known> {
    const slash = apiVersion.indexOf('/');
    const place = { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) };
    const call = { method: 'GET', path: apiRoot(place), what: `discover ${apiVersion}` } as const;
    const answer = await this.#api.send(call).catch((error: unknown) => {
      if (isNotFound(error)) return { resources: [] };
      throw error;
    });
    const known = { resources: toResources(answer, place), askedAtMs: this.#clock.monotonicMs() };
    this.#versions.set(apiVersion, known);
    return known;
  }
}

interface ServedResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

function toResources(answer: unknown, place: Pick<Resource, 'group' | 'version'>): ReadonlyMap<string, Resource> {
  // An empty list of Go is null.
  const { resources } = answer as { resources?: readonly ServedResource[] | null };
  // A name with a slash is a subresource, of which several share a kind with others.
  const objects = (resources ?? []).filter(({ name }) => !name.includes('/'));
  return new Map(objects.map(({ name, kind, namespaced }) => [kind, { ...place, plural: name, kind, namespaced }]));
}
