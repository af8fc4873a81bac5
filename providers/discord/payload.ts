// Flux's Discord message: Slack's format, of which Discord makes one embed with an author, a description and fields.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { toSlackFormat } from '../../internal/sdk/slack-format.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { type Entry, fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

// https://docs.discord.com/developers/resources/message#embed-object-embed-limits
/** Of an embed's description. */
export const MAX_TEXT_CHARS = 4_096;
/** Of an embed's author. */
export const MAX_AUTHOR_CHARS = 256;
const MAX_FIELDS = 25;
const MAX_FIELD_NAME_CHARS = 256;
const MAX_FIELD_VALUE_CHARS = 1_024;
const MAX_EMBED_CHARS = 6_000;
/** https://docs.discord.com/developers/resources/user#usernames-and-nicknames */
const MAX_USERNAME_CHARS = 80;
const ZERO_WIDTH_SPACE = '\u200B';

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ config, event, precededBy }: RenderInput): string {
  const username = cutChars(config.username || event.reportingController, MAX_USERNAME_CHARS);
  const color = event.severity === 'error' ? 'danger' : 'good';
  return fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: {
      totalChars: MAX_EMBED_CHARS,
      nameChars: MAX_AUTHOR_CHARS,
      messageChars: MAX_TEXT_CHARS,
      entries: MAX_FIELDS,
      keyChars: MAX_FIELD_NAME_CHARS,
      valueChars: MAX_FIELD_VALUE_CHARS,
    },
    render: (parts) => toSlackFormat({ channel: '', username, color, fallback: '', parts: withoutGaps(parts) }),
  });
}

/** Discord refuses a whole message for one field without a name or a value. */
function withoutGaps(parts: MessageParts): MessageParts {
  return { ...parts, entries: parts.entries.map(([title, value]): Entry => [orBlank(title), orBlank(value)]) };
}

function orBlank(text: string): string {
  return text.trim() === '' ? ZERO_WIDTH_SPACE : text;
}
