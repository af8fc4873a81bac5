import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { MAX_TAGS_BYTES, toAnnotation } from './payload.ts';

const LONG = '<語'.repeat(200);

for (const { name, changes } of [
  { name: 'much metadata', changes: { metadata: Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`key ${index}`, 'value'])) } },
  { name: 'long metadata', changes: { metadata: { [LONG]: LONG, a: 'b' } } },
  { name: 'colons', changes: { metadata: Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`:${index}:`, ':::'])) } },
  {
    name: 'long names',
    changes: {
      reportingController: LONG,
      involvedObject: { ...exampleEvent().involvedObject, kind: LONG, name: LONG, namespace: LONG },
    },
  },
]) {
  test(`Grafana takes the tags of an event with ${name}`, () => {
    const spec = { type: 'grafana', address: 'https://grafana.example.com/api/annotations' };
    const body = JSON.parse(toAnnotation(toRenderInput({ spec, event: exampleEvent(changes) }))) as { readonly tags: readonly string[] };

    assert.ok(Buffer.byteLength(encodeGoJson(body.tags)) <= MAX_TAGS_BYTES, body.tags.join());
    assert.equal(body.tags[0], 'flux');
    assert.ok(body.tags.some((tag) => tag.startsWith('namespace: ')));
  });
}

test('the time of an event is the time of its annotation', () => {
  const input = toRenderInput({ spec: { type: 'grafana' }, event: exampleEvent() });

  assert.match(toAnnotation({ ...input, occurredAtMs: 1_767_323_045_999 }), /^\{"when":1767323045,/);
  assert.match(toAnnotation({ ...input, occurredAtMs: null }), /^\{"when":-62135596800,/);
});
