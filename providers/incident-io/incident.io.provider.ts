// incident.io, through an HTTP alert source.
import { z } from 'zod';
import { bearer } from '../../internal/sdk/authorization.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { isProgress } from '../../internal/sdk/git/status.ts';
import { stateLane } from '../../internal/sdk/lifecycle.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { MAX_BODY_BYTES, toAlertEvent } from './payload.ts';

export default defineProvider({
  type: 'incident.io',
  title: 'incident.io',
  category: 'incident',
  summary: 'Fires an alert for an object that fails and resolves it when the object recovers.',
  link: 'https://docs.incident.io/api-reference/alert-events-v2/create',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The address of the HTTP alert source, https://api.incident.io/v2/alert_events/http/<id>.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The address of the alert source, when it must not stand in the Provider.'),
    token: z.string().describe('The token of the alert source.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'natural',
    backlog: 'latest',
    // https://docs.incident.io/api-reference/introduction#rate-limits: 1,200 requests a minute and key.
    limits: { bodyBytes: MAX_BODY_BYTES, ratePerSecond: 20 },
  },
  render: (input) => {
    const { address, token } = input.config;
    if (token === '') throw new ConfigFault('empty incident.io API token');
    const request = postJson({ name: 'incident.io alert source', address, headers: [bearer(token)], body: toAlertEvent(input) });
    return isProgress(input.event.reason) ? [] : [request];
  },
  lane: (input) => stateLane(input, isProgress(input.event.reason)),
  examples: [
    {
      title: 'An HTTP alert source',
      spec: {
        type: 'incident.io',
        address: 'https://api.incident.io/v2/alert_events/http/01GW2G3V0S59R238FAHPDS1R66',
        secretRef: { name: 'incident-io' },
      },
      secret: { token: 'placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
