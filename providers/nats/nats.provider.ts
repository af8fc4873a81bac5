// NATS: the event itself on a subject, for programs that know Flux's event JSON.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { publish } from './publish.ts';

export default defineProvider({
  type: 'nats',
  title: 'NATS',
  category: 'queue',
  summary: 'Publishes the event as JSON on a NATS subject.',
  link: 'https://docs.nats.io/reference/reference-protocols/nats-protocol',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The server, or several with commas between them; tls:// insists on TLS.'),
    channel: z.string().optional().describe('The subject to publish on.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The server, when its address holds a credential.'),
    creds: z.string().optional().describe('A credentials file as nsc writes it: a JWT and the seed that signs for it.'),
    nkey: z.string().optional().describe('The seed of an nkey, used when there are no creds.'),
    username: z.string().optional().describe('The user name, used when there is no key; it has to stand beside a password.'),
    password: z.string().optional().describe('The password of the user.'),
  }),
  capabilities: {
    accepts: ['event'],
    // Core NATS knows no repeats; a message id would change what Flux's subscribers receive.
    idempotency: 'none',
    backlog: 'all',
    transport: 'session',
  },
  send: publish,
  examples: [
    {
      title: 'A server without login',
      spec: { type: 'nats', address: 'nats://nats.messaging.svc:4222', channel: 'flux.events' },
      event: exampleEvent(),
    },
    {
      title: 'User name and password, over TLS',
      spec: { type: 'nats', address: 'tls://nats.example.com:4222', channel: 'flux.events', secretRef: { name: 'nats' } },
      secret: { username: 'flux', password: 'placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
