// Lark and Feishu, by the webhook of a custom bot.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { readAnswer } from './answer.ts';
import { MAX_BODY_BYTES, toPayload } from './payload.ts';

export default defineProvider({
  type: 'lark',
  title: 'Lark',
  category: 'chat',
  summary: 'Posts a card to a Lark or Feishu group through the webhook of a custom bot.',
  link: 'https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The webhook of the custom bot.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The webhook, which is a credential and belongs here.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // The page above: 5 in a second, but no more than 100 in a minute.
    limits: { bodyBytes: MAX_BODY_BYTES, ratePerSecond: 1.66 },
  },
  render: (input) => [postJson({ name: 'Lark hook', address: input.config.address, headers: [], body: toPayload(input) })],
  interpret: readAnswer,
  examples: [
    {
      title: 'A custom bot',
      spec: { type: 'lark', secretRef: { name: 'lark-webhook' } },
      secret: { address: 'https://open.larksuite.com/open-apis/bot/v2/hook/placeholder' },
      event: exampleEvent(),
    },
  ],
});
