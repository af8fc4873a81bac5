// Microsoft Teams, by a workflow that takes Adaptive Cards or by a connector of the retired kind.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { readAnswer } from './answer.ts';
import { MAX_BODY_BYTES, toPayload } from './payload.ts';

export default defineProvider({
  type: 'msteams',
  title: 'Microsoft Teams',
  category: 'chat',
  summary: 'Posts a card to a Microsoft Teams channel through a workflow or a connector.',
  link: 'https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The webhook of the workflow or of the connector.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The webhook, which is a credential and belongs here.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'none',
    backlog: 'latest',
    // The page above, "Rate limiting for connectors": 4 in a second, but no more than 60 in 30 seconds.
    limits: { bodyBytes: MAX_BODY_BYTES, ratePerSecond: 2 },
  },
  render: (input) => [postJson({ name: 'MS Teams webhook', address: input.config.address, headers: [], body: toPayload(input) })],
  interpret: readAnswer,
  examples: [
    {
      title: 'A workflow',
      spec: { type: 'msteams', secretRef: { name: 'teams-webhook' } },
      secret: { address: 'https://prod-00.westus.logic.azure.com:443/workflows/placeholder/triggers/manual/paths/invoke' },
      event: exampleEvent(),
    },
    {
      title: 'A connector',
      spec: { type: 'msteams', secretRef: { name: 'teams-webhook' } },
      secret: { address: 'https://example.webhook.office.com/webhookb2/placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
