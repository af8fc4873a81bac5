// Rocket.Chat, by an incoming webhook.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { readAnswer } from './answer.ts';
import { MAX_TEXT_CHARS, toPayload } from './payload.ts';

export default defineProvider({
  type: 'rocket',
  title: 'Rocket.Chat',
  category: 'chat',
  summary: 'Posts a message to a Rocket.Chat channel through an incoming webhook.',
  link: 'https://docs.rocket.chat/docs/integrations',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The incoming webhook.'),
    channel: z.string().optional().describe('The channel; the one of the webhook when it is empty.'),
    username: z.string().optional().describe('The name to post under; the one of the webhook when it is empty.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The incoming webhook, which is a credential and belongs here.'),
    username: z.string().optional().describe('The name to post under; it has to stand beside a password.'),
    password: z.string().optional().describe('Not used by Rocket.Chat; a user name is read only beside a password.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // The rate is a setting of each server and not documented for webhooks; what a server asks for is honoured.
    limits: { bodyChars: MAX_TEXT_CHARS },
  },
  render: (input) => [postJson({ name: 'Rocket hook', address: input.config.address, headers: [], body: toPayload(input) })],
  interpret: readAnswer,
  examples: [
    {
      title: 'An incoming webhook',
      spec: { type: 'rocket', channel: '#deployments', username: 'flux', secretRef: { name: 'rocket-webhook' } },
      secret: { address: 'https://chat.example.com/hooks/000000000000/placeholder' },
      event: exampleEvent(),
    },
  ],
});
