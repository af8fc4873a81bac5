// Trying a token on the repository: read, never written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import { checkRepository } from './check.ts';

const CASES = [
  { name: 'a good token', status: 200, want: { kind: 'delivered' } },
  { name: 'a bad token', status: 401, want: { kind: 'deferred', reason: 'auth' } },
  { name: 'no such repository', status: 404, want: { kind: 'retry', reason: 'not-found' } },
  { name: 'a failing GitHub', status: 502, want: { kind: 'retry', reason: 'server' } },
] as const;

for (const { name, status, want } of CASES) {
  test(`github check: ${name}`, async () => {
    const bench = createBench(() => toResponse(status, { full_name: 'example/fleet' }));
    const { config } = toRenderInput({
      spec: { address: 'https://github.com/example/fleet' },
      secret: { token: 'ghp_1234' },
      event: exampleEvent(),
    });

    assert.partialDeepStrictEqual(await checkRepository(bench.context, config), want);
    assert.deepEqual(
      bench.requests.map(({ method, url }) => `${method} ${url}`),
      ['GET https://api.github.com/repos/example/fleet'],
    );
  });
}

test('github check: without credentials nothing is asked', async () => {
  const bench = createBench(() => toResponse(200));
  const { config } = toRenderInput({ spec: { address: 'https://github.com/example/fleet' }, event: exampleEvent() });

  await assert.rejects(checkRepository(bench.context, config), ConfigFault);
  assert.equal(bench.requests.length, 0);
});
