// Flux's annotation: the name of the object as text, everything else as tags.
import { wantsResolution } from '../../internal/sdk/lifecycle.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { backlogNote } from '../../internal/sdk/text/backlog-note.ts';
import { cutBytes } from '../../internal/sdk/text/cut.ts';
import { cutEncoded, encodedBytes, fitMetadata } from '../../internal/sdk/text/encoded-size.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';
import { toUnixSeconds } from '../../internal/sdk/text/rfc3339.ts';

/**
 * https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#tags_length: an annotation whose tags are longer
 * as JSON than this default is refused.
 */
export const MAX_TAGS_BYTES = 500;
/** Grafana's columns for the two halves of a tag hold 100 characters. */
const MAX_HALF_CHARS = 100;
/** So that the tags of the object itself always fit. */
const MAX_FIXED_BYTES = 90;
const MAX_TEXT_BYTES = 16_000;

/** The request's body, with the bytes that Flux sends; metadata in the order of its keys. */
export function toAnnotation({ config, event, nowMs, occurredAtMs, precededBy }: RenderInput): string {
  const note = backlogNote(precededBy);
  return encodeGoJson({
    // Grafana does not read `when`. A region needs its true beginning, so there `time` stands beside it.
    when: toUnixSeconds(occurredAtMs),
    time: wantsResolution(config) ? (occurredAtMs ?? nowMs) : undefined,
    text: cutBytes(objectName(event.involvedObject), MAX_TEXT_BYTES - note.length) + note,
    tags: toTags(event),
  });
}

/** What makes an annotation a region: the time at which the object recovered. */
export function toRegionEnd({ nowMs, occurredAtMs }: RenderInput): string {
  return encodeGoJson({ timeEnd: occurredAtMs ?? nowMs });
}

function toTags({ involvedObject, metadata, reportingController }: RenderInput['event']): readonly string[] {
  const { kind, name, namespace } = involvedObject;
  const first = ['flux', cutEncoded(reportingController, MAX_FIXED_BYTES)];
  const last = Object.entries({ kind, name, namespace }).map(([key, value]) => `${key}: ${cutEncoded(value, MAX_FIXED_BYTES)}`);
  const brackets = 2;
  const usedBytes = [...first, ...last].reduce((sum, tag) => sum + encodedBytes(tag) + 1, brackets);
  const budget = { maxKeyChars: MAX_HALF_CHARS, maxValueChars: MAX_HALF_CHARS, maxBytes: MAX_TAGS_BYTES - usedBytes };
  const fitted = Object.entries(fitMetadata(metadata, budget)).map(([key, value]) => `${withoutColons(key)}: ${withoutColons(value)}`);
  return [...first, ...fitted, ...last];
}

/** Grafana takes what stands before the first colon for the key. */
function withoutColons(text: string): string {
  return text.replaceAll(':', '|');
}
