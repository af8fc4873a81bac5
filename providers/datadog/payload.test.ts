import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { MAX_TEXT_CHARS, MAX_TITLE_CHARS, toDatadogEvent } from './payload.ts';

interface Body {
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
}

test('title, text and tags are within the limits of Datadog', () => {
  const name = 'n'.repeat(253);
  const event = exampleEvent({
    message: '👩‍👩‍👧‍👦'.repeat(1_000),
    metadata: { LONG: 'V'.repeat(500) },
    involvedObject: { ...exampleEvent().involvedObject, name },
  });

  const body = JSON.parse(toDatadogEvent(toRenderInput({ spec: { type: 'datadog' }, event, precededBy: 2 }))) as Body;

  assert.ok(body.title.length === MAX_TITLE_CHARS && body.title.endsWith('…'));
  assert.ok(body.text.length <= MAX_TEXT_CHARS && body.text.endsWith('…\n(2 earlier messages of this object ended unsent)'));
  assert.ok(body.tags.every((tag) => tag.length <= 200));
  assert.ok(body.tags.some((tag) => /^long:v+…$/.test(tag)));
});

test('lower case is that of Go, one character for one', () => {
  const event = exampleEvent({ metadata: { İ: 'ΑΣ' } });

  const body = JSON.parse(toDatadogEvent(toRenderInput({ spec: { type: 'datadog' }, event }))) as Body;

  assert.equal(body.tags.at(-1), 'i:ας'.replace('ς', 'σ'));
});
