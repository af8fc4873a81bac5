// Azure Event Hubs: the event itself into an event hub, over HTTPS.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { AUTHORITY, sendEvent } from './send-event.ts';

export default defineProvider({
  type: 'azureeventhub',
  title: 'Azure Event Hubs',
  category: 'queue',
  summary: 'Sends the event as JSON to an event hub of Azure.',
  link: 'https://learn.microsoft.com/rest/api/eventhub/send-event',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The name of the event hub; a connection string belongs in the Secret.'),
    channel: z
      .string()
      .optional()
      .describe('The namespace of the event hub, as a name or as a host name; not used with a connection string.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('A connection string with SharedAccessKeyName, SharedAccessKey and EntityPath.'),
    token: z.string().optional().describe('A JSON web token that Azure issued; it is not renewed, so prefer workload identity.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'key',
    backlog: 'all',
    environment: [AUTHORITY],
  },
  send: sendEvent,
  examples: [
    {
      title: 'A connection string',
      spec: { type: 'azureeventhub', secretRef: { name: 'event-hub' } },
      secret: {
        address:
          'Endpoint=sb://fleet.servicebus.windows.net/;SharedAccessKeyName=tocsin;SharedAccessKey=cGxhY2Vob2xkZXI=;EntityPath=flux-events',
      },
      event: exampleEvent(),
    },
    {
      title: 'Workload identity',
      spec: { type: 'azureeventhub', address: 'flux-events', channel: 'fleet' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
