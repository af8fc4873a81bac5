// Flux's alert for Alertmanager, and the alert with a beginning and an end, which Flux does not know.
import { turnOf } from '../../internal/sdk/lifecycle.ts';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { backlogNote } from '../../internal/sdk/text/backlog-note.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { toLocalRfc3339, ZERO_TIME } from '../../internal/sdk/text/rfc3339.ts';
import { toTitleCase } from './title-case.ts';

/** How long a failure is held that neither recovers nor is repeated: as long as a delivery may be under way. */
const HOLD_MS = 24 * 60 * 60 * 1_000;
/** Metadata that changes from event to event of one object; as labels they would make a recovery another alert. */
const CHANGING_KEYS: ReadonlySet<string> = new Set([
  'app-version',
  'change_request',
  'checksum',
  'commit',
  'commit_status',
  'digest',
  'oci-digest',
  'originRevision',
  'revision',
  'token',
]);

type Texts = Readonly<Record<string, string>>;

/** The alert as Flux sends it: every reason is an alert of its own, fires, and ends when Alertmanager gives up waiting. */
export function toFiringAlert(input: RenderInput): string {
  const { event, occurredAtMs } = input;
  const { involvedObject, reason } = event;
  const labels = record(withoutSummary(event.metadata), {
    alertname: `Flux${involvedObject.kind}${toTitleCase(reason)}`,
    severity: event.severity,
    reason,
    kind: involvedObject.kind,
    name: involvedObject.name,
    namespace: involvedObject.namespace,
    reportingcontroller: event.reportingController,
  });
  return encodeAlert({
    status: 'firing',
    labels,
    annotations: annotationsOf(input),
    startsAt: toLocalRfc3339(occurredAtMs),
    endsAt: ZERO_TIME,
  });
}

/**
 * The alert of an object that fails or failed: labels hold only what is equal for failure and recovery, the rest are
 * annotations. A failure lasts until the recovery says when it ended.
 */
export function toLastingAlert(input: RenderInput): string {
  const { event, nowMs } = input;
  const { kind, name, namespace } = event.involvedObject;
  const steady = withoutSummary(event.metadata).filter(([key]) => !CHANGING_KEYS.has(key));
  const changing = withoutSummary(event.metadata).filter(([key]) => CHANGING_KEYS.has(key));
  const labels = record(steady, { alertname: `Flux${kind}Failed`, severity: 'error', kind, name, namespace });
  const told = { ...annotationsOf(input), reason: event.reason, reportingcontroller: event.reportingController };
  const startsAtMs = input.occurredAtMs ?? nowMs;
  const isOver = turnOf(event) === 'recovered';
  return encodeAlert({
    status: isOver ? 'resolved' : 'firing',
    labels,
    annotations: record(changing, told),
    startsAt: toLocalRfc3339(startsAtMs),
    endsAt: toLocalRfc3339(isOver ? startsAtMs : Math.max(nowMs, startsAtMs) + HOLD_MS),
  });
}

interface Alert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly startsAt: string;
  readonly endsAt: string;
}

function encodeAlert(alert: Alert): string {
  return encodeGoJson([alert]);
}

function annotationsOf({ event, precededBy }: RenderInput): Texts {
  const summary = Object.hasOwn(event.metadata, 'summary') ? { summary: event.metadata['summary'] ?? '' } : {};
  return record([], { message: event.message + backlogNote(precededBy), ...summary });
}

function withoutSummary(metadata: RenderInput['event']['metadata']): readonly (readonly [string, string])[] {
  return Object.entries(metadata).filter(([key]) => key !== 'summary');
}

/** A record that JSON encodes as a map; `fixed` wins over entries. */
function record(entries: readonly (readonly [string, string])[], fixed: Texts): Texts {
  const result = Object.create(null) as Record<string, string>;
  for (const [key, value] of entries) result[key] = value;
  return Object.assign(result, fixed);
}
