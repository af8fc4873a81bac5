// Flux's Slack message: one attachment with the text and a field per metadata key.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { compareUtf8, encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { firstLine, objectName } from '../../internal/sdk/text/object-name.ts';

/** https://docs.slack.dev/reference/methods/chat.postMessage: Slack cuts a longer text itself. */
export const MAX_TEXT_CHARS = 40_000;
/** Slack refuses messages whose parts add up to too much without saying to how much, so the small parts are kept small. */
const MAX_FALLBACK_CHARS = 3_000;
const MAX_NAME_CHARS = 512;
const MAX_FIELDS = 100;
const MAX_TITLE_CHARS = 200;
const MAX_VALUE_CHARS = 2_000;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ config, event, precededBy }: RenderInput): string {
  const name = cutChars(objectName(event.involvedObject), MAX_NAME_CHARS);
  return encodeGoJson({
    channel: config.channel,
    username: config.username || cutChars(event.reportingController, MAX_NAME_CHARS),
    icon_url: '',
    icon_emoji: '',
    attachments: [
      {
        fallback: cutChars(`${name}: ${firstLine(event.message)}`, MAX_FALLBACK_CHARS),
        color: event.severity === 'error' ? 'danger' : 'good',
        author_name: name,
        text: toText(event.message, precededBy),
        mrkdwn_in: ['text'],
        fields: toFields(event.metadata),
      },
    ],
  });
}

function toText(message: string, precededBy: number): string {
  const note = precededBy === 0 ? '' : `\n(${precededBy} earlier ${precededBy === 1 ? 'message' : 'messages'} of this object ended unsent)`;
  return cutChars(message, MAX_TEXT_CHARS - note.length) + note;
}

interface Field {
  readonly title: string;
  readonly value: string;
  readonly short: false;
}

function toFields(metadata: RenderInput['event']['metadata']): readonly Field[] {
  const entries = Object.entries(metadata).sort(([a], [b]) => compareUtf8(a, b));
  if (entries.length <= MAX_FIELDS) return entries.map(toField);
  const shown = entries.slice(0, MAX_FIELDS - 1);
  return [...shown.map(toField), { title: 'more', value: `${entries.length - shown.length} further keys are not shown`, short: false }];
}

function toField([title, value]: readonly [string, string]): Field {
  return { title: cutChars(title, MAX_TITLE_CHARS), value: cutChars(value, MAX_VALUE_CHARS), short: false };
}
