// What a CEL expression of a Provider may look at: the event with combined metadata, the Provider and the Alert.
import type { FluxEvent } from '../event/event.ts';

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

/** An API server gives every object a generation; a manifest need not have one. */
function asReadBack(object: KubernetesObject): KubernetesObject {
  return { ...object, metadata: { generation: 1, ...object.metadata } };
}
