// Asks the API server who a token belongs to and what that user may do. Answers are kept for a few seconds, so that a page of
// requests costs one review and a withdrawn right is gone soon.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../sdk/ports.ts';
import type { KubeClient, Resource } from './ports.ts';

/** As the API server knows somebody. */
export interface KubeUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What somebody wants to do; a verb may be one that only we know. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  /** The plural, without its subresource. */
  readonly resource: string;
  readonly subresource?: string;
  /** Absent = in all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

/** What may be asked about somebody who shows a token. */
export interface Reviews {
  /** undefined = the token is nobody's. Rejects with KubeError when that cannot be asked. */
  readonly userOf: (token: string) => Promise<KubeUser | undefined>;
  readonly isAllowed: (user: KubeUser, access: Access) => Promise<boolean>;
}

export interface ReviewsOptions {
  readonly client: Pick<KubeClient, 'submit'>;
  readonly clock: Clock;
}

const TOKEN_REVIEWS: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
};
const ACCESS_REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
};
const KEPT = 10_000;
const YES_MS = 10_000;
/** Shorter, since whoever was just given a right tries again. */
const NO_MS = 3_000;

/** Nothing of a token is kept but its hash. */
export function createReviews({ client, clock }: ReviewsOptions): Reviews {
  const users = createShortMemory<KubeUser | undefined>(clock);
  const rights = createShortMemory<boolean>(clock);
  return {
    userOf: async (token) =>
      users(createHash('sha256').update(token).digest('base64'), async () => {
        const status = await review(client, TOKEN_REVIEWS, { token });
        return status['authenticated'] === true ? (status['user'] as KubeUser) : undefined;
      }),
    isAllowed: async (user, access) =>
      rights(JSON.stringify([user, access]), async () => {
        const { username, uid, groups, extra } = user;
        const spec = { user: username, uid, groups, extra, resourceAttributes: { version: '*', ...access } };
        const status = await review(client, ACCESS_REVIEWS, spec);
        return status['allowed'] === true && status['denied'] !== true;
      }),
  };
}

async function review(client: ReviewsOptions['client'], resource: Resource, spec: object): Promise<Readonly<Record<string, unknown>>> {
  const { group, version, kind } = resource;
  const answer = await client.submit(resource, { apiVersion: `${group}/${version}`, kind, spec });
  return (answer['status'] ?? {}) as Readonly<Record<string, unknown>>;
}

type ShortMemory<Value> = (key: string, ask: () => Promise<Value>) => Promise<Value>;

/** Those who ask for the same at the same time share one answer; failures are not kept. */
function createShortMemory<Value>(clock: Clock): ShortMemory<Value> {
  const known = new LRUCache<string, { readonly value: Promise<Value>; untilMs: number }>({ max: KEPT });
  return async (key, ask) => {
    const found = known.get(key);
    if (found !== undefined && clock.monotonicMs() < found.untilMs) return found.value;
    const entry = { value: ask(), untilMs: Number.POSITIVE_INFINITY };
    known.set(key, entry);
    try {
      const value = await entry.value;
      entry.untilMs = clock.monotonicMs() + (value ? YES_MS : NO_MS);
      return value;
    } catch (error) {
      if (known.get(key) === entry) known.delete(key);
      throw error;
    }
  };
}
