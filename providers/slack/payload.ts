// Flux's Slack message: one attachment with the text and a field per metadata key.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { toSlackFormat } from '../../internal/sdk/slack-format.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { fitMessage, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { firstLine, objectName } from '../../internal/sdk/text/object-name.ts';

/** https://docs.slack.dev/reference/methods/chat.postMessage: Slack cuts a longer text itself. */
export const MAX_TEXT_CHARS = 40_000;
/** Slack refuses messages whose parts add up to too much without saying to how much, so the small parts are kept small. */
const MAX_MESSAGE_CHARS = 100_000;
const MAX_FALLBACK_CHARS = 3_000;
const MAX_NAME_CHARS = 512;
const MAX_FIELDS = 100;
const MAX_TITLE_CHARS = 200;
const MAX_VALUE_CHARS = 2_000;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ config, event, precededBy }: RenderInput): string {
  const { channel } = config;
  const username = config.username || cutChars(event.reportingController, MAX_NAME_CHARS);
  const color = event.severity === 'error' ? 'danger' : 'good';
  const name = objectName(event.involvedObject);
  const fallback = cutChars(`${cutChars(name, MAX_NAME_CHARS)}: ${firstLine(event.message)}`, MAX_FALLBACK_CHARS);
  return fitMessage({
    source: { name, message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: {
      totalChars: MAX_MESSAGE_CHARS,
      nameChars: MAX_NAME_CHARS,
      messageChars: MAX_TEXT_CHARS,
      entries: MAX_FIELDS,
      keyChars: MAX_TITLE_CHARS,
      valueChars: MAX_VALUE_CHARS,
    },
    render: (parts) => toSlackFormat({ channel, username, color, fallback, parts }),
  });
}
