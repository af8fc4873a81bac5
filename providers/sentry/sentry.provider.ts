// Sentry and what takes its envelopes: one POST, without Sentry's client, so that proxy, certificates and outcomes hold here too.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { parseDsn } from './dsn.ts';
import { CLIENT, ENVIRONMENT, MAX_EVENT_BYTES, MAX_FIELD_CHARS, toEnvelope } from './envelope.ts';

export default defineProvider({
  type: 'sentry',
  title: 'Sentry',
  category: 'observability',
  summary: 'Sends failures as events and everything else as transactions to a Sentry project.',
  link: 'https://develop.sentry.dev/sdk/foundations/transport/envelopes/',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The DSN of the project, such as https://key@o0.ingest.sentry.io/0.'),
    channel: z.string().optional().describe('The environment that events are shown under; what SENTRY_ENVIRONMENT says when it is empty.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The DSN, which holds a key and belongs here.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'natural',
    backlog: 'all',
    environment: [ENVIRONMENT],
    limits: { titleChars: MAX_FIELD_CHARS, bodyBytes: MAX_EVENT_BYTES },
  },
  render: (input) => {
    const { envelopeUrl, publicKey, secretKey, text } = parseDsn(input.config.address);
    const parts = ['Sentry sentry_version=7', `sentry_client=${CLIENT}`, `sentry_key=${publicKey}`];
    if (secretKey !== '') parts.push(`sentry_secret=${secretKey}`);
    const headers = [
      ['Content-Type', 'application/x-sentry-envelope'],
      ['X-Sentry-Auth', parts.join(', ')],
    ] as const;
    return [{ method: 'POST', url: envelopeUrl, headers, body: toEnvelope(input, text) }];
  },
  examples: [
    {
      title: 'A project',
      spec: { type: 'sentry', channel: 'production', secretRef: { name: 'sentry' } },
      secret: { address: 'https://placeholder@o0.ingest.sentry.io/0' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});
