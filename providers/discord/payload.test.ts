import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { toPayload } from './payload.ts';

interface Embed {
  readonly author_name: string;
  readonly text: string;
  readonly fields: readonly { readonly title: string; readonly value: string }[];
}

function embedOf(changes: Parameters<typeof exampleEvent>[0]): Embed {
  const input = toRenderInput({ spec: { type: 'discord' }, event: exampleEvent(changes), precededBy: 3 });
  return (JSON.parse(toPayload(input)) as { attachments: [Embed] }).attachments[0];
}

test('an embed is within every limit of Discord, and says what is missing', () => {
  const metadata = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}-${'x'.repeat(300)}`, 'v'.repeat(2_000)]));

  const { author_name: author, text, fields } = embedOf({ message: '🚀'.repeat(10_000), metadata });

  const sizes = [author, text, ...fields.flatMap(({ title, value }) => [title, value])].map((part) => part.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(total <= 6_000 && total > 4_500, `${total}`);
  assert.ok(text.length <= 4_096 && text.endsWith('…\n(3 earlier messages of this object ended unsent)'));
  assert.ok(fields.length <= 25 && fields.every(({ title, value }) => title.length <= 256 && value.length <= 1_024));
  assert.match(fields.at(-1)?.value ?? '', /^\d+ further keys are not shown$/);
});

test('a message as long as Discord takes is not cut', () => {
  assert.equal(embedOf({ message: 'x'.repeat(4_000), metadata: { a: 'b' } }).text.slice(0, 4_000), 'x'.repeat(4_000));
});

test('a long name is cut to what Discord takes', () => {
  const input = toRenderInput({ spec: { type: 'discord', username: 'u'.repeat(2_000) }, event: exampleEvent() });

  assert.equal((JSON.parse(toPayload(input)) as { username: string }).username.length, 80);
});
