// OpenTelemetry traces over OTLP/HTTP with protobuf, written here so that they travel as every other request does.
import { z } from 'zod';
import { basic, bearer } from '../../internal/sdk/authorization.ts';
import { defineProvider } from '../../internal/sdk/define.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { ConfigFault, type ResolvedConfig } from '../../internal/sdk/provider.ts';
import { parseServerAddress } from '../../internal/sdk/text/server-address.ts';
import { readAnswer } from './answer.ts';
import { RESOURCE_VARIABLES } from './resource.ts';
import { toTraceExport } from './trace.ts';

const DEFAULT_PATH = '/v1/traces';
/** Flux makes no spans of what these report. */
const SKIPPED_KIND = 'HelmRepository';

export default defineProvider({
  type: 'otel',
  title: 'OpenTelemetry',
  category: 'observability',
  summary: 'Exports a span per event to an OpenTelemetry collector, one trace per Alert and revision.',
  link: 'https://opentelemetry.io/docs/specs/otlp/',
  since: '0.1.0',
  stability: 'stable',
  config: z.object({
    address: z.string().optional().describe(`The OTLP/HTTP endpoint; ${DEFAULT_PATH} is added when it has no path.`),
  }),
  secret: z.object({
    address: z.string().optional().describe('The endpoint, when it must not stand in the Provider.'),
    headers: z.string().optional().describe('A YAML map of further HTTP headers; an Authorization header wins over the other keys.'),
    token: z.string().optional().describe('Sent as a bearer token.'),
    username: z.string().optional().describe('The user name of basic authentication.'),
    password: z.string().optional().describe('The password of basic authentication.'),
  }),
  capabilities: {
    accepts: ['event'],
    idempotency: 'natural',
    backlog: 'all',
    environment: RESOURCE_VARIABLES,
    passwordAsToken: true,
  },
  render: (input) => {
    const url = toEndpoint(input.config);
    if (input.event.involvedObject.kind === SKIPPED_KIND) return [];
    return [{ method: 'POST', url, headers: toHeaders(input.config), body: toTraceExport(input) }];
  },
  interpret: readAnswer,
  examples: [
    {
      title: 'A collector in the cluster',
      spec: { type: 'otel', address: 'http://otel-collector.observability:4318/v1/traces' },
      event: exampleEvent(),
    },
    {
      title: 'A vendor with a token and a tenant',
      spec: { type: 'otel', address: 'https://otlp.example.com/v1/traces', secretRef: { name: 'otel' } },
      secret: { token: 'placeholder', headers: 'X-Scope-OrgID: platform\n' },
      event: exampleEvent(),
    },
  ],
});

/** Anything but https is plain HTTP; query and user info are not part of an endpoint. */
function toEndpoint({ address, hasTls }: ResolvedConfig): string {
  const server = parseServerAddress(address);
  if ('fault' in server) throw new ConfigFault(`invalid OTLP endpoint URL: ${server.fault}`);
  const isSecure = server.scheme === 'https';
  if (!isSecure && hasTls === true) throw new ConfigFault('insecure HTTP endpoint cannot use TLS client configuration');
  return `${isSecure ? 'https' : 'http'}://${server.host}${server.path === '' ? DEFAULT_PATH : server.path}`;
}

function toHeaders({ headers, password, token, username }: ResolvedConfig): HttpRequest['headers'] {
  const own = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-type');
  const isAuthorized = own.some(([name]) => name.toLowerCase() === 'authorization');
  return [['Content-Type', 'application/x-protobuf'], ...own, ...(isAuthorized ? [] : authorization({ username, password, token }))];
}

function authorization({ password, token, username }: Pick<ResolvedConfig, 'username' | 'password' | 'token'>): HttpRequest['headers'] {
  if (username !== '' && password !== '') return [basic({ username, password })];
  return token === '' ? [] : [bearer(token)];
}
