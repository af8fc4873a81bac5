// Flux's Opsgenie alert, and the closing of one, which Flux does not know.
import { createHash } from 'node:crypto';
import { wantsResolution } from '../../internal/sdk/lifecycle.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { backlogNote } from '../../internal/sdk/text/backlog-note.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { fitMetadata } from '../../internal/sdk/text/encoded-size.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';

/** https://docs.opsgenie.com/docs/alerts-and-alert-fields */
export const MAX_MESSAGE_CHARS = 130;
export const MAX_DESCRIPTION_CHARS = 15_000;
/** https://docs.opsgenie.com/docs/alert-api#create-alert: all keys and values of the details together. */
const MAX_DETAILS_CHARS = 8_000;
const MAX_KEY_CHARS = 200;
const MAX_VALUE_CHARS = 2_000;
const MAX_SEVERITY_CHARS = 100;
/** https://docs.opsgenie.com/docs/alert-api#close-alert */
const MAX_SOURCE_CHARS = 100;

/** The request that opens an alert, with the bytes that Flux sends. */
export function toAlert(input: RenderInput): string {
  const { involvedObject, metadata, severity } = input.event;
  return encodeGoJson({
    message: cutChars(`${involvedObject.kind}/${involvedObject.name}`, MAX_MESSAGE_CHARS),
    alias: aliasOf(input),
    description: describe(input),
    details: toDetails(metadata, severity),
  });
}

/** The request that closes it. */
export function toClosing(input: RenderInput): string {
  return encodeGoJson({ source: cutChars(input.event.reportingController, MAX_SOURCE_CHARS), note: describe(input) });
}

/** Where an alert is closed: the address of the API, with the alias behind its path. */
export function toCloseUrl(input: RenderInput): string {
  const [address = ''] = input.config.address.split('#', 1);
  const [path = '', ...query] = address.split('?');
  const parameters = ['identifierType=alias', ...query.filter((part) => part !== '')].join('&');
  return `${path.replace(/\/+$/, '')}/${aliasOf(input)}/close?${parameters}`;
}

export function isCloseUrl(url: string): boolean {
  return /\/[0-9a-f]{64}\/close\?identifierType=alias(?:&|$)/.test(url);
}

/**
 * Flux's alias holds the reason, so a recovery, whose reason is another, can never name the alert of the failure. Where
 * recoveries are to close alerts, one object has one alias.
 */
function aliasOf({ config, event, target }: RenderInput): string {
  const { kind, namespace, name } = event.involvedObject;
  const parts = [target.uid, kind, namespace, name, ...(wantsResolution(config) ? [] : [event.reason])];
  return createHash('sha256').update(parts.join('/')).digest('hex');
}

function describe({ event, precededBy }: RenderInput): string {
  const note = backlogNote(precededBy);
  return cutChars(event.message, MAX_DESCRIPTION_CHARS - note.length) + note;
}

function toDetails(metadata: RenderInput['event']['metadata'], severity: string): Readonly<Record<string, string>> {
  const shown = cutChars(severity, MAX_SEVERITY_CHARS);
  const maxBytes = MAX_DETAILS_CHARS - 'severity'.length - shown.length;
  const details = fitMetadata(metadata, { maxKeyChars: MAX_KEY_CHARS, maxValueChars: MAX_VALUE_CHARS, maxBytes });
  return Object.assign(Object.create(null) as Record<string, string>, details, { severity: shown });
}
