// Webex, by its messages API.
import { z } from 'zod';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { bearer } from '../../internal/sdk/authorization.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { MAX_MARKDOWN_BYTES, toPayload } from './payload.ts';

export default defineProvider({
  type: 'webex',
  title: 'Webex',
  category: 'chat',
  summary: 'Posts a message to a Webex room as a bot.',
  link: 'https://developer.webex.com/docs/api/v1/messages/create-a-message',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The messages API, https://webexapis.com/v1/messages.'),
    channel: z.string().optional().describe('The id of the room.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The messages API, when it must not stand in the Provider.'),
    token: z.string().optional().describe('The access token of the bot, sent as a bearer token.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // Bytes, so that there are never more characters. The rate is not documented: Webex says with each 429 how long to wait.
    limits: { bodyChars: MAX_MARKDOWN_BYTES },
  },
  render: (input) => {
    const { address, token } = input.config;
    return [postJson({ name: 'Webex hook', address, headers: [bearer(token)], body: toPayload(input) })];
  },
  // https://developer.webex.com/docs/api/v1/rooms/get-room-details
  check: async (context, { address, channel, token }) => {
    const [, api] = /^(.*)\/messages\/?$/.exec(address) ?? [];
    if (api === undefined || channel === '') return undefined;
    const headers = [['Authorization', `Bearer ${token}`]] as const;
    const note = 'the token is good and the bot is in the room';
    return await tryCredentials(context, { vendor: 'Webex', address: `${api}/rooms/${encodeURIComponent(channel)}`, headers, note });
  },
  examples: [
    {
      title: 'A bot in a room',
      spec: {
        type: 'webex',
        address: 'https://webexapis.com/v1/messages',
        channel: 'Y2lzY29zcGFyazovL3VzL1JPT00vcGxhY2Vob2xkZXI',
        secretRef: { name: 'webex-bot' },
      },
      secret: { token: 'placeholder' },
      event: exampleEvent(),
    },
  ],
});
