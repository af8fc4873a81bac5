// What Sentry is told: a failure is an event, a success is a transaction, as Flux has it, in an envelope.
// https://develop.sentry.dev/sdk/foundations/transport/envelopes/
import { createHash } from 'node:crypto';
import type { RenderInput } from '../../internal/sdk/provider.ts';
import { backlogNote } from '../../internal/sdk/text/backlog-note.ts';
import { cutChars } from '../../internal/sdk/text/cut.ts';
import { fitMetadata } from '../../internal/sdk/text/encoded-size.ts';
import { encodeGoJson } from '../../internal/sdk/text/go-json.ts';
import { toLocalRfc3339Nano } from '../../internal/sdk/text/rfc3339.ts';

/** https://docs.sentry.io/concepts/data-management/size-limits: larger events are refused, longer fields are cut unmarked. */
export const MAX_EVENT_BYTES = 1_000_000;
/** https://develop.sentry.dev/sdk/expected-features/data-handling/#variable-size */
const MAX_MESSAGE_CHARS = 8_192;
export const MAX_FIELD_CHARS = 200;
const MAX_CONTEXT_BYTES = 8_000;
const MAX_TAGS_BYTES = 100_000;
const METADATA = { maxKeyChars: MAX_FIELD_CHARS, maxBytes: MAX_CONTEXT_BYTES, maxValueChars: MAX_CONTEXT_BYTES };
const TAGS = { maxKeyChars: MAX_FIELD_CHARS, maxValueChars: MAX_FIELD_CHARS, maxBytes: MAX_TAGS_BYTES };

/** The variable of Sentry's clients that says it where nothing else does. */
export const ENVIRONMENT = 'SENTRY_ENVIRONMENT';
const SDK = { name: 'tocsin', version: '1.0.0' } as const;
/** How this client names itself in the X-Sentry-Auth header. */
export const CLIENT = `${SDK.name}/${SDK.version}`;

/** Header, item header and payload, each on its line. */
export function toEnvelope(input: RenderInput, dsn: string): string {
  const payload = encodeGoJson(toPayload(input));
  const type = input.event.severity === 'info' ? 'transaction' : 'event';
  const header = { event_id: eventIdOf(input), sent_at: new Date(input.nowMs).toISOString().replace(/\.?0*Z$/, 'Z'), dsn, sdk: SDK };
  return [encodeGoJson(header), encodeGoJson({ type, length: Buffer.byteLength(payload) }), payload, ''].join('\n');
}

function toPayload(input: RenderInput): object {
  const { severity } = input.event;
  if (severity === 'error') return toFailure(input);
  return severity === 'info' ? toTransaction(input) : toException(input);
}

function toFailure(input: RenderInput): object {
  const metadata = fitMetadata(input.event.metadata, METADATA);
  return { ...toHead(input, 'error', { metadata }), message: toMessage(input), transaction: toName(input) };
}

function toTransaction(input: RenderInput): object {
  const trace = { trace_id: digest(input, 'trace').slice(0, 32), span_id: digest(input, 'span').slice(0, 16), op: 'event' };
  const tags = toTags(input);
  // Flux's client fills in the time of the transaction alone, and leaves that of its span at zero.
  const at = toLocalRfc3339Nano(input.occurredAtMs);
  return {
    ...toHead(input, 'info', { trace }),
    type: 'transaction',
    message: toMessage(input),
    transaction: toName(input),
    tags,
    start_timestamp: at,
    spans: [{ ...trace, tags, start_timestamp: at, timestamp: at, origin: 'manual' }],
  };
}

/** Flux's client has no event for other severities and reports just that; the stack trace says what the event was. */
function toException(input: RenderInput): object {
  const { event } = input;
  const frame = {
    function: toName(input),
    module: cutChars(event.reason, MAX_FIELD_CHARS),
    context_line: toMessage(input),
    vars: fitMetadata(event.metadata, METADATA),
  };
  const exception = { type: 'sentry.usageError', value: 'CaptureEvent called with nil event', stacktrace: { frames: [frame] } };
  return { ...toHead(input, 'error', {}), exception: [exception] };
}

/** The fields of every event. */
function toHead(input: RenderInput, level: 'error' | 'info', contexts: object): object {
  const { config, environment, event } = input;
  return {
    event_id: eventIdOf(input),
    timestamp: timeOf(input),
    platform: 'other',
    level,
    release: `${SDK.name}@${SDK.version}`,
    environment: nonEmpty(cutChars(config.channel || (environment?.[ENVIRONMENT] ?? ''), MAX_FIELD_CHARS)),
    server_name: cutChars(event.reportingController, MAX_FIELD_CHARS),
    contexts: { device: {}, os: {}, runtime: { name: 'node' }, ...contexts },
    modules: {},
    sdk: SDK,
  };
}

function toTags({ event }: RenderInput): Readonly<Record<string, string>> {
  const { kind, name, namespace } = event.involvedObject;
  const fixed = {
    flux_involved_object_kind: kind,
    flux_involved_object_name: name,
    flux_involved_object_namespace: namespace,
    flux_reporting_controller: event.reportingController,
    flux_reporting_instance: event.reportingInstance,
    flux_reason: event.reason,
  };
  const tags = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(fixed)) tags[key] = cutChars(value, MAX_FIELD_CHARS);
  return Object.assign(tags, fitMetadata(event.metadata, TAGS));
}

function toName({ event }: RenderInput): string {
  const { kind, namespace, name } = event.involvedObject;
  return cutChars(`${kind}: ${namespace}/${name}`, MAX_FIELD_CHARS);
}

function toMessage({ event, precededBy }: RenderInput): string | undefined {
  const note = backlogNote(precededBy);
  return nonEmpty(cutChars(event.message, MAX_MESSAGE_CHARS - note.length) + note);
}

/** Equal in every repeat, so that Sentry keeps one of them: the delivery's own id without its dashes where it is a UUID. */
function eventIdOf(input: RenderInput): string {
  const id = input.deliveryId.replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(id) ? id : digest(input, 'event').slice(0, 32);
}

function digest({ deliveryId }: RenderInput, purpose: string): string {
  return createHash('sha256').update(`${purpose} ${deliveryId}`).digest('hex');
}

/** An event without a time happened now. */
function timeOf({ nowMs, occurredAtMs }: RenderInput): string {
  return toLocalRfc3339Nano(occurredAtMs ?? nowMs);
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}
