// The real clock.
import { performance } from 'node:perf_hooks';
import type { Clock } from '../internal/sdk/ports.ts';

/** Wall and monotonic time of this machine; its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
