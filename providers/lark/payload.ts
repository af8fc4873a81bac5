// Flux's Lark message: a card with a coloured title and one block of text.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/**
 * https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot: the body of a request to a custom bot is at most
 * 20 KB. The 30 KB that Lark names for cards hold for its message API, which asks for an app.
 */
export const MAX_BODY_BYTES = 20_000;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ event, precededBy }: RenderInput): string {
  const isError = event.severity === 'error';
  return fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: { totalChars: MAX_BODY_BYTES },
    render: (parts) => encodeGoJson({ msg_type: 'interactive', card: toCard(parts, isError) }),
    isTooLarge: (body) => Buffer.byteLength(body) > MAX_BODY_BYTES,
  });
}

function toCard({ name, message, entries }: MessageParts, isError: boolean) {
  const title = { tag: 'plain_text', content: `${isError ? '\u{1F6A8}' : '\u{1F4AB}'} ${name}` };
  const content = `**${message}**\n\n${entries.map(([key, value]) => `${key}: ${value}\n`).join('')}`;
  return {
    config: { wide_screen_mode: true },
    header: { title, template: isError ? 'red' : 'turquoise' },
    elements: [{ tag: 'div', text: { tag: 'lark_md', content } }],
  };
}
