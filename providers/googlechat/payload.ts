// Flux's Google Chat message: one card with a paragraph, and a section with a widget per metadata key.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { type Entry, fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/** https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create: 32,000 bytes, contents included. */
export const MAX_BODY_BYTES = 32_000;
/** The longest text that every client shows; of a paragraph Google documents no figure of its own. */
export const MAX_TEXT_CHARS = 4_096;
/** https://developers.google.com/workspace/chat/api/reference/rest/v1/cards: what comes after 100 widgets is not shown. */
const MAX_WIDGETS = 100;
const MAX_NAME_CHARS = 512;
const ERROR_OPEN = '<font color="#ff0000">';
const ERROR_CLOSE = '</font>';

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ event, precededBy }: RenderInput): string {
  const isError = event.severity === 'error';
  const subtitle = cutChars(event.reportingController, MAX_NAME_CHARS);
  return fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: {
      totalChars: MAX_BODY_BYTES,
      messageChars: MAX_TEXT_CHARS - ERROR_OPEN.length - ERROR_CLOSE.length,
      entries: MAX_WIDGETS - 1,
    },
    render: (parts) => encodeGoJson({ cards: [toCard(parts, { subtitle, isError })] }),
    isTooLarge: (body) => Buffer.byteLength(body) > MAX_BODY_BYTES,
  });
}

function toCard({ name, message, entries }: MessageParts, { subtitle, isError }: { subtitle: string; isError: boolean }) {
  const text = isError ? `${ERROR_OPEN}${message}${ERROR_CLOSE}` : message;
  const sections = [{ header: '', widgets: [{ textParagraph: { text }, keyValue: null }] }, ...metadataSection(entries)];
  return { header: { title: name, subtitle, imageUrl: null, imageStyle: null }, sections };
}

function metadataSection(entries: readonly Entry[]) {
  if (entries.length === 0) return [];
  const widgets = entries.map(([topLabel, content]) => ({
    textParagraph: null,
    keyValue: { topLabel, content, contentMultiline: false, bottomLabel: null, icon: null },
  }));
  return [{ header: '', widgets }];
}
