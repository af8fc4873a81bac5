// Telegram, by its bot API.
import { z } from 'zod';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { readAnswer } from './answer.ts';
import { MAX_TEXT_CHARS, toPayload } from './payload.ts';

const API_ADDRESS = 'https://api.telegram.org';

export default defineProvider({
  type: 'telegram',
  title: 'Telegram',
  category: 'chat',
  summary: 'Sends a message to a Telegram chat or to a topic of it, as a bot.',
  link: 'https://core.telegram.org/bots/api#sendmessage',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    channel: z.string().describe('The id of the chat, or @ and its name; after a colon the id of a topic.'),
  }),
  secret: z.object({
    token: z.string().describe('The token of the bot, as BotFather gave it.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: 20 in a minute for a group.
    limits: { bodyChars: MAX_TEXT_CHARS, ratePerSecond: 0.33 },
  },
  render: (input) => {
    const { channel, token } = input.config;
    if (channel === '') throw new ConfigFault('empty Telegram channel');
    return [postJson({ name: 'Telegram', address: methodAddress(token, 'sendMessage'), headers: [], body: toPayload(input) })];
  },
  interpret: readAnswer,
  // https://core.telegram.org/bots/api#getchat
  check: async (context, { channel, token }) => {
    if (channel === '') throw new ConfigFault('empty Telegram channel');
    const [chat = ''] = channel.split(':');
    const address = `${methodAddress(token, 'getChat')}?${new URLSearchParams({ chat_id: chat }).toString()}`;
    const note = 'the token is good and the bot knows the chat; whether it may write there shows with the first message';
    return await tryCredentials(context, { vendor: 'Telegram', address, headers: [], note, interpret: readAnswer });
  },
  examples: [
    {
      title: 'A bot in a group',
      spec: { type: 'telegram', channel: '-1001234567890', secretRef: { name: 'telegram-bot' } },
      secret: { token: '123456789:placeholder' },
      event: exampleEvent(),
    },
    {
      title: 'A topic of a group',
      spec: { type: 'telegram', channel: '-1001234567890:17', secretRef: { name: 'telegram-bot' } },
      secret: { token: '123456789:placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});

function methodAddress(token: string, method: string): string {
  if (token === '') throw new ConfigFault('empty Telegram token');
  // The token is part of the address: whatever ends a path would send the rest of it elsewhere.
  if (/[^\x21-\x7e]|[/\\?#%]/.test(token)) throw new ConfigFault('the Telegram token holds a character that no token has');
  return `${API_ADDRESS}/bot${token}/${method}`;
}
