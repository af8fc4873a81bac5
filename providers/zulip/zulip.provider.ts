// Zulip, by its REST API.
import { z } from 'zod';
import { basic } from '../../internal/sdk/authorization.ts';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import type { ResolvedConfig } from '../../internal/sdk/provider.ts';
import { readAnswer } from './answer.ts';
import { MAX_CONTENT_CHARS, toForm } from './payload.ts';

export default defineProvider({
  type: 'zulip',
  title: 'Zulip',
  category: 'chat',
  summary: 'Sends a message to a topic of a Zulip channel, as a bot.',
  link: 'https://zulip.com/api/send-message',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the Zulip organisation.'),
    channel: z.string().describe('The channel, a slash and the topic, as in deployments/flux.'),
    username: z.string().optional().describe('The e-mail address of the bot; it has no effect without a password in the Secret.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address of the organisation, when it must not stand in the Provider.'),
    username: z.string().optional().describe('The e-mail address of the bot.'),
    password: z.string().optional().describe('The API key of the bot.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // https://zulip.readthedocs.io/en/stable/production/securing-your-zulip-server.html: 200 API requests in a minute.
    limits: { bodyChars: MAX_CONTENT_CHARS, ratePerSecond: 3.33 },
  },
  render: (input) => {
    const address = withoutFragment(input.config.address);
    const headers = [['Content-Type', 'application/x-www-form-urlencoded'] as const, ...authorization(input.config)];
    const request = postJson({ name: 'Zulip endpoint', address, headers, body: '' });
    return [{ ...request, url: endpoint(address, 'messages'), body: toForm(input) }];
  },
  interpret: readAnswer,
  // https://zulip.com/api/get-own-user
  check: async (context, config) =>
    await tryCredentials(context, {
      vendor: 'Zulip',
      address: endpoint(withoutFragment(config.address), 'users/me'),
      headers: authorization(config),
      note: 'the API key is good; whether the bot may write to the channel shows with the first message',
      interpret: readAnswer,
    }),
  examples: [
    {
      title: 'A bot in a channel',
      spec: { type: 'zulip', address: 'https://example.zulipchat.com', channel: 'deployments/flux', secretRef: { name: 'zulip-bot' } },
      secret: { username: 'flux-bot@example.zulipchat.com', password: 'placeholder' },
      event: exampleEvent(),
    },
  ],
});

/** Here a fragment may stand behind the host, unlike in most addresses. */
function withoutFragment(address: string): string {
  return address.replace(/#[^]*$/, '');
}

/** The path is replaced whatever it was; the query stays. */
function endpoint(address: string, resource: string): string {
  return address.replace(/^([a-z]+:\/\/[^/?#]*)[^?#]*/i, `$1/api/v1/${resource}`);
}

function authorization({ username, password }: ResolvedConfig): HttpRequest['headers'] {
  return username === '' && password === '' ? [] : [basic({ username, password })];
}
