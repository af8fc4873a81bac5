// Waiting for something to come true: in this process without sleeping, while the event loop turns; of others by asking again.
import { setImmediate, setTimeout } from 'node:timers/promises';

const LIMIT_MS = 10_000;
const PROCESS_LIMIT_MS = 30_000;
const ASK_EVERY_MS = 25;

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

/** Resolves when the condition holds; for other processes, which need real time. */
export async function untilTrue(condition: () => boolean | Promise<boolean>, what: string, withinMs = PROCESS_LIMIT_MS): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await setTimeout(ASK_EVERY_MS);
  }
}
