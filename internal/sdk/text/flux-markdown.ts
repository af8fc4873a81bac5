// Flux's status of an object as Markdown, the same in Zulip and in comments on change requests.
import type { FluxEvent } from '../../event/event.ts';
import { fitMessage, sortedEntries } from './fit-message.ts';

/** The number of the change request, which says where the text stands and not what happened. */
const HIDDEN_KEY = 'change_request';

/** At most `maxChars` UTF-16 units, with the bytes that Flux sends as long as nothing has to be cut. */
export function toFluxMarkdown(
  { event, precededBy }: { readonly event: FluxEvent; readonly precededBy: number },
  maxChars: number,
): string {
  const { kind, namespace, name } = event.involvedObject;
  const emoji = event.severity === 'error' ? '\u26A0\uFE0F' : '\u2139\uFE0F';
  return fitMessage({
    source: {
      name: `${kind}/${namespace}/${name}`,
      message: event.message,
      entries: sortedEntries(event.metadata).filter(([key]) => key !== HIDDEN_KEY),
      precededBy,
    },
    limits: { totalChars: maxChars, closesFences: true },
    render: (parts) => {
      const lines = parts.entries.map(([key, value]) => `* \`${key}\`: ${value}\n`);
      return `## Flux Status\n\n${emoji} ${parts.name}\n\n${parts.message}\n\nMetadata:\n${lines.join('')}`;
    },
    isTooLarge: (text) => text.length > maxChars,
  });
}
