// Trying a bot's token: what Slack says of it, and nothing posted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../internal/sdk/outcome.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { createBench, toRenderInput, toResponse } from '../../test/support/provider-run.ts';
import definition from './slack.provider.ts';

const API = 'https://slack.com/api/chat.postMessage';

const CASES: readonly {
  readonly name: string;
  readonly answer: ReturnType<typeof toResponse>;
  readonly want: Partial<Outcome> & object;
}[] = [
  { name: 'a good token', answer: toResponse(200, { ok: true, team: 'T' }), want: { kind: 'delivered' } },
  { name: 'a revoked token', answer: toResponse(200, { ok: false, error: 'token_revoked' }), want: { kind: 'deferred', reason: 'auth' } },
  { name: 'a spent budget', answer: toResponse(429, '', { 'retry-after': '7' }), want: { kind: 'deferred', reason: 'rate-limited' } },
  { name: 'a failing Slack', answer: toResponse(500), want: { kind: 'retry', reason: 'server' } },
];

for (const { name, answer, want } of CASES) {
  test(`slack check: ${name}`, async () => {
    const bench = createBench(() => answer);
    const { config } = toRenderInput({ spec: { address: API }, secret: { token: 'xoxb-1234' }, event: exampleEvent() });

    const outcome = await definition.check?.(bench.context, config);

    assert.partialDeepStrictEqual(outcome, want);
    assert.deepEqual(
      bench.requests.map(({ method, url }) => `${method} ${url}`),
      ['POST https://slack.com/api/auth.test'],
    );
  });
}

test('slack check: an incoming webhook cannot be tried, a bot without token is told', async () => {
  const bench = createBench(() => toResponse(200));
  assert.equal(await definition.check?.(bench.context, configOf('https://hooks.slack.com/services/a/b/c')), undefined);
  await assert.rejects(async () => definition.check?.(bench.context, configOf(API)), ConfigFault);
  assert.equal(bench.requests.length, 0);
});

function configOf(address: string) {
  return toRenderInput({ spec: { address }, event: exampleEvent() }).config;
}
