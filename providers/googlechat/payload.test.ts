import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleEvent } from '../../internal/sdk/example-event.ts';
import { toRenderInput } from '../../test/support/provider-run.ts';
import { MAX_BODY_BYTES, MAX_TEXT_CHARS, toPayload } from './payload.ts';

interface Message {
  readonly cards: [{ readonly sections: readonly { readonly widgets: readonly { readonly textParagraph: { text: string } | null }[] }[] }];
}

function render(message: string, keys: number): { body: string; text: string; widgets: number } {
  const metadata = Object.fromEntries(Array.from({ length: keys }, (_, index) => [`key-${index}`, '<'.repeat(20)]));
  const event = exampleEvent({ severity: 'error', message, metadata });
  const body = toPayload(toRenderInput({ spec: { type: 'googlechat' }, event }));
  const { sections } = (JSON.parse(body) as Message).cards[0];
  const widgets = sections.flatMap((section) => section.widgets);
  return { body, text: widgets[0]?.textParagraph?.text ?? '', widgets: widgets.length };
}

test('a long error is cut inside of its colour', () => {
  const { text } = render('x'.repeat(100_000), 0);

  assert.equal(text.length, MAX_TEXT_CHARS);
  assert.match(text, /^<font color="#ff0000">x*…<\/font>$/);
});

test('a card has no more bytes and no more widgets than are taken', () => {
  const { body, text, widgets } = render('語<'.repeat(100_000), 300);

  assert.ok(Buffer.byteLength(body) <= MAX_BODY_BYTES && Buffer.byteLength(body) > MAX_BODY_BYTES - 500);
  assert.match(text, /…<\/font>$/);
  assert.ok(widgets <= 100);
  assert.equal(render('m', 300).widgets, 100);
});
