// Discord, by a webhook's endpoint for messages in Slack's format.
import { z } from 'zod';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { readAnswer } from './answer.ts';
import { MAX_AUTHOR_CHARS, MAX_TEXT_CHARS, toPayload } from './payload.ts';
import { slackEndpoint } from './slack-endpoint.ts';

export default defineProvider({
  type: 'discord',
  title: 'Discord',
  category: 'chat',
  summary: 'Posts a message to a Discord channel through a webhook.',
  link: 'https://docs.discord.com/developers/resources/webhook#execute-slackcompatible-webhook',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The webhook, with or without /slack at its end.'),
    username: z.string().optional().describe('The name to post under; the reporting controller when it is empty.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The webhook, which is a credential and belongs here.'),
    username: z.string().optional().describe('The name to post under; it has to stand beside a password.'),
    password: z.string().optional().describe('Not used by Discord; a user name is read only beside a password.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // https://github.com/discord/discord-api-docs/issues/367: 5 in 2 seconds for a webhook, and 30 in a minute for its channel.
    limits: { titleChars: MAX_AUTHOR_CHARS, bodyChars: MAX_TEXT_CHARS, ratePerSecond: 0.5 },
  },
  render: (input) => {
    const request = postJson({ name: 'Discord hook', address: input.config.address, headers: [], body: toPayload(input) });
    return [{ ...request, url: slackEndpoint(request.url) }];
  },
  interpret: readAnswer,
  // https://docs.discord.com/developers/resources/webhook#get-webhook-with-token
  check: async (context, { address }) =>
    await tryCredentials(context, {
      vendor: 'Discord',
      address: address.replace(/\/(?:slack\/?)?(?=$|\?)/, ''),
      headers: [],
      note: 'the webhook is there',
      interpret: readAnswer,
    }),
  examples: [
    {
      title: 'A webhook',
      spec: { type: 'discord', username: 'flux', secretRef: { name: 'discord-webhook' } },
      secret: { address: 'https://discord.com/api/webhooks/000000000000000000/placeholder' },
      event: exampleEvent(),
    },
  ],
});
