// Flux's Rocket.Chat message: Slack's format with one attachment.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { toSlackFormat } from '../../internal/sdk/slack-format.ts';
import { fitMessage, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/**
 * https://docs.rocket.chat/docs/message: "Maximum Allowed Characters Per Message", webhooks included. This is what a server
 * starts with; one that allows less refuses the message.
 */
export const MAX_TEXT_CHARS = 5_000;
/** Documented for no part but the text; these keep a message readable. */
const MAX_MESSAGE_CHARS = 20_000;
const MAX_FIELDS = 100;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toPayload({ config, event, precededBy }: RenderInput): string {
  const { channel, username } = config;
  const color = event.severity === 'error' ? '#FF0000' : '#0076D7';
  return fitMessage({
    source: { name: objectName(event.involvedObject), message: event.message, entries: sortedEntries(event.metadata), precededBy },
    limits: { totalChars: MAX_MESSAGE_CHARS, messageChars: MAX_TEXT_CHARS, entries: MAX_FIELDS },
    render: (parts) => toSlackFormat({ channel, username, color, fallback: '', parts }),
  });
}
