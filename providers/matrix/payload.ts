// Flux's Matrix message: plain text.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/**
 * https://spec.matrix.org/latest/client-server-api/#size-limits: 65,536 bytes for the whole event, to which the homeserver
 * adds sender, room, hashes, signatures and references; 8 KiB are left for those.
 */
export const MAX_BODY_BYTES = 65_536 - 8_192;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ event, precededBy }: RenderInput): string {
  const emoji = event.severity === 'error' ? '\u{1F6A8}' : '\u{1F4AB}';
  return fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: { totalChars: MAX_BODY_BYTES },
    render: (parts) => encodeGoJson({ body: toText(parts, emoji), msgtype: 'm.text' }),
    isTooLarge: (body) => Buffer.byteLength(body) > MAX_BODY_BYTES,
  });
}

function toText({ name, message, entries }: MessageParts, emoji: string): string {
  return `${emoji} ${name}\n${message}\n${entries.map(([key, value]) => `- ${key}: ${value}\n`).join('')}`;
}
