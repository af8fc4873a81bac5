// Datadog events, through the events API v1.
import { z } from 'zod';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { parseServerAddress } from '../../internal/sdk/text/server-address.ts';
import { MAX_TEXT_CHARS, MAX_TITLE_CHARS, toDatadogEvent } from './payload.ts';

const DEFAULT_SERVER = 'https://api.datadoghq.com';

export default defineProvider({
  type: 'datadog',
  title: 'Datadog',
  category: 'observability',
  summary: 'Posts an event to the event stream of Datadog, tagged with the object and its metadata.',
  link: 'https://docs.datadoghq.com/api/latest/events/#post-an-event',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe(`The API of the Datadog site, ${DEFAULT_SERVER} when it is empty; a path is not used.`),
  }),
  secret: z.object({
    address: z.string().optional().describe('The API of the Datadog site, when it must not stand in the Provider.'),
    token: z.string().describe('The API key.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'all',
    // https://docs.datadoghq.com/api/latest/rate-limits/: 250,000 events a minute and organisation.
    limits: { titleChars: MAX_TITLE_CHARS, bodyChars: MAX_TEXT_CHARS, ratePerSecond: 4_000 },
  },
  render: (input) => {
    const { address, token } = input.config;
    if (token === '') throw new ConfigFault('token cannot be empty');
    const headers = [
      ['Accept', 'application/json'],
      ['DD-API-KEY', token],
    ] as const;
    return [postJson({ name: 'Datadog', address: `${serverOf(address)}/api/v1/events`, headers, body: toDatadogEvent(input) })];
  },
  // Datadog says in JSON that it took an event; a page with status 200 is from something that stands before it. No text at
  // all is no page: to send once more would show the event twice.
  interpret: (response) => {
    const isSuccess = response.status >= 200 && response.status < 300;
    if (!isSuccess || response.body.length === 0 || jsonAnswer(response) !== undefined) return undefined;
    return { kind: 'retry', reason: 'server', message: `Datadog answered ${response.status} without its JSON` };
  },
  // https://docs.datadoghq.com/api/latest/authentication/#validate-api-key
  check: async (context, { address, token }) => {
    if (token === '') throw new ConfigFault('token cannot be empty');
    const headers = [['Accept', 'application/json'] as const, ['DD-API-KEY', token] as const];
    return await tryCredentials(context, {
      vendor: 'Datadog',
      address: `${serverOf(address)}/api/v1/validate`,
      headers,
      note: 'the API key is good',
    });
  },
  examples: [
    {
      title: 'The site datadoghq.eu',
      spec: { type: 'datadog', address: 'https://api.datadoghq.eu', secretRef: { name: 'datadog' } },
      secret: { token: 'placeholder' },
      event: exampleEvent(),
    },
  ],
});

function serverOf(address: string): string {
  if (address === '') return DEFAULT_SERVER;
  // A fragment may stand anywhere, also right behind the host.
  const server = parseServerAddress(address.replace(/#[^]*$/, ''));
  if ('fault' in server) throw new ConfigFault(`failed to parse address: ${server.fault}`);
  return `${server.scheme}://${server.host}`;
}
