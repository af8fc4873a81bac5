// Opsgenie, and the alert API that Jira Service Management took over from it.
import { z } from 'zod';
import { tryCredentials } from '../../internal/sdk/credential-trial.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { stateLane, turnOf, wantsResolution } from '../../internal/sdk/lifecycle.ts';
import { postJson } from '../../internal/sdk/post-json.ts';
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import { isCloseUrl, MAX_DESCRIPTION_CHARS, MAX_MESSAGE_CHARS, toAlert, toClosing, toCloseUrl } from './payload.ts';

export default defineProvider({
  type: 'opsgenie',
  title: 'Opsgenie',
  category: 'incident',
  summary: 'Opens an alert in Opsgenie or Jira Service Management, and closes it on recovery if wanted.',
  link: 'https://docs.opsgenie.com/docs/alert-api',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z
      .string()
      .optional()
      .describe('The alert API, such as https://api.opsgenie.com/v2/alerts or https://api.eu.opsgenie.com/v2/alerts.'),
  }),
  secret: z.object({
    address: z.string().optional().describe('The alert API, when it must not stand in the Provider.'),
    token: z.string().describe('The key of an API integration.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'natural',
    backlog: 'latest',
    // https://docs.opsgenie.com/docs/alerts-and-alert-fields; the rate depends on the plan, its refusals say how long to wait.
    limits: { titleChars: MAX_MESSAGE_CHARS, bodyChars: MAX_DESCRIPTION_CHARS },
  },
  render: (input) => {
    const { address, token } = input.config;
    if (token === '') throw new ConfigFault('empty Opsgenie apikey/token');
    const post = (url: string, body: string) =>
      postJson({ name: 'Opsgenie hook', address: url, headers: [['Authorization', `GenieKey ${token}`]], body });
    const alert = post(address, toAlert(input));
    return wantsResolution(input.config) ? resolving(input, alert, () => post(toCloseUrl(input), toClosing(input))) : [alert];
  },
  // What is not open cannot be closed, and that is what a recovery asks for.
  interpret: (response, request) =>
    response.status === 404 && isCloseUrl(request.url) ? { kind: 'delivered', note: 'no alert was open' } : undefined,
  // https://docs.opsgenie.com/docs/alert-api#count-alerts
  check: async (context, { address, token }) => {
    if (token === '') throw new ConfigFault('empty Opsgenie apikey/token');
    if (!/^https:\/\/api\.(?:eu\.)?opsgenie\.com\/v2\/alerts\/?$/.test(address)) return undefined;
    return await tryCredentials(context, {
      vendor: 'Opsgenie',
      address: `${address.replace(/\/$/, '')}/count`,
      headers: [['Authorization', `GenieKey ${token}`]],
      note: 'the key is good',
      // A key that may only create alerts is known all the same.
      interpret: ({ status }) => (status === 403 ? { kind: 'delivered', note: 'the key is known' } : undefined),
    });
  },
  lane: (input) => (wantsResolution(input) ? stateLane(input, turnOf(input.event) === 'unfinished') : undefined),
  examples: [
    {
      title: 'An API integration',
      spec: { type: 'opsgenie', address: 'https://api.opsgenie.com/v2/alerts', secretRef: { name: 'opsgenie' } },
      secret: { token: 'placeholder' },
      event: exampleEvent({ severity: 'error', reason: 'HealthCheckFailed', message: 'timeout waiting for Deployment/apps/webapp' }),
    },
  ],
});

function resolving<Request>({ event }: RenderInput, alert: Request, close: () => Request): readonly Request[] {
  const turn = turnOf(event);
  if (turn === 'failed') return [alert];
  return turn === 'recovered' ? [close()] : [];
}
