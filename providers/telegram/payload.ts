// Flux's Telegram message: MarkdownV2, in which every character with a meaning is escaped after the text has been cut.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/**
 * https://core.telegram.org/bots/api#sendmessage: 1 to 4096 characters after entities parsing. Escapes are counted here
 * although Telegram does not, so that no way of counting finds more.
 */
export const MAX_TEXT_CHARS = 4_096;
/** https://core.telegram.org/bots/api#markdownv2-style */
const SPECIAL = /[\\.\-_[\]()~>`#+=|{}!*]/g;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ config, event, precededBy }: RenderInput): string {
  const emoji = event.severity === 'error' ? '\u{1F6A8}' : '\u{1F4AB}';
  const text = fitMessage({
    source: { name: headingOf(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: { totalChars: MAX_TEXT_CHARS },
    render: (parts) => toMarkdown(parts, emoji),
    isTooLarge: (markdown) => markdown.length > MAX_TEXT_CHARS,
  });
  const [chat, thread] = splitChannel(config.channel);
  return encodeGoJson({ chat_id: chat, message_thread_id: thread === '' ? undefined : thread, text, parse_mode: 'MarkdownV2' });
}

/** Flux writes a slash before the namespace here, and a dot elsewhere. */
function headingOf({ kind, name, namespace }: RenderInput['event']['involvedObject']): string {
  const lowerKind = objectName({ kind, name: '', namespace: '' }).slice(0, -'/.'.length);
  return `${lowerKind}/${name}/${namespace}`;
}

function splitChannel(channel: string): readonly [chat: string, thread: string] {
  const colon = channel.indexOf(':');
  return colon < 0 ? [channel, ''] : [channel.slice(0, colon), channel.slice(colon + 1)];
}

function toMarkdown({ name, message, entries }: MessageParts, emoji: string): string {
  const lines = entries.map(([key, value]) => `\\- *${escapeMarkdown(key)}*: ${escapeMarkdown(value)}\n`);
  return `*${escapeMarkdown(`${emoji} ${name}`)}*\n${escapeMarkdown(message)}\n${lines.join('')}`;
}

function escapeMarkdown(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}
