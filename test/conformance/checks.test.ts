// What every check of credentials promises: it changes nothing, tells no secret, and takes no refusal for a success.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog } from '../../internal/catalog/catalog.ts';
import { TransportError } from '../../internal/sdk/http.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { createBench, toRenderInput, toResponse } from '../support/provider-run.ts';

/** Calls that are POSTs by their vendor's design and post nothing all the same. */
const HARMLESS_POSTS = new Set(['https://slack.com/api/auth.test']);
const MIN_SECRET_CHARS = 8;

for (const type of catalog.types) {
  const definition = catalog.get(type);
  const check = definition?.check;
  if (definition === undefined || check === undefined) continue;
  const examples = definition.examples.map((example) => {
    const secret = example.secret ?? {};
    return { example, values: Object.values(secret), config: toRenderInput({ spec: example.spec, secret, event: example.event }).config };
  });

  test(`${type}: a check changes nothing and shows no secret`, async () => {
    for (const { example, values, config } of examples) {
      for (const status of [200, 401, 404, 429, 500]) {
        const bench = createBench(() => toResponse(status, { ok: false, error: values.join(' '), message: values.join(' ') }));
        const outcome: unknown = await check(bench.context, config).catch((error: unknown) => error);

        if (outcome instanceof Error) assert.ok(outcome instanceof ConfigFault, `${example.title}: ${outcome.stack ?? ''}`);
        const told = outcome instanceof Error ? outcome.message : JSON.stringify(outcome ?? null);
        for (const value of values) if (value.length >= MIN_SECRET_CHARS) assert.ok(!told.includes(value), `${example.title}, ${status}`);
        for (const { method, url } of bench.requests)
          assert.ok(['GET', 'HEAD'].includes(method) || HARMLESS_POSTS.has(url), `${method} ${url}`);
        if (bench.requests.length > 0 && status !== 200) assert.ok(!told.includes('"delivered"'), `${example.title}, ${status}`);
      }
    }
  });

  test(`${type}: a check tells a broken connection as the transport told it`, async () => {
    for (const { config } of examples) {
      const failure = new TransportError('network', 'reset');
      const bench = createBench(() => {
        throw failure;
      });
      const outcome: unknown = await check(bench.context, config).catch((error: unknown) => error);

      if (bench.requests.length > 0) assert.equal(outcome, failure);
    }
  });
}
