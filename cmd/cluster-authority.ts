// Tenants of the admin API are users of the cluster: the API server says whose a token is and what its Roles allow.
import type { Authority } from '../internal/admin/visitor.ts';
import type { KubeClient } from '../internal/kube/ports.ts';
import { createReviews } from '../internal/kube/reviews.ts';
import { systemClock } from './system-clock.ts';

/** The verbs `get`, `replay` and `send` on Alerts; who has one in all namespaces has it in each. */
const ALERTS = { group: 'notification.toolkit.fluxcd.io', resource: 'alerts' } as const;

/** Asks a TokenReview who somebody is, and SubjectAccessReviews what they may. */
export function createAuthority(client: KubeClient): Authority {
  const reviews = createReviews({ client, clock: systemClock });
  return {
    visitorOf: async (token) => {
      const user = await reviews.userOf(token);
      if (user === undefined) return undefined;
      return {
        name: user.username,
        may: async (verb, namespace) => {
          if (await reviews.isAllowed(user, { ...ALERTS, verb })) return true;
          return namespace !== undefined && namespace !== '' && reviews.isAllowed(user, { ...ALERTS, verb, namespace });
        },
      };
    },
  };
}
