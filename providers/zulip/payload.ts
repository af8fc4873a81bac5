// Flux's Zulip message: a form with Markdown.
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import { fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';

/** https://zulip.com/api/register-queue#response: `max_message_length`, which is 10,000 everywhere so far. */
export const MAX_CONTENT_CHARS = 10_000;

/** The request's body, with the bytes that Flux sends. */
export function toForm({ config, event, precededBy }: RenderInput): string {
  const [channel, topic] = splitChannel(config.channel);
  const { kind, namespace, name } = event.involvedObject;
  const emoji = event.severity === 'error' ? '\u26A0\uFE0F' : '\u2139\uFE0F';
  const content = fitMessage({
    source: {
      name: `${kind}/${namespace}/${name}`,
      message: event.message,
      entries: sortedEntries(event.metadata).filter(([key]) => key !== 'change_request'),
      precededBy,
    },
    limits: { totalChars: MAX_CONTENT_CHARS, closesFences: true },
    render: (parts) => toMarkdown(parts, emoji),
    isTooLarge: (text) => text.length > MAX_CONTENT_CHARS,
  });
  return new URLSearchParams({ content, to: channel, topic, type: 'stream' }).toString();
}

/** At the first slash: a topic may have more of them. */
function splitChannel(text: string): readonly [channel: string, topic: string] {
  const slash = text.indexOf('/');
  if (slash <= 0 || slash === text.length - 1) {
    throw new ConfigFault(`invalid Zulip channel format, expected <channel>/<topic>, got '${text}'`);
  }
  return [text.slice(0, slash), text.slice(slash + 1)];
}

function toMarkdown({ name, message, entries }: MessageParts, emoji: string): string {
  const lines = entries.map(([key, value]) => `* \`${key}\`: ${value}\n`);
  return `## Flux Status\n\n${emoji} ${name}\n\n${message}\n\nMetadata:\n${lines.join('')}`;
}
