// From what the API server sends to objects.
import { KubeError, type Attempted } from './kube-error.ts';
import { apiVersionOf } from './paths.ts';
import type { KubeObject, Resource } from './ports.ts';

/** A part of a list. */
export interface Page {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continue: string;
}

/** Adds the kind where lists leave it out, and where metadata-only answers hide it. */
export function toObject(value: unknown, resource: Resource, attempted: Attempted): KubeObject {
  const { metadata } = (value ?? {}) as Partial<KubeObject>;
  if (typeof metadata?.name !== 'string') throw unreadable(attempted, 'the answer is no object with a name');
  return { ...(value as KubeObject), apiVersion: apiVersionOf(resource), kind: resource.kind };
}

/** One page of a list. */
export function toPage(value: unknown, resource: Resource, attempted: Attempted): Page {
  const { items, metadata } = (value ?? {}) as { items?: unknown; metadata?: { resourceVersion?: string; continue?: string } };
  // An empty list of Go is null.
  if (!Array.isArray(items ?? [])) throw unreadable(attempted, 'the answer is no list');
  return {
    items: ((items ?? []) as unknown[]).map((item) => toObject(item, resource, attempted)),
    resourceVersion: metadata?.resourceVersion ?? '',
    continue: metadata?.continue ?? '',
  };
}

/** `managedFields` are often the larger half of an object and of no use to whoever keeps it. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Something answered that is no API server, or none that we understand. */
export function unreadable({ what }: Attempted, detail: string): KubeError {
  return new KubeError(`cannot ${what}: ${detail}`, { status: 0, reason: 'Unreachable' });
}
