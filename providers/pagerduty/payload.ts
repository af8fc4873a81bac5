// Flux's two events for PagerDuty, within PagerDuty's budgets.
import { createHash } from 'node:crypto';
import { statusDescription } from '../../internal/sdk/git/status.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { backlogNote } from '../../internal/sdk/text/backlog-note.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { cutEncoded, fitMetadata } from '../../internal/sdk/text/encoded-size.ts';
import { encodeGoJson, lowerGo } from '../../internal/sdk/text/go-json.ts';
import { toLocalRfc3339 } from '../../internal/sdk/text/rfc3339.ts';

/** https://developer.pagerduty.com/docs/send-alert-event: longer summaries and larger events are refused. */
export const MAX_SUMMARY_CHARS = 1_024;
export const MAX_BODY_BYTES = 512_000;
const MAX_DEDUP_KEY_CHARS = 255;
/** The shares of the body, which leave the rest for the fixed fields. */
const MAX_MESSAGE_BYTES = 300_000;
const METADATA = { maxKeyChars: 1_000, maxValueChars: 20_000, maxBytes: 150_000 };

/** Triggers for a failure; anything else resolves. */
export function toAlertEvent(input: RenderInput): string {
  const { config, event } = input;
  const isFailure = event.severity === 'error';
  const { kind, name, uid } = event.involvedObject;
  const head = { routing_key: config.channel, event_action: isFailure ? 'trigger' : 'resolve', dedup_key: toDedupKey(uid) };
  if (!isFailure) return encodeGoJson(head);
  const { summary, source, timestamp, custom_details } = toDetails(input);
  return encodeGoJson({
    ...head,
    payload: {
      summary,
      source,
      severity: 'error',
      timestamp,
      component: cutChars(name, MAX_SUMMARY_CHARS),
      group: cutChars(kind, MAX_SUMMARY_CHARS),
      custom_details,
    },
  });
}

/** Records that something changed; nobody is called for it. */
export function toChangeEvent(input: RenderInput): string {
  return encodeGoJson({ routing_key: input.config.channel, payload: toDetails(input) });
}

function toDetails({ event, occurredAtMs, precededBy }: RenderInput) {
  const { kind, name } = event.involvedObject;
  const note = backlogNote(precededBy);
  return {
    summary: cutChars(`${statusDescription(event.reason)}: ${lowerGo(kind)}/${name}`, MAX_SUMMARY_CHARS),
    source: cutChars(`Flux ${event.reportingController}`, MAX_SUMMARY_CHARS),
    timestamp: toLocalRfc3339(occurredAtMs),
    custom_details: {
      message: cutEncoded(event.message, MAX_MESSAGE_BYTES) + note,
      metadata: fitMetadata(event.metadata, METADATA),
    },
  };
}

/** A key that is too long is replaced by its hash, since a cut one could be that of another object. */
function toDedupKey(uid: string): string | undefined {
  if (uid === '') return undefined;
  return uid.length <= MAX_DEDUP_KEY_CHARS ? uid : createHash('sha256').update(uid).digest('hex');
}
