// Flux's Zoom message: a head, a text and a list of fields.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/** Zoom documents no figure for these webhooks; its chat holds 4,096 characters in a message. */
export const MAX_TEXT_CHARS = 4_096;
const MAX_MESSAGE_CHARS = 16_000;
const MAX_FIELDS = 100;
const MAX_SEVERITY_CHARS = 100;

/** The request's body, with the bytes that Flux sends; fields in the order of their keys. */
export function toPayload({ event, precededBy }: RenderInput): string {
  const severity = cutChars(event.severity, MAX_SEVERITY_CHARS);
  return fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: { totalChars: MAX_MESSAGE_CHARS, messageChars: MAX_TEXT_CHARS, entries: MAX_FIELDS },
    render: (parts) => encodeGoJson({ content: toContent(parts, severity) }),
  });
}

function toContent({ name, message, entries }: MessageParts, severity: string) {
  const text = { type: 'message', text: message === '' ? undefined : message };
  const items = entries.map(([key, value]) => ({ key, value }));
  return {
    head: { text: name, sub_head: { text: severity } },
    body: items.length === 0 ? [text] : [text, { type: 'fields', items }],
  };
}
