// Grafana annotations, so that a dashboard shows what was deployed when.
import { z } from 'zod';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { annotate, authorization } from './annotate.ts';

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
    idempotency: 'none',
    // Grafana puts an annotation where it arrives, so late ones would tell of a past that was not.
    backlog: 'latest',
  },
  send: annotate,
  // https://grafana.com/docs/grafana/latest/developers/http_api/annotations/#find-annotations
  check: async (context, config) => {
    const [, path = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(config.address) ?? [];
    return await tryCredentials(context, {
      vendor: 'Grafana',
      address: `${path}${query === '' ? '?' : `${query}&`}limit=1`,
      headers: authorization(config),
      note: 'annotations can be read; whether they may be created shows with the first one',
    });
  },
  examples: [
    {
      title: 'A service account',
      spec: { type: 'grafana', address: 'https://grafana.example.com/api/annotations', secretRef: { name: 'grafana' } },
      secret: { token: 'glsa_placeholder' },
      event: exampleEvent(),
    },
  ],
});
