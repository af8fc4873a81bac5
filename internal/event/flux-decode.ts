// Decodes the body of a Flux event as the notification-controller does: names in any case, null leaves a field alone,
// repeated objects are merged, unknown fields are ignored, a wrong type refuses the whole body.
import { type JsonObject, type JsonValue, decodeGoJson } from './go-json-decode.ts';
import { foldName } from './go-text.ts';
import { type Instant, parseGoTime } from './go-time.ts';
import type { ObjectReference } from './event.ts';

/** An event as its sender wrote it, before metadata clean-up. */
export interface DecodedFlux {
  readonly involvedObject: ObjectReference;
  readonly severity: string;
  readonly timestamp: Instant | null;
  readonly message: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly reportingController: string;
  readonly reportingInstance: string;
}

/** Why a body is refused; the text names our fields and never quotes the body. */
export interface Invalid {
  readonly invalid: string;
}

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;
const TEXT_FIELDS = ['severity', 'message', 'reason', 'reportingController', 'reportingInstance'] as const;

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Writable<DecodedFlux> & { involvedObject: Writable<ObjectReference> };
/** Takes one member; the answer is what is wrong with it. */
type Field<T> = (target: T, value: JsonValue) => string | undefined;

const objectFields = byName<Writable<ObjectReference>>(OBJECT_FIELDS.map((name) => [name, textField(name, `involvedObject.${name}`)]));
const eventFields = byName<Draft>([
  ...TEXT_FIELDS.map((name) => [name, textField(name, name)] as const),
  ['involvedObject', takeInvolvedObject],
  ['metadata', takeMetadata],
  ['timestamp', takeTimestamp],
]);

/** The event in a body; `null` is the empty event. */
export function decodeFluxBody(text: string): DecodedFlux | Invalid {
  const root = decodeGoJson(text);
  if (root === undefined) return { invalid: 'the body is not one JSON value' };
  const draft = emptyEvent();
  if (root === null) return draft;
  if (typeof root !== 'object') return { invalid: 'the body must be a JSON object' };
  const fault = takeMembers(eventFields, draft, root);
  return fault === undefined ? draft : { invalid: fault };
}

function emptyEvent(): Draft {
  return {
    involvedObject: { apiVersion: '', kind: '', namespace: '', name: '', uid: '', resourceVersion: '', fieldPath: '' },
    severity: '',
    timestamp: null,
    message: '',
    reason: '',
    metadata: emptyMetadata(),
    reportingController: '',
    reportingInstance: '',
  };
}

function emptyMetadata(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

type Fields<T> = ReadonlyMap<string, Field<T>>;

/** Fields by their name, and by its folded form for senders that write it in another case. */
function byName<T>(fields: readonly (readonly [string, Field<T>])[]): Fields<T> {
  return new Map([...fields, ...fields.map(([name, field]) => [foldName(name), field] as const)]);
}

function takeMembers<T>(fields: Fields<T>, target: T, object: JsonObject): string | undefined {
  for (const [key, value] of object.members) {
    const field = fields.get(key) ?? fields.get(foldName(key));
    const fault = field?.(target, value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function textField<K extends string>(name: K, path: string): Field<Record<K, string>> {
  return (target, value) => {
    if (value === null) return undefined;
    if (typeof value !== 'string') return `field ${path} must be a string`;
    target[name] = value;
    return undefined;
  };
}

function takeInvolvedObject(draft: Draft, value: JsonValue): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'object') return 'field involvedObject must be an object';
  return takeMembers(objectFields, draft.involvedObject, value);
}

/** Unlike other fields, a null map is emptied; a null value in it is the empty string. */
function takeMetadata(draft: Draft, value: JsonValue): string | undefined {
  if (value === null) {
    draft.metadata = emptyMetadata();
    return undefined;
  }
  if (typeof value !== 'object') return 'field metadata must be an object';
  const metadata: Record<string, string> = draft.metadata;
  for (const [key, entry] of value.members) {
    if (entry !== null && typeof entry !== 'string') return 'the values of metadata must be strings';
    metadata[key] = entry ?? '';
  }
  return undefined;
}

function takeTimestamp(draft: Draft, value: JsonValue): string | undefined {
  if (value === null) {
    draft.timestamp = null;
    return undefined;
  }
  const instant = typeof value === 'string' ? parseGoTime(value) : undefined;
  if (instant === undefined) return 'field timestamp must be an RFC 3339 time';
  draft.timestamp = instant;
  return undefined;
}
