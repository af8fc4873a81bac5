// The shape of a Receiver exactly as Flux's CRD accepts it; see schema.ts.
import { z } from 'zod';
import { EventSource, INTERVAL_PATTERN, LocalReference, text } from './schema.ts';

/** The Receiver types that Flux's own CRD accepts. */
const FLUX_RECEIVER_TYPES = [
  'generic',
  'generic-hmac',
  'generic-oidc',
  'github',
  'gitlab',
  'bitbucket',
  'harbor',
  'dockerhub',
  'quay',
  'gcr',
  'nexus',
  'acr',
  'cdevents',
] as const;

const ISSUER_PATTERN = '^https?://';

const Resource = EventSource.extend({
  apiVersion: z.string().optional().meta({ description: 'API version of the referent.' }),
  kind: EventSource.shape.kind.meta({ description: 'Kind of the objects that are reconciled, such as GitRepository or HelmRepository.' }),
  namespace: EventSource.shape.namespace.meta({ description: "Namespace of the objects; the Receiver's own namespace when it is absent." }),
  matchLabels: EventSource.shape.matchLabels.meta({
    description: 'Labels that the objects must carry, each with exactly this value; for the name *.',
  }),
  filter: z
    .string()
    .optional()
    .meta({ description: 'CEL expression over res and req that must be true of an object, beside resourceFilter.' }),
}).meta({ description: 'Names objects that a webhook reconciles.' });

const OidcProvider = z
  .object({
    issuerURL: text({ pattern: ISSUER_PATTERN }).meta({ description: 'Issuer of the tokens that are accepted.' }),
    audience: z.string().optional().meta({ description: 'Audience that a token must be for; notification-controller when it is absent.' }),
    variables: z
      .array(
        z
          .object({
            name: z.string().meta({ description: 'Name under which later expressions find the value.' }),
            expression: z.string().meta({ description: 'CEL expression over claims and the variables before it.' }),
          })
          .meta({ description: 'A value that several validations use.' }),
      )
      .optional()
      .meta({ description: 'Values computed from the claims of a token, in this order.' }),
    validations: z
      .array(
        z
          .object({
            expression: z.string().meta({ description: 'CEL expression over claims and vars that must be true.' }),
            message: z.string().meta({ description: 'What is reported when it is not.' }),
          })
          .meta({ description: 'A condition on the claims of a token.' }),
      )
      .min(1)
      .meta({ description: 'Conditions that all must hold for a token to be accepted.' }),
  })
  .meta({ description: 'An issuer of tokens, and what their claims must say.' });

/** The `spec` of a Receiver. */
export const ReceiverSpec = z
  .object({
    type: z.enum(FLUX_RECEIVER_TYPES).meta({ description: 'Type of the sender, which decides how a webhook is verified.' }),
    interval: text({ pattern: INTERVAL_PATTERN }).default('10m').meta({ description: 'How often the Secret is looked at again.' }),
    events: z.array(z.string()).optional().meta({ description: 'Events that are let through, in the words of the sender.' }),
    resources: z.array(Resource).meta({ description: 'The objects that a webhook reconciles.' }),
    resourceFilter: z.string().optional().meta({
      description: 'CEL expression over res and req that must be true of every object that is reconciled.',
    }),
    secretRef: LocalReference('Secret with the token that webhooks are verified with.').optional(),
    oidcProviders: z
      .array(OidcProvider)
      .optional()
      .meta({
        description: 'Issuers of tokens that are accepted; for the type generic-oidc, and only there.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['issuerURL'],
      }),
    suspend: z.boolean().optional().meta({ description: 'Stops this Receiver while it is true.' }),
  })
  .meta({ description: 'Which webhooks are accepted, and which objects they reconcile.' });

/** The rules of a Receiver over several fields, as Flux words them. */
export const RECEIVER_RULES = [
  {
    message: 'generic-oidc receivers must define at least one oidcProvider',
    rule: "self.type != 'generic-oidc' || (has(self.oidcProviders) && size(self.oidcProviders) > 0)",
  },
  {
    message: 'oidcProviders can only be set when type is generic-oidc',
    rule: "self.type == 'generic-oidc' || !has(self.oidcProviders) || size(self.oidcProviders) == 0",
  },
  { message: 'secretRef cannot be set when type is generic-oidc', rule: "self.type != 'generic-oidc' || !has(self.secretRef)" },
  { message: 'secretRef is required when type is not generic-oidc', rule: "self.type == 'generic-oidc' || has(self.secretRef)" },
] as const;
