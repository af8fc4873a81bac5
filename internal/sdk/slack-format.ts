// Slack's webhook format with one attachment, as Flux writes it; other chats take it as well.
import type { MessageParts } from './text/fit-message.ts';
import { encodeGoJson } from './text/go-json.ts';

export interface SlackMessage {
  readonly channel: string;
  readonly username: string;
  /** `good`, `danger` or a colour. */
  readonly color: string;
  /** What a notification shows; empty for none. */
  readonly fallback: string;
  readonly parts: MessageParts;
}

/** The request's body, with the bytes that Flux sends: metadata as fields, one below the other. */
export function toSlackFormat({ channel, username, color, fallback, parts }: SlackMessage): string {
  const { name, message, entries } = parts;
  const fields = entries.map(([title, value]) => ({ title, value, short: false }));
  const attachment = { fallback, color, author_name: name, text: message, mrkdwn_in: ['text'], fields };
  return encodeGoJson({ channel, username, icon_url: '', icon_emoji: '', attachments: [attachment] });
}
