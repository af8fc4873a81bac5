// Flux's Webex message: Markdown with the object's name, the message and a line per metadata key.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/** https://developer.webex.com/docs/api/v1/messages/create-a-message: "The maximum message length is 7439 bytes." */
export const MAX_MARKDOWN_BYTES = 7_439;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ config, event, precededBy }: RenderInput): string {
  const emoji = event.severity === 'error' ? '\u{1F4A3}' : '\u2705';
  const markdown = fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: { totalChars: MAX_MARKDOWN_BYTES, closesFences: true },
    render: (parts) => toMarkdown(parts, emoji),
    isTooLarge: (text) => Buffer.byteLength(text) > MAX_MARKDOWN_BYTES,
  });
  return encodeGoJson({ roomId: config.channel === '' ? undefined : config.channel, markdown });
}

function toMarkdown({ name, message, entries }: MessageParts, emoji: string): string {
  return `${emoji} **${name}**\n${message}\n${entries.map(([key, value]) => `>**${key}**: ${value}\n`).join('')}`;
}
