// Google Pub/Sub: the event itself as a message of a topic.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { publish } from './publish.ts';

export default defineProvider({
  type: 'googlepubsub',
  title: 'Google Pub/Sub',
  category: 'queue',
  summary: 'Publishes the event as JSON to a Pub/Sub topic of Google Cloud.',
  link: 'https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The id of the project that the topic belongs to.'),
    channel: z.string().optional().describe('The id of the topic.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The id of the project, when it must not stand in the Provider.'),
    token: z
      .string()
      .optional()
      .describe('Credentials as JSON, such as the key of a service account; workload identity is used without them.'),
    headers: z.string().optional().describe('A YAML map that becomes the attributes of the message.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'all',
  },
  send: publish,
  examples: [
    {
      title: 'Workload identity',
      spec: { type: 'googlepubsub', address: 'my-project', channel: 'flux-events' },
      event: exampleEvent(),
    },
    {
      title: 'The key of a service account, and attributes for filters',
      spec: { type: 'googlepubsub', address: 'my-project', channel: 'flux-events', secretRef: { name: 'pubsub' } },
      secret: {
        token:
          '{"type": "service_account", "client_email": "tocsin@my-project.iam.gserviceaccount.com", "private_key_id": "placeholder", "private_key": "-----BEGIN PRIVATE KEY-----\\nplaceholder\\n-----END PRIVATE KEY-----\\n", "token_uri": "https://oauth2.googleapis.com/token"}',
        headers: 'cluster: production\n',
      },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
