// Previews of every type of the catalog: something is shown, nothing is sent, no secret is in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { toRef, toTestEvent, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import { catalog } from '../catalog/catalog.ts';
import { compileExpression } from '../expr/cel.ts';
import type { ProviderExample } from '../sdk/provider.ts';
import { ConfigFault, type ProviderDefinition } from '../sdk/provider.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import { previewMessage, type PreviewTools } from './preview.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
/** Shorter values are no credentials but names and numbers. */
const MIN_SECRET_CHARS = 8;

function preview(
  definition: ProviderDefinition,
  example: ProviderExample,
  {
    link,
    annotations = {},
    ...changes
  }: Partial<PreviewTools> & { readonly link?: string; readonly annotations?: Record<string, string> } = {},
) {
  const redactor = createRedactor();
  const { config } = toRenderInput({
    spec: example.spec,
    ...(example.secret === undefined ? {} : { secret: example.secret }),
    event: example.event,
  });
  const ref = toRef('apps', 'provider');
  const targetUrlExpression = compileExpression(link ?? '""', { result: 'string', variables: ['event', 'alert', 'provider'] });
  const target = toTestTarget('provider', {
    ref,
    type: definition.type,
    definition,
    key: 'flux//apps/provider',
    annotations,
    targetUrlExpression,
  });
  const tools: PreviewTools = {
    resolve: async () => {
      for (const value of Object.values(example.secret ?? {})) redactor.add(value);
      return { config, connection: { pool: target.key, concurrency: 1 } };
    },
    redactor,
    nowMs: NOW_MS,
    showPath: false,
    ...changes,
  };
  const event = toTestEvent({ subject: example.event.involvedObject, flux: example.event });
  return previewMessage({ event, target, alert: toTestRoute('alert'), metadata: example.event.metadata }, tools);
}

for (const type of catalog.types) {
  test(`${type}: a preview shows what would be sent`, async () => {
    const definition = catalog.get(type);
    assert.ok(definition !== undefined);
    for (const example of definition.examples) {
      const shown = await preview(definition, example);

      assert.deepEqual([shown.provider, shown.type, shown.alert], ['apps/provider', type, 'foo-ns/alert']);
      assert.ok(shown.requests.length > 0 || shown.notes.length > 0 || shown.fault?.reason === 'config', example.title);
      for (const { url } of shown.requests) assert.match(url, /^https?:\/\/[^/]+(?:\/…)?$/);
      if (definition.category === 'chat') assert.ok(shown.picture.join('\n').includes(example.event.message), shown.picture.join('\n'));
      const text = JSON.stringify(shown);
      for (const [key, value] of Object.entries(example.secret ?? {})) {
        if (value.length >= MIN_SECRET_CHARS && key !== 'username')
          assert.ok(!text.includes(JSON.stringify(value).slice(1, -1)), `${example.title}: ${key}`);
      }
    }
  });
}

test('what cannot work is a fault, and what is nobody’s configuration is thrown on', async () => {
  const definition = catalog.get('generic');
  assert.ok(definition !== undefined);
  const [example] = definition.examples;
  assert.ok(example !== undefined);
  const broken = (error: Error) =>
    preview(definition, example, {
      resolve: async () => {
        throw error;
      },
    });

  assert.deepEqual((await broken(new ConfigFault('no such Secret'))).fault, { reason: 'config', message: 'no such Secret' });
  await assert.rejects(broken(new RangeError('a bug')), RangeError);
});

for (const type of catalog.types.filter((name) => catalog.get(name)?.category === 'git')) {
  test(`${type}: a preview goes on to what would be written`, async () => {
    const definition = catalog.get(type);
    const [example] = definition?.examples ?? [];
    assert.ok(definition !== undefined && example !== undefined);

    const { requests, fault } = await preview(definition, example, { annotations: { 'tocsin.dev/aggregate': 'enabled' } });

    assert.equal(fault, undefined);
    const written = definition.capabilities.accepts.includes('commit-status') ? 2 : 1;
    assert.equal(requests.filter(({ method }) => method === 'POST').length, written, requests.map(({ method }) => method).join(' '));
  });
}

test('the picture of a status shows its link, and one that cannot be made is a fault', async () => {
  const definition = catalog.get('github');
  const [example] = definition?.examples ?? [];
  assert.ok(definition !== undefined && example !== undefined);

  const shown = await preview(definition, example, { link: '"https://console.example.com/" + event.involvedObject.name' });
  const refused = await preview(definition, example, { link: '"ftp://console.example.com"' });

  assert.deepEqual(
    shown.picture.filter((line) => line.startsWith('https:')),
    ['https://console.example.com/webapp'],
  );
  assert.match(refused.fault?.message ?? '', /the annotation tocsin\.dev\/target-url: the result is no http or https URL$/);
});

for (const { value, want } of [
  { value: 'enabled', want: ['kustomization/webapp/uid', 'flux/alert'] },
  { value: 'only', want: ['flux/alert'] },
  { value: 'off', want: ['kustomization/webapp/uid'] },
]) {
  test(`a preview shows the status of the whole commit where it is ${value}`, async () => {
    const definition = catalog.get('github');
    const [example] = definition?.examples ?? [];
    assert.ok(definition !== undefined && example !== undefined);

    const shown = await preview(definition, example, { annotations: { 'tocsin.dev/aggregate': value } });

    const bodies = shown.requests.flatMap(({ body }) => (body === undefined ? [] : [JSON.parse(body) as Record<string, string>]));
    assert.deepEqual(
      bodies.map(({ context }) => context),
      want,
    );
    assert.equal(
      bodies.some(({ description }) => description === '1 of 1 ready'),
      want.includes('flux/alert'),
    );
    assert.equal(
      shown.notes.some((note) => /as if this event were the only one/.test(note)),
      want.includes('flux/alert'),
    );
  });
}

for (const { type, spec, secret, environment, want } of [
  {
    type: 'sentry',
    spec: { address: 'https://key@sentry.example.com/1' },
    environment: { SENTRY_ENVIRONMENT: 'staging' },
    want: /"environment":"staging"/,
  },
  {
    type: 'otel',
    spec: { address: 'https://otel.example.com' },
    environment: { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=staging' },
    want: /bytes that are no text$/,
  },
  {
    type: 'azureeventhub',
    spec: { address: 'hub', channel: 'fleet' },
    secret: { token: 'a-token-of-azure' },
    environment: { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' },
    want: /^https:\/\/fleet\.servicebus\.usgovcloudapi\.net\//,
  },
  {
    type: 'bitbucket',
    spec: { address: 'https://bitbucket.org/org/repo' },
    secret: { token: 'user:password-of-an-app' },
    environment: { BITBUCKET_API_BASE_URL: 'https://forge.example.com/2.0' },
    want: /^https:\/\/forge\.example\.com\//,
  },
]) {
  test(`${type}: a preview counts the variables of the process that the type declares`, async () => {
    const definition = catalog.get(type);
    const [example] = definition?.examples ?? [];
    assert.ok(definition !== undefined && example !== undefined);
    const bare = { ...example, spec: { type, ...spec }, ...(secret === undefined ? {} : { secret }) };

    const { requests, fault } = await preview(definition, bare, { environment });
    const without = await preview(definition, bare, { environment: {} });

    assert.equal(fault, undefined);
    assert.notDeepEqual(requests, without.requests);
    assert.match(requests.map(({ url, body }) => `${url}\n${body}`).join('\n'), want);
  });
}

test('a refused address is told, and paths are shown where they are asked for', async () => {
  const definition = catalog.get('generic');
  const [example] = definition?.examples ?? [];
  assert.ok(definition !== undefined && example !== undefined);

  const shown = await preview(definition, example, { showPath: true, refuses: ({ hostname }) => `${hostname} is not for us` });

  assert.equal(shown.requests[0]?.url, 'https://hooks.example.com/flux');
  assert.deepEqual(shown.fault, {
    reason: 'egress',
    message: 'requests to hooks.example.com are refused: hooks.example.com is not for us',
  });
});
