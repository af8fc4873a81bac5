// Grafana annotations, so that a dashboard shows what was deployed when.
import { z } from 'zod';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { annotate } from './annotate.ts';

export default defineProvider({
  type: 'grafana',
  title: 'Grafana',
  category: 'observability',
  summary: 'Writes an annotation, tagged with the object and its metadata, for all dashboards of a Grafana organisation.',
  link: 'https://grafana.com/docs/grafana/latest/developers/http_api/annotations/',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The annotations API, such as https://grafana.example.com/api/annotations.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The annotations API, when it must not stand in the Provider.'),
    token: z.string().optional().describe('The token of a service account that may create annotations.'),
    username: z.string().optional().describe('The user name of basic authentication, used without a token.'),
    password: z.string().optional().describe('The password of basic authentication.'),
  }),
  capabilities: {
    accepts: ['event'],
    commitStatusUpdates: false,
    idempotency: 'none',
    // Grafana puts an annotation where it arrives, so late ones would tell of a past that was not.
    backlog: 'latest',
    tlsFromSecret: false,
    passwordAsToken: false,
  },
  send: annotate,
  examples: [
    {
      title: 'A service account',
      spec: { type: 'grafana', address: 'https://grafana.example.com/api/annotations', secretRef: { name: 'grafana' } },
      secret: { token: 'glsa_placeholder' },
      event: exampleEvent(),
    },
  ],
});
