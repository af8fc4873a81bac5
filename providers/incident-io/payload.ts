// Flux's alert event for incident.io.
import { createHash } from 'node:crypto';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { backlogNote } from '../../internal/sdk/text/backlog-note.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { cutEncoded, fitMetadata } from '../../internal/sdk/text/encoded-size.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { objectName } from '../../internal/sdk/text/object-name.ts';

/**
 * incident.io names no limits in its reference. This is the one that Alertmanager keeps for it:
 * https://prometheus.io/docs/alerting/latest/configuration/#incidentio_config
 */
export const MAX_BODY_BYTES = 512 * 1024;
const MAX_NAME_CHARS = 1_000;
/** The shares of the body, which leave the rest for the fixed fields. */
const MAX_DESCRIPTION_BYTES = 300_000;
const METADATA = { maxKeyChars: 1_000, maxValueChars: 20_000, maxBytes: 150_000 };

/** The request's body, with the bytes that Flux sends. */
export function toAlertEvent({ event, precededBy }: RenderInput): string {
  const { involvedObject, severity } = event;
  const reason = cutChars(event.reason, MAX_NAME_CHARS);
  return encodeGoJson({
    title: `${cutChars(objectName(involvedObject), MAX_NAME_CHARS)}: ${reason}`,
    status: severity === 'error' ? 'firing' : 'resolved',
    deduplication_key: toDeduplicationKey(involvedObject.uid),
    description: nonEmpty(cutEncoded(event.message, MAX_DESCRIPTION_BYTES) + backlogNote(precededBy)),
    metadata: Object.assign(Object.create(null) as Record<string, string>, fitMetadata(event.metadata, METADATA), {
      severity: cutChars(severity, MAX_NAME_CHARS),
      reason,
      ...(event.reportingController === '' ? {} : { reportingController: cutChars(event.reportingController, MAX_NAME_CHARS) }),
    }),
  });
}

/** A key that would take too much room is replaced by its hash, since a cut one could be that of another object. */
function toDeduplicationKey(uid: string): string {
  return uid.length <= MAX_NAME_CHARS ? uid : createHash('sha256').update(uid).digest('hex');
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}
