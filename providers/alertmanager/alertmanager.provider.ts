// Prometheus Alertmanager, through its API v2.
import { z } from 'zod';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { basic, bearer } from '../../internal/sdk/authorization.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { stateLane, turnOf, wantsResolution } from '../../internal/sdk/lifecycle.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import type { RenderInput, ResolvedConfig } from '../../internal/sdk/provider.ts';
import { pageInstead } from '../../internal/sdk/vendor-outcome.ts';
import { toFiringAlert, toLastingAlert } from './payload.ts';

export default defineProvider({
  type: 'alertmanager',
  title: 'Alertmanager',
  category: 'observability',
  summary: 'Posts an alert to Prometheus Alertmanager, and its end on recovery if wanted.',
  link: 'https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe('The alerts API, such as http://alertmanager.monitoring:9093/api/v2/alerts/.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The alerts API, when it must not stand in the Provider.'),
    token: z.string().optional().describe('Sent as a bearer token.'),
    username: z.string().optional().describe('The user name of basic authentication, which wins over the token.'),
    password: z.string().optional().describe('The password of basic authentication.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'natural',
    backlog: 'latest',
  },
  render: (input) => {
    const { address } = input.config;
    return bodies(input).map((body) => postJson({ name: 'Alertmanager', address, headers: authorization(input.config), body }));
  },
  // https://prometheus.io/docs/alerting/latest/clients/: beside the alerts of the API stands its status.
  check: async (context, config) => {
    const [, api] = /^(.*\/api\/v2)\/alerts\/?$/.exec(config.address) ?? [];
    if (api === undefined) return undefined;
    const note = 'the Alertmanager is ready for alerts';
    return await tryCredentials(context, { vendor: 'Alertmanager', address: `${api}/status`, headers: authorization(config), note });
  },
  interpret: (response) => pageInstead('Alertmanager', response),
  lane: (input) => (wantsResolution(input) ? stateLane(input, turnOf(input.event) === 'unfinished') : undefined),
  examples: [
    {
      title: 'An Alertmanager in the cluster',
      spec: { type: 'alertmanager', address: 'http://alertmanager.monitoring:9093/api/v2/alerts/' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
    {
      title: 'An Alertmanager that asks for credentials',
      spec: { type: 'alertmanager', address: 'https://alertmanager.example.com/api/v2/alerts/', secretRef: { name: 'alertmanager' } },
      secret: { username: 'tocsin', password: 'placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'BuildFailed', message: 'kustomize build failed' }),
    },
  ],
});

function bodies(input: RenderInput): readonly string[] {
  if (!wantsResolution(input.config)) return [toFiringAlert(input)];
  return turnOf(input.event) === 'unfinished' ? [] : [toLastingAlert(input)];
}

function authorization({ username, password, token }: ResolvedConfig): HttpRequest['headers'] {
  if (username !== '' && password !== '') return [basic({ username, password })];
  return token === '' ? [] : [bearer(token)];
}
