// The shape of Alert and Provider exactly as Flux's CRDs accept it: the same fields, limits and patterns.
// What these schemas refuse the API server refuses too; descriptions are shown to users in CRDs, editors and docs.
//
// Lengths count Unicode characters and patterns are RE2, as the API server has it, so both are refinements with
// the keyword as metadata: zod's own checks count UTF-16 units and use JavaScript's expressions.
import { z } from 'zod';
import { toPattern } from '../../expr/pattern.ts';

/** The source kinds that Flux's own CRD accepts. */
export const FLUX_SOURCE_KINDS = [
  'Bucket',
  'GitRepository',
  'Kustomization',
  'HelmRelease',
  'HelmChart',
  'HelmRepository',
  'ImageRepository',
  'ImagePolicy',
  'ImageUpdateAutomation',
  'OCIRepository',
  'ArtifactGenerator',
  'ExternalArtifact',
] as const;

/** The Provider types that Flux's own CRD accepts, whether or not this program can send to them. */
export const FLUX_PROVIDER_TYPES: readonly string[] = (
  'slack discord msteams rocket generic generic-hmac github gitlab gitea giteapullrequestcomment bitbucketserver bitbucket ' +
  'azuredevops googlechat googlepubsub webex sentry azureeventhub telegram lark matrix opsgenie alertmanager grafana ' +
  'githubdispatch githubpullrequestcomment gitlabmergerequestcomment pagerduty datadog nats zulip otel zoom incident.io'
).split(' ');

/** The types for which Flux's own CRD lets `commitStatusExpr` through. */
export const FLUX_COMMIT_STATUS_TYPES: readonly string[] = 'github gitlab gitea bitbucketserver bitbucket azuredevops'.split(' ');

/** The message of the rule that binds `commitStatusExpr` to these types, as Flux words it. */
export const COMMIT_STATUS_RULE_MESSAGE = `spec.commitStatusExpr is only supported for the ${FLUX_COMMIT_STATUS_TYPES.map((type) => `'${type}'`).join(', ')} provider types`;

const KIND_PATTERN = '^[A-Z][A-Za-z0-9]{0,62}$';
/** Durations of Flux's manifests, as the API server checks them. */
export const INTERVAL_PATTERN = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$';
const TIMEOUT_PATTERN = '^([0-9]+(\\.[0-9]+)?(ms|s|m))+$';
const PROXY_PATTERN = '^(http|https)://.*$';

/** A reference to an object of the same namespace. */
export const LocalReference = (description: string) =>
  z.object({ name: z.string().meta({ description: 'Name of the referent.' }) }).meta({ description });

/** One entry of an Alert's `eventSources`. */
export const EventSource = z
  .object({
    apiVersion: z.string().optional().meta({ description: 'API version of the referent; it is not compared.' }),
    kind: text({ pattern: KIND_PATTERN }).meta({
      description: 'Kind of the objects whose events are wanted, such as Kustomization or HelmRelease.',
    }),
    name: text({ minLength: 1, maxLength: 253 }).meta({ description: 'Name of the object, or * for every object of the kind.' }),
    namespace: text({ minLength: 1, maxLength: 253 })
      .optional()
      .meta({ description: "Namespace of the object; the Alert's own namespace when it is absent." }),
    matchLabels: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Labels that the object must carry, each with exactly this value.' }),
  })
  .meta({ description: 'Names the objects whose events are wanted.' });
export type EventSource = z.output<typeof EventSource>;

/** The `spec` of an Alert. */
export const AlertSpec = z
  .object({
    providerRef: LocalReference("The Provider to send to, in the Alert's own namespace."),
    eventSeverity: z
      .enum(['info', 'error'])
      .default('info')
      .meta({ description: 'Lets every event pass when it is info, and only events of severity error when it is error.' }),
    eventSources: z.array(EventSource).meta({ description: 'The objects whose events are wanted; an empty list matches nothing.' }),
    inclusionList: z
      .array(z.string())
      .optional()
      .meta({ description: 'RE2 expressions; when there are any, one of them must match the message of an event.' }),
    eventMetadata: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: "Pairs that are added to the metadata of every event; the event's own controller metadata wins over them." }),
    exclusionList: z
      .array(z.string())
      .optional()
      .meta({ description: 'RE2 expressions; an event whose message matches one of them is not sent.' }),
    summary: text({ maxLength: 255 })
      .optional()
      .meta({ description: 'A short description of the impact and the affected cluster.', deprecated: true }),
    suspend: z.boolean().optional().meta({ description: 'Stops this Alert while it is true.' }),
  })
  .meta({ description: 'Which events are sent, and to which Provider.' });
export type AlertSpec = z.output<typeof AlertSpec>;

/** The `spec` of a Provider. Which `type`s exist is asked of the catalog, so any text passes here. */
export const ProviderSpec = z
  .object({
    type: z.string().meta({ description: 'Type of the service that is notified.' }),
    interval: text({ pattern: INTERVAL_PATTERN })
      .optional()
      .meta({ description: 'Has no effect; kept so that older manifests stay valid.', deprecated: true }),
    channel: text({ maxLength: 2048 })
      .optional()
      .meta({ description: 'Channel, room, topic or project to send to, depending on the type.' }),
    username: text({ maxLength: 2048 }).optional().meta({ description: 'Name under which messages are posted, where the type has one.' }),
    address: text({ maxLength: 2048 })
      .optional()
      .meta({ description: 'Address of the service; the key address of the Secret wins over it.' }),
    timeout: text({ pattern: TIMEOUT_PATTERN })
      .optional()
      .meta({ description: 'Longest duration of one attempt, such as 15s or 1m30s; 15s when it is absent.' }),
    proxy: text({ maxLength: 2048, pattern: PROXY_PATTERN })
      .optional()
      .meta({ description: 'HTTP proxy to send through; use proxySecretRef instead.', deprecated: true }),
    proxySecretRef: LocalReference('Secret with the address of the proxy and, if it wants them, username and password.').optional(),
    secretRef: LocalReference('Secret with the credentials, address or headers that the type reads.').optional(),
    certSecretRef: LocalReference('Secret with ca.crt to trust, or with tls.crt and tls.key to present, or with all three.').optional(),
    serviceAccountName: z
      .string()
      .optional()
      .meta({ description: 'ServiceAccount whose workload identity is used; for types that support it.' }),
    suspend: z.boolean().optional().meta({ description: 'Stops sending to this Provider while it is true.' }),
    commitStatusExpr: z
      .string()
      .optional()
      .meta({ description: 'CEL expression over event, alert and provider whose text names the commit status; for types that set one.' }),
  })
  .meta({ description: 'Where and how messages are sent.' });
export type ProviderSpec = z.output<typeof ProviderSpec>;

interface TextLimits {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** A string within limits that a CRD can state. */
export function text(limits: TextLimits) {
  const { minLength = 0, maxLength = Infinity, pattern } = limits;
  const compiled = pattern === undefined ? undefined : toPattern(pattern);
  return z
    .string()
    .superRefine((value, context) => {
      const length = characters(value, maxLength);
      if (length > maxLength) context.addIssue({ code: 'custom', params: { rule: 'maxLength', limit: maxLength } });
      if (length < minLength) context.addIssue({ code: 'custom', params: { rule: 'minLength', limit: minLength } });
      if (compiled !== undefined && !compiled.test(value))
        context.addIssue({ code: 'custom', params: { rule: 'pattern', limit: pattern } });
    })
    .meta({ ...limits });
}

/** Counts Unicode characters, and stops counting where the answer cannot change. */
function characters(value: string, enough: number): number {
  if (value.length <= enough || value.length > 2 * enough) return value.length;
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}
