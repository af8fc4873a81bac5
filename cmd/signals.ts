// Ending: the first signal asks, the second insists.

/** Keeps the process alive until it is told to stop. */
export async function untilStopped(stopped = firstSignal()): Promise<NodeJS.Signals> {
  // Timers of the program do not keep it alive, so that a finished drain ends it; this one does until then.
  const keepAlive = setInterval(() => undefined, 60_000);
  const signal = await stopped;
  clearInterval(keepAlive);
  return signal;
}

/** Resolves with the first SIGTERM or SIGINT; a second one ends the process with exit code 1. */
export async function firstSignal(): Promise<NodeJS.Signals> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve);
  });
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.removeAllListeners(name);
    process.once(name, () => process.exit(1));
  }
  return signal;
}

/** Aborted by the first SIGTERM or SIGINT; a second one ends the process with exit code 1. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, onSignal);
  return controller.signal;
}
