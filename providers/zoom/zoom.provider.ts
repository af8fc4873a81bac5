// Zoom Team Chat, by the Incoming Webhook app.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { readAnswer } from './answer.ts';
import { fullFormat } from './full-format.ts';
import { MAX_TEXT_CHARS, toPayload } from './payload.ts';

export default defineProvider({
  type: 'zoom',
  title: 'Zoom Team Chat',
  category: 'chat',
  summary: 'Posts a message to a Zoom Team Chat channel through the Incoming Webhook app.',
  link: 'https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0067640',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The endpoint that the app gave; format=full is added to its query.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The endpoint, when it must not stand in the Provider.'),
    token: z.string().describe('The verification token that the app gave.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // Zoom documents no rate for these webhooks; what a 429 asks for is honoured.
    limits: { bodyChars: MAX_TEXT_CHARS },
  },
  render: (input) => {
    const { address, token } = input.config;
    const request = postJson({ name: 'Zoom incoming webhook', address, headers: [['Authorization', token]], body: toPayload(input) });
    if (token === '') throw new ConfigFault('empty Zoom verification token');
    return [{ ...request, url: fullFormat(address) }];
  },
  interpret: readAnswer,
  examples: [
    {
      title: 'The Incoming Webhook app',
      spec: {
        type: 'zoom',
        address: 'https://integrations.zoom.us/chat/webhooks/incomingwebhook/placeholder',
        secretRef: { name: 'zoom-webhook' },
      },
      secret: { token: 'placeholder' },
      event: exampleEvent(),
    },
  ],
});
