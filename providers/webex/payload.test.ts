import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { MAX_MARKDOWN_BYTES, toPayload } from './payload.ts';

function markdownOf(message: string): string {
  const spec = { type: 'webex', channel: 'room' };
  const input = toRenderInput({ spec, event: exampleEvent({ message, metadata: { revision: 'main' } }) });
  return (JSON.parse(toPayload(input)) as { markdown: string }).markdown;
}

for (const unit of ['x', 'ä', '語', '👩‍👩‍👧‍👦', '<>&\n']) {
  test(`bytes are counted, of ${JSON.stringify(unit)}`, () => {
    const markdown = markdownOf(unit.repeat(20_000));

    const bytes = Buffer.byteLength(markdown);
    assert.ok(bytes <= MAX_MARKDOWN_BYTES && bytes > MAX_MARKDOWN_BYTES - 100, `${bytes}`);
    assert.ok(markdown.endsWith('…\n>**revision**: main\n'));
  });
}

test('a message as long as Webex takes is not cut', () => {
  assert.ok(!markdownOf('x'.repeat(7_300)).includes('…'));
});

test('a code block that was cut ends before the metadata', () => {
  const markdown = markdownOf(`log:\n\`\`\`\n${'x'.repeat(20_000)}\n\`\`\``);

  assert.match(markdown, /x…\n```\n>\*\*revision\*\*: main\n$/);
});
