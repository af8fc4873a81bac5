// Google Chat, by the webhook of a space.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { MAX_BODY_BYTES, MAX_TEXT_CHARS, toPayload } from './payload.ts';

export default defineProvider({
  type: 'googlechat',
  title: 'Google Chat',
  category: 'chat',
  summary: 'Posts a card to a Google Chat space through a webhook.',
  link: 'https://developers.google.com/workspace/chat/quickstart/webhooks',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The webhook of the space.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The webhook, which holds a key and a token and belongs here.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // https://developers.google.com/workspace/chat/limits: 60 writes in a minute, shared by all that post to the space.
    limits: { bodyChars: MAX_TEXT_CHARS, bodyBytes: MAX_BODY_BYTES, ratePerSecond: 1 },
  },
  render: (input) => [postJson({ name: 'Google Chat hook', address: input.config.address, headers: [], body: toPayload(input) })],
  examples: [
    {
      title: 'The webhook of a space',
      spec: { type: 'googlechat', secretRef: { name: 'chat-webhook' } },
      secret: { address: 'https://chat.googleapis.com/v1/spaces/AAAAAAAAAAA/messages?key=placeholder&token=placeholder' },
      event: exampleEvent(),
    },
  ],
});
