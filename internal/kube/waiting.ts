// Waiting that a clock ends or a signal breaks off.
import type { Clock } from '../sdk/ports.ts';

interface Deadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly toError: () => Error;
}

/** Runs `work` with a signal that is aborted after the time-out, and when the outer signal is. */
export async function withDeadline<Result>(
  { clock, timeoutMs, signal, toError }: Deadline,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const inner = new AbortController();
  const onAbort = (): void => inner.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.schedule(timeoutMs, () => inner.abort(toError()));
  try {
    return await work(inner.signal);
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Waits no longer than the signal allows, for work that may be slow to notice it. */
export async function unlessAborted<Result>(signal: AbortSignal | undefined, work: Promise<Result>): Promise<Result> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves after this time; rejects with the signal's reason when that comes first. */
export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Full jitter: any time up to twice the last bound, so that many clients do not come back together. */
export function backOffMs(failures: number, { baseMs, capMs }: { baseMs: number; capMs: number }, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.max(0, failures - 1));
}
