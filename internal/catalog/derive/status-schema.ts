// The `status` of the custom resources.
import type { JsonSchema } from './spec-schema.ts';

const MAX_NAME = 316;
const MAX_MESSAGE = 32_768;
const MAX_REASON = 1_024;

/** Kubernetes' own conditions, and the generation that they speak of. */
const CONDITIONS: JsonSchema = {
  description: 'What was observed of this object.',
  type: 'object',
  properties: {
    conditions: {
      description: 'The latest conditions, one per type.',
      type: 'array',
      items: {
        type: 'object',
        required: ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
        properties: {
          lastTransitionTime: { description: 'When the status changed last.', type: 'string', format: 'date-time' },
          message: { description: 'What there is to know, for people.', type: 'string', maxLength: MAX_MESSAGE },
          observedGeneration: { description: 'The generation that was looked at.', type: 'integer', format: 'int64', minimum: 0 },
          reason: {
            description: 'One word for the cause.',
            type: 'string',
            minLength: 1,
            maxLength: MAX_REASON,
            pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
          },
          status: { description: 'Whether it holds.', type: 'string', enum: ['True', 'False', 'Unknown'] },
          type: {
            description: 'What is said to hold.',
            type: 'string',
            maxLength: MAX_NAME,
            pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
          },
        },
      },
    },
    observedGeneration: { description: 'The generation that was looked at last.', type: 'integer', format: 'int64' },
  },
};

/** What Alerts and Providers have beyond Flux. */
export const STATUS: JsonSchema = {
  ...CONDITIONS,
  properties: {
    ...CONDITIONS.properties,
    lastSuccess: { description: 'When a message was taken last, give or take some minutes.', type: 'string', format: 'date-time' },
    lastError: {
      description: 'What went wrong last, also when it is over.',
      type: 'object',
      required: ['time', 'reason', 'message'],
      properties: {
        time: { description: 'When it began.', type: 'string', format: 'date-time' },
        reason: { description: 'One word for the cause.', type: 'string', maxLength: MAX_REASON },
        message: { description: 'What there is to know, for people.', type: 'string', maxLength: MAX_MESSAGE },
      },
    },
  },
};

/** The status of a Receiver, which Flux has too. */
export const RECEIVER_STATUS: JsonSchema = {
  ...CONDITIONS,
  default: { observedGeneration: -1 },
  properties: {
    ...CONDITIONS.properties,
    lastHandledReconcileAt: { description: 'The last value of the annotation that asks for a reconciliation.', type: 'string' },
    webhookPath: { description: 'Path under which webhooks of this Receiver are taken.', type: 'string' },
  },
};
