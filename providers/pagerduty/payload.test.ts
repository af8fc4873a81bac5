import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FluxEvent } from '../../internal/event/event.ts';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import pagerduty from './pagerduty.provider.ts';

const SPEC = { type: 'pagerduty', address: 'https://events.pagerduty.com', channel: 'key' };

function bodiesOf(event: FluxEvent): readonly Readonly<Record<string, unknown>>[] {
  const requests = pagerduty.render?.(toRenderInput({ spec: SPEC, event })) ?? [];
  return requests.map(({ body }) => JSON.parse(String(body)) as Readonly<Record<string, unknown>>);
}

function laneOf(event: FluxEvent) {
  return pagerduty.lane?.({ target: toRenderInput({ spec: SPEC, event }).target, address: '', channel: '', event });
}

function withUid(uid: string): FluxEvent {
  return exampleEvent({ severity: 'error', involvedObject: { ...exampleEvent().involvedObject, uid } });
}

for (const { name, uid, want } of [
  { name: 'a uid', uid: 'abc', want: 'abc' },
  { name: 'no uid', uid: '', want: undefined },
  { name: 'the longest uid', uid: 'u'.repeat(255), want: 'u'.repeat(255) },
]) {
  test(`the deduplication key of ${name}`, () => {
    assert.equal(bodiesOf(withUid(uid))[0]?.['dedup_key'], want);
  });
}

test('a uid that is too long is told from another one by its hash', () => {
  const keys = ['a', 'b'].map((end) => bodiesOf(withUid('u'.repeat(255) + end))[0]?.['dedup_key']);

  assert.match(String(keys[0]), /^[0-9a-f]{64}$/);
  assert.notEqual(keys[0], keys[1]);
});

test('a summary is cut at 1,024 characters and marked', () => {
  const long = exampleEvent({ severity: 'error', involvedObject: { ...exampleEvent().involvedObject, name: '👩‍👩‍👧‍👦'.repeat(500) } });

  const payload = bodiesOf(long)[0]?.['payload'] as { readonly summary: string } | undefined;

  assert.ok(payload !== undefined && payload.summary.length <= 1_024 && payload.summary.endsWith('👦…'));
});

test('a failure is not sent after its recovery, and not superseded by work that goes on', () => {
  assert.deepEqual(laneOf(withUid('x')), laneOf(exampleEvent()));
  assert.notDeepEqual(laneOf(withUid('x')), laneOf(exampleEvent({ reason: 'Progressing' })));
});
