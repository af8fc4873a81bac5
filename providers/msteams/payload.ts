// Flux's two messages for Teams: a MessageCard for connectors, an Adaptive Card for everything else.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { type Entry, fitMessage, type MessageParts, sortedEntries } from '../../internal/sdk/text/fit-message.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/**
 * https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook: 28 KB.
 * Teams counts in UTF-16, two bytes for most characters, so half of that in UTF-8 is what it may already refuse.
 */
const MAX_UTF16_BYTES = 28_000;
/** Of the request's body, whatever way it is counted. */
export const MAX_BODY_BYTES = 28_000;
const CONNECTOR_HOST = /^[A-Za-z]+:\/\/(?:[^/?#]*@)?[^/?#:@]*\.webhook\.office\.com(?::\d*)?(?:[/?#]|$)/;

/** The request's body, with the bytes that Flux sends; facts in the order of their keys. */
export function toPayload({ config, event, precededBy }: RenderInput): string {
  const isConnector = CONNECTOR_HOST.test(config.address);
  const isError = event.severity === 'error';
  const entries = sortedEntries(event.metadata);
  return fitMessage({
    source: {
      name: objectName(event.involvedObject),
      message: event.message,
      entries: isConnector ? entries : summaryFirst(entries),
      precededBy,
    },
    limits: { totalChars: MAX_UTF16_BYTES / 2 },
    render: (parts) => encodeGoJson(isConnector ? toMessageCard(parts, isError) : toAdaptiveCard(parts, isError)),
    isTooLarge: (body) => body.length * 2 > MAX_UTF16_BYTES || Buffer.byteLength(body) > MAX_BODY_BYTES,
  });
}

function summaryFirst(entries: readonly Entry[]): readonly Entry[] {
  return [...entries.filter(([key]) => key === 'summary'), ...entries.filter(([key]) => key !== 'summary')];
}

function toMessageCard({ name, message, entries }: MessageParts, isError: boolean) {
  const facts = entries.map(([key, value]) => ({ name: key, value }));
  return {
    '@type': 'MessageCard',
    '@context': 'http://schema.org/extensions',
    themeColor: isError ? 'FF0000' : '0076D7',
    summary: name,
    sections: [{ activityTitle: message, activitySubtitle: name, facts }],
  };
}

function toAdaptiveCard({ name, message, entries }: MessageParts, isError: boolean) {
  const title = { type: 'TextBlock', text: orAbsent(name), size: 'large', weight: 'bolder', wrap: true };
  const text = { type: 'TextBlock', text: orAbsent(message), color: isError ? 'attention' : undefined, wrap: true };
  const facts = entries.map(([key, value]) => ({ title: key, value }));
  const factSet = { type: 'FactSet', facts: facts.length === 0 ? undefined : facts };
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [{ type: 'Container', items: [title, text, factSet] }],
    msteams: { width: 'Full' },
  };
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }] };
}

function orAbsent(text: string): string | undefined {
  return text === '' ? undefined : text;
}
