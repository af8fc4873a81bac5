// Flux's event for Datadog.
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { backlogNote } from '../../internal/sdk/text/backlog-note.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { fitMetadata } from '../../internal/sdk/text/encoded-size.ts';
import { encodeGoJson, lowerGo } from '../../internal/sdk/text/go-json.ts';
import { toUnixSeconds } from '../../internal/sdk/text/rfc3339.ts';

/** https://docs.datadoghq.com/api/latest/events/#post-an-event */
export const MAX_TEXT_CHARS = 4_000;
export const MAX_TITLE_CHARS = 100;
/** https://docs.datadoghq.com/getting_started/tagging/: Datadog cuts a longer tag without a mark. */
const MAX_TAG_CHARS = 200;
const METADATA = { maxKeyChars: MAX_TAG_CHARS, maxValueChars: MAX_TAG_CHARS, maxBytes: 100_000 };

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toDatadogEvent({ event, occurredAtMs, precededBy }: RenderInput): string {
  const { kind, name, namespace } = event.involvedObject;
  const note = backlogNote(precededBy);
  const body = encodeGoJson({
    alert_type: event.severity === 'error' ? 'error' : 'info',
    date_happened: toUnixSeconds(occurredAtMs),
    source_type_name: 'fluxcd',
    tags: toTags(event),
    text: cutChars(event.message, MAX_TEXT_CHARS - note.length) + note,
    title: cutChars(`Events from the ${kind} ${name}/${namespace}`, MAX_TITLE_CHARS),
  });
  return `${body}\n`;
}

function toTags({ involvedObject, metadata, reason, reportingController }: RenderInput['event']): readonly string[] {
  const fixed = {
    flux_reporting_controller: reportingController,
    flux_reason: reason,
    kube_kind: involvedObject.kind,
    kube_name: involvedObject.name,
    kube_namespace: involvedObject.namespace,
  };
  const entries = [...Object.entries(fixed), ...Object.entries(fitMetadata(metadata, METADATA))];
  return entries.map(([key, value]) => cutChars(lowerGo(`${key}:${value}`), MAX_TAG_CHARS));
}
