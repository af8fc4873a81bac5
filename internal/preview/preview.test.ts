// Previews of every type of the catalog: something is shown, nothing is sent, no secret is in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { toRef, toTestEvent, toTestRoute, toTestTarget } from '../../test/support/routing.ts';
import { catalog } from '../catalog/catalog.ts';
import type { ProviderExample } from '../sdk/provider.ts';
import { ConfigFault, type ProviderDefinition } from '../sdk/provider.ts';
import { createRedactor } from '../telemetry/redactor.ts';
import { previewMessage, type PreviewTools } from './preview.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
/** Shorter values are no credentials but names and numbers. */
const MIN_SECRET_CHARS = 8;

function preview(definition: ProviderDefinition, example: ProviderExample, changes: Partial<PreviewTools> = {}) {
  const redactor = createRedactor();
  const { config } = toRenderInput({
    spec: example.spec,
    ...(example.secret === undefined ? {} : { secret: example.secret }),
    event: example.event,
  });
  const ref = toRef('apps', 'provider');
  const target = toTestTarget('provider', { ref, type: definition.type, definition, key: 'flux//apps/provider' });
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
