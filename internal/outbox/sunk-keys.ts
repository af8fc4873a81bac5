// Operations of one batch that run again one by one: what a failed append takes along.
import type { Failure, Operation } from './operations.ts';

/** A duplicate of an event of the same batch that could not be stored could not be stored either. */
export function sunkWith(operation: Operation, failedKeys: ReadonlyMap<string, Failure>): Failure | undefined {
  if (operation.kind !== 'append' || failedKeys.size === 0) return undefined;
  for (const { dedupKey } of operation.entries) {
    const failure = dedupKey === null ? undefined : failedKeys.get(dedupKey);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Remembers the dedup keys of an append that failed. */
export function noteFailedKeys(operation: Operation, failure: Failure, failedKeys: Map<string, Failure>): void {
  if (operation.kind !== 'append') return;
  for (const { dedupKey } of operation.entries) if (dedupKey !== null) failedKeys.set(dedupKey, failure);
}
