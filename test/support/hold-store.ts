// A process of its own that opens the store named on its command line, appends one event and holds on until it is killed.
import { openSqliteOutbox } from '../../internal/outbox/sqlite/outbox.ts';
import { anAppend, anEvent, projectBody } from './outbox.ts';

const clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

const outbox = await openSqliteOutbox({
  path: process.argv[2] ?? '',
  project: projectBody,
  clock,
  random: Math.random,
  reserveBytes: 4096,
});
await outbox.append([anAppend(anEvent('held'))]);
process.stdout.write('held\n');
