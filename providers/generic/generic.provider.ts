// The generic webhook: the event itself, for programs that know Flux's event JSON.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toWebhookRequest } from './payload.ts';

export default defineProvider({
  type: 'generic',
  title: 'Generic webhook',
  category: 'webhook',
  summary: 'Posts the event as JSON to any HTTP address.',
  link: 'https://fluxcd.io/flux/components/notification/providers/#generic-webhook',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address that the event is posted to.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address, when it must not stand in the Provider.'),
    headers: z.string().optional().describe('A YAML map of further HTTP headers, which replace the ones that Tocsin sets.'),
  }),
  capabilities: {
    accepts: ['event'],
    commitStatusUpdates: true,
    idempotency: 'key',
    backlog: 'all',
  },
  render: (input) => [toWebhookRequest(input)],
  examples: [
    {
      title: 'A webhook with its own headers',
      spec: { type: 'generic', address: 'https://hooks.example.com/flux', secretRef: { name: 'webhook' } },
      secret: { headers: 'X-Team: platform\n' },
      event: exampleEvent(),
    },
  ],
});
