// Commit statuses: which events are about them, and under which name one is set.
import type { FluxEvent, Metadata } from '../event/event.ts';
import { lowerGo } from '../event/go-text.ts';
import { COMMIT_STATUS_UPDATE, EVENT_PREFIX, METADATA_KEYS } from '../event/metadata.ts';
import { type CompiledExpression, ExpressionError } from '../expr/cel.ts';
import { expressionVariables, type KubernetesObject } from './expression-variables.ts';

/** True for an event that says nothing but that a commit status is to be brought up to date. */
export function isCommitStatusUpdate(metadata: Metadata, group: string): boolean {
  return metadata[`${group}/${METADATA_KEYS.commitStatus}`] === COMMIT_STATUS_UPDATE;
}

/** The commit that the object's annotations name, before combination; an Alert cannot provide it. */
export function annotatedCommit(metadata: Metadata): string {
  return metadata[EVENT_PREFIX + METADATA_KEYS.commit] ?? '';
}

/** The change request that the object's annotations name, before combination. */
export function annotatedChangeRequest(metadata: Metadata): string {
  return metadata[EVENT_PREFIX + METADATA_KEYS.changeRequest] ?? '';
}

/** The part of a Target that its commit statuses are named by. */
export interface StatusSource {
  readonly ref: { readonly uid: string };
  readonly statusExpression: CompiledExpression | { readonly error: string } | null;
  /** The whole Provider. */
  readonly object: KubernetesObject;
}

export type StatusId = { readonly id: string } | { readonly error: string };

const PREFIX = 'failed to create commit status: failed to evaluate the spec.commitStatusExpr CEL expression for the event: ';

/** The context of the commit status for an event with combined metadata, or what a person must mend; never throws. */
export function statusId(source: StatusSource, alert: KubernetesObject, event: FluxEvent): StatusId {
  const expression = source.statusExpression;
  if (expression === null) return { id: defaultStatusId(event, source.ref.uid) };
  if ('error' in expression) return { error: `${PREFIX}failed to compile expression: ${expression.error}` };
  try {
    const id = expression.evaluate(expressionVariables({ event, provider: source.object, alert }));
    return typeof id === 'string' && id !== '' ? { id } : { error: 'commit status cannot be empty' };
  } catch (cause) {
    if (!(cause instanceof ExpressionError)) throw cause;
    return { error: `${PREFIX}${cause.message}` };
  }
}

/** `<kind>/<name>/<first part of the Provider's uid>`, in lower case; the namespace is not part of it, as in Flux. */
function defaultStatusId(event: FluxEvent, uid: string): string {
  const { kind, name } = event.involvedObject;
  return lowerGo(`${kind}/${name}/${uid.split('-', 1)[0] ?? ''}`);
}
