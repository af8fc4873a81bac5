import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { MAX_TEXT_CHARS, toPayload } from './payload.ts';

const MARKUP = /[\\.\-_[\]()~>`#+=|{}!*]/;

function textOf(message: string, metadata: Readonly<Record<string, string>> = {}): string {
  const spec = { type: 'telegram', channel: '-100123:17' };
  const input = toRenderInput({ spec, event: exampleEvent({ message, metadata }), precededBy: 2 });
  return (JSON.parse(toPayload(input)) as { text: string }).text;
}

/** What is left when every escape and the stars around names are taken away: no special character may be among it. */
function unescaped(text: string): string {
  return text.replace(/\\[^a-z0-9\s]/gi, '').replace(/^\*[^*]*\*/, '');
}

for (const unit of ['.', '\\', '-_*[]()~`>#+=|{}.!\\', 'a.', '👩‍👩‍👧‍👦!', '語']) {
  test(`a long text of ${JSON.stringify(unit)} is cut between escapes`, () => {
    const text = textOf(unit.repeat(20_000));

    assert.ok(text.length <= MAX_TEXT_CHARS && text.length > MAX_TEXT_CHARS - 100, `${text.length}`);
    assert.doesNotMatch(unescaped(text), MARKUP);
    assert.ok(text.endsWith('…\n\\(2 earlier messages of this object ended unsent\\)\n'));
  });
}

test('much metadata leaves room for the message', () => {
  const metadata = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key.${index}`, 'v'.repeat(1_000)]));

  const text = textOf('x'.repeat(10_000), metadata);

  assert.ok(text.length <= MAX_TEXT_CHARS);
  assert.match(text, /x{1000}/);
  assert.match(text, /\\- \*more\*: \d+ further keys are not shown\n$/);
});
