// Alerts that resolve: what an event says about the health of its object, and whether a Provider wants what a failure opened
// to be closed by the recovery.
import type { FluxEvent } from '../event/event.ts';
import type { LaneInput, ResolvedConfig } from './provider.ts';

/** On a Provider; without it a type sends what Flux sends. */
export const RESOLVE_ANNOTATION = 'tocsin.dev/resolve';

/** Flux reports these with severity `info` although nothing has recovered: work goes on, waits, or was given up. */
const UNFINISHED_REASON = /^Progressing|(?:NotReady|Failed|Canceled|Suspended)$/;

export type Turn = 'failed' | 'recovered' | 'unfinished';

/** What the event says of its object. */
export function turnOf({ severity, reason }: FluxEvent): Turn {
  const level = severity.toLowerCase();
  if (level !== 'info' && level !== 'trace') return 'failed';
  return level === 'trace' || UNFINISHED_REASON.test(reason) ? 'unfinished' : 'recovered';
}

/** Whether the Provider asks that recoveries close what failures opened. */
export function wantsResolution({ annotations = {} }: Partial<Pick<ResolvedConfig, 'annotations'>>): boolean {
  return Object.hasOwn(annotations, RESOLVE_ANNOTATION) && annotations[RESOLVE_ANNOTATION] === 'enabled';
}

/**
 * The lane of an object whose state somebody is called for: a newer event replaces older ones that wait, and an older one is
 * never sent after a newer one, or a failure that was late would open again what its recovery has closed. Events that a type
 * passes over have a lane beside it, since as the newest they would stand for a failure that nobody was told of.
 */
export function stateLane({ target, event }: LaneInput, isPassedOver: boolean): readonly string[] {
  const { kind, namespace, name } = event.involvedObject;
  const object = [target.namespace, target.name, target.uid, kind, namespace, name];
  return isPassedOver ? ['aside', ...object] : ['state', ...object];
}
