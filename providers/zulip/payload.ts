// Flux's Zulip message: a form with Markdown.
import { ConfigFault, type RenderInput } from '../../internal/sdk/provider.ts';
import { toFluxMarkdown } from '../../internal/sdk/text/flux-markdown.ts';

/** https://zulip.com/api/register-queue#response: `max_message_length`, which is 10,000 everywhere so far. */
export const MAX_CONTENT_CHARS = 10_000;

/** The request's body, with the bytes that Flux sends. */
export function toForm({ config, event, precededBy }: RenderInput): string {
  const [channel, topic] = splitChannel(config.channel);
  const content = toFluxMarkdown({ event, precededBy }, MAX_CONTENT_CHARS);
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
