// PagerDuty, through the Events API v2: an incident per object, and a change event for what went well.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { isProgress } from '../../internal/sdk/git/status.ts';
import { stateLane } from '../../internal/sdk/lifecycle.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { parseServerAddress } from '../../internal/sdk/text/server-address.ts';
import { MAX_BODY_BYTES, MAX_SUMMARY_CHARS, toAlertEvent, toChangeEvent } from './payload.ts';

const NAME = 'PagerDuty endpoint';

export default defineProvider({
  type: 'pagerduty',
  title: 'PagerDuty',
  category: 'incident',
  summary: 'Triggers an incident for an object that fails, resolves it when it recovers, and records changes.',
  link: 'https://developer.pagerduty.com/docs/events-api-v2-overview',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('https://events.pagerduty.com or https://events.eu.pagerduty.com; a path is not used.'),
    channel: z.string().optional().describe('The integration key of the service, also called routing key.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The endpoint, when it must not stand in the Provider.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // https://developer.pagerduty.com/docs/send-alert-event for the sizes. PagerDuty names 120 events a minute and key in its
    // community, https://community.pagerduty.com/forum/t/which-rate-limit-of-rest-api-is-correct/3322, and answers 429 beyond.
    limits: { titleChars: MAX_SUMMARY_CHARS, bodyBytes: MAX_BODY_BYTES, ratePerSecond: 2 },
  },
  render: (input) => {
    const server = parseServerAddress(input.config.address);
    if ('fault' in server) throw new ConfigFault(`invalid ${NAME} URL: ${server.fault}`);
    const post = (path: string, body: string) =>
      postJson({ name: NAME, address: `${server.scheme}://${server.host}${path}`, headers: [], body });
    if (isProgress(input.event.reason)) return [];
    const alert = post('/v2/enqueue', toAlertEvent(input));
    return input.event.severity === 'info' ? [alert, post('/v2/change/enqueue', toChangeEvent(input))] : [alert];
  },
  lane: (input) => stateLane(input, isProgress(input.event.reason)),
  examples: [
    {
      title: 'A service with an Events API v2 integration',
      spec: { type: 'pagerduty', address: 'https://events.pagerduty.com', channel: '0123456789abcdef0123456789abcdef' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
