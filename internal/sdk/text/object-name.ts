// How messages name the object that an event is about.
import type { ObjectReference } from '../../event/event.ts';
import { lowerGo } from '../../event/go-text.ts';

/** `kustomization/webapp.apps`: the lower-case kind, the name and the namespace. */
export function objectName(object: Pick<ObjectReference, 'kind' | 'namespace' | 'name'>): string {
  return `${lowerGo(object.kind)}/${object.name}.${object.namespace}`;
}

/** The text up to its first line feed. */
export function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}
