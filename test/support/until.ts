// Waiting for something to come true without sleeping: the event loop turns until it is.
import { setImmediate } from 'node:timers/promises';

const LIMIT_MS = 10_000;

/** Resolves when `condition` holds; rejects with `what` when it does not within 10 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await setImmediate();
  }
}

/** Lets everything that needs no time and no input come to rest. */
export async function settleDown(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}
