// The generic webhook with a signature, so that the receiver can tell our events from anybody else's.
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { toWebhookRequest } from './payload.ts';

export default defineProvider({
  type: 'generic-hmac',
  title: 'Generic webhook with HMAC',
  category: 'webhook',
  summary: 'Posts the event as JSON to any HTTP address, signed with a shared key.',
  link: 'https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address that the event is posted to.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address, when it must not stand in the Provider.'),
    token: z.string().describe('The key of the signature, any bytes, used as they are, blanks and line ends included.'),
    headers: z.string().optional().describe('A YAML map of further HTTP headers, which replace the ones that Tocsin sets.'),
  }),
  capabilities: {
    accepts: ['event'],
    commitStatusUpdates: true,
    idempotency: 'key',
    backlog: 'all',
  },
  render: (input) => {
    const { token, tokenBytes = token } = input.config;
    if (token === '') throw new ConfigFault('HMAC key is empty');
    return [toWebhookRequest(input, (body) => [['X-Signature', signature(body, tokenBytes)]])];
  },
  examples: [
    {
      title: 'A signed webhook',
      spec: { type: 'generic-hmac', address: 'https://hooks.example.com/flux', secretRef: { name: 'webhook-key' } },
      secret: { token: 'a-long-random-key' },
      event: exampleEvent(),
    },
  ],
});

function signature(body: string, key: string | Uint8Array): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
}
