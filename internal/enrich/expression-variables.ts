// What a CEL expression of a Provider may look at: the event with combined metadata, the Provider and the Alert.
import type { FluxEvent } from '../event/event.ts';
import { normalizeDuration } from './go-duration.ts';

/** A manifest as far as an expression needs to know it. */
export interface KubernetesObject {
  readonly metadata: object;
  readonly [field: string]: unknown;
}

/** The variables `event`, `provider` and `alert`. */
export function expressionVariables(parts: {
  readonly event: FluxEvent;
  readonly provider: KubernetesObject;
  readonly alert: KubernetesObject;
}): Readonly<Record<string, unknown>> {
  return { event: toFields(parts.event), provider: asReadBack(parts.provider), alert: asReadBack(parts.alert) };
}

/** The event's JSON as an expression sees it: empty optional fields are not there. */
function toFields(event: FluxEvent): Record<string, unknown> {
  const { metadata, reportingInstance, ...rest } = event;
  return {
    ...rest,
    involvedObject: Object.fromEntries(Object.entries(event.involvedObject).filter(([, value]) => value !== '')),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    ...(reportingInstance === '' ? {} : { reportingInstance }),
  };
}

/** Kept also when they are empty. */
const REQUIRED: ReadonlySet<string> = new Set(['eventSources', 'kind', 'name', 'providerRef', 'type']);
const DURATIONS: ReadonlySet<string> = new Set(['interval', 'timeout']);
/** What users choose the keys of. */
const PAIRS: ReadonlySet<string> = new Set(['annotations', 'eventMetadata', 'labels', 'matchLabels']);
const FIELDS: readonly string[] = ['apiVersion', 'kind'];

/** The object as the reference reads it from an API server: empty optional fields are gone, and it has a generation. */
function asReadBack(object: KubernetesObject): Record<string, unknown> {
  const { metadata, spec } = object;
  const { generation = 1, ...names } = metadata as { readonly generation?: unknown };
  return {
    ...Object.fromEntries(FIELDS.map((field) => [field, object[field]])),
    metadata: { generation: Number.isInteger(generation) ? BigInt(generation as number) : generation, ...fieldsOf(names) },
    ...(spec === undefined ? {} : { spec: withoutEmpty(spec) }),
  };
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  return typeof value === 'object' && value !== null ? fieldsOf(value) : value;
}

function fieldsOf(value: object): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined || (isEmpty(field) && !REQUIRED.has(name))) continue;
    kept[name] = PAIRS.has(name)
      ? field
      : DURATIONS.has(name) && typeof field === 'string'
        ? normalizeDuration(field)
        : withoutEmpty(field);
  }
  return kept;
}

function isEmpty(field: unknown): boolean {
  if (field === '' || field === false || field === null) return true;
  return typeof field === 'object' && Object.keys(field).length === 0;
}
