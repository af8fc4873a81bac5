// Long work that leaves the event loop to others in between.

/** Parsing pauses this often so that requests are answered meanwhile. */
const SLICE_MS = 10;

/** Gives other work a turn when this one has taken long enough. */
export interface Pace {
  rest(): Promise<void>;
}

/** Shares the event loop: `rest` yields once a slice of time is used up. */
export function createPace(monotonicMs: () => number): Pace {
  let startMs = monotonicMs();
  return {
    rest: async () => {
      if (monotonicMs() - startMs < SLICE_MS) return;
      await new Promise((resolve) => setImmediate(resolve));
      startMs = monotonicMs();
    },
  };
}
