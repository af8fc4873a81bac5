// Slack, by incoming webhook or by chat.postMessage; also for services that take Slack's webhook format.
import { z } from 'zod';
import { bearer } from '../../internal/sdk/authorization.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { readApiAnswer } from './answer.ts';
import { checkToken } from './check.ts';
import { MAX_TEXT_CHARS, toPayload } from './payload.ts';

/** Any other address, even one that differs by a slash, is treated as an incoming webhook. */
const API_ADDRESS = 'https://slack.com/api/chat.postMessage';

export default defineProvider({
  type: 'slack',
  title: 'Slack',
  category: 'chat',
  summary: 'Posts a message to a Slack channel, through an incoming webhook or as a bot.',
  link: 'https://docs.slack.dev/reference/methods/chat.postMessage',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe(`The incoming webhook, or ${API_ADDRESS} to post as a bot.`),
    channel: z.string().optional().describe('The channel; an incoming webhook may ignore it.'),
    username: z.string().optional().describe('The name to post under; the reporting controller when it is empty.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The incoming webhook, which is a credential and belongs here.'),
    token: z.string().optional().describe('The token of the bot, sent as a bearer token.'),
    username: z.string().optional().describe('The name to post under; it has to stand beside a password.'),
    password: z.string().optional().describe('Not used by Slack; a user name is read only beside a password.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // https://docs.slack.dev/apis/web-api/rate-limits: one message per second and channel, for webhooks as well.
    limits: { bodyChars: MAX_TEXT_CHARS, ratePerSecond: 1 },
  },
  render: (input) => {
    const { address, token } = input.config;
    const headers = token === '' ? [] : [bearer(token)];
    return [postJson({ name: 'Slack hook', address, headers, body: toPayload(input) })];
  },
  interpret: (response, request) => (request.url === API_ADDRESS ? readApiAnswer(response) : undefined),
  // An incoming webhook takes nothing but messages.
  check: async (context, { address, token }) => (address === API_ADDRESS ? checkToken(context, token) : undefined),
  examples: [
    {
      title: 'An incoming webhook',
      spec: { type: 'slack', channel: 'deployments', secretRef: { name: 'slack-webhook' } },
      secret: { address: 'https://hooks.slack.com/services/T000/B000/placeholder' },
      event: exampleEvent(),
    },
    {
      title: 'A bot',
      spec: { type: 'slack', address: API_ADDRESS, channel: 'deployments', secretRef: { name: 'slack-bot' } },
      secret: { token: 'xoxb-placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
