// Progress of long work: a line on standard error now and then, more seldom where nobody watches.
import type { Terminal } from './terminal.ts';

const WATCHED_MS = 1_000;
/** In the log of a pipeline. */
const UNWATCHED_MS = 5_000;

/** Says how far it is, when there is something to wait for; short work passes in silence. */
export function createProgress(terminal: Pick<Terminal, 'isWatched' | 'note' | 'nowMs'>): (describe: () => string) => void {
  const everyMs = terminal.isWatched ? WATCHED_MS : UNWATCHED_MS;
  let saidMs = terminal.nowMs();
  return (describe) => {
    const nowMs = terminal.nowMs();
    if (nowMs - saidMs < everyMs) return;
    saidMs = nowMs;
    terminal.note(describe());
  };
}
