// Who holds the store: a small file with a process id, only for the message of the one who waits. The lock itself is the
// operating system's and goes with the process.
import { readFileSync, writeFileSync } from 'node:fs';

const OWNER_ONLY = 0o600;

export function writePid(path: string, pid: number): void {
  try {
    writeFileSync(pidPath(path), `${pid}\n`, { mode: OWNER_ONLY });
  } catch {
    // On a full disk the message of a second process is less helpful; nothing else depends on it.
  }
}

/** Names the process that holds the store, as far as it is known. */
export function describeHolder(path: string): string {
  try {
    const pid = readFileSync(pidPath(path), 'utf8').trim();
    return /^\d+$/.test(pid) ? `process ${pid}` : 'another process';
  } catch {
    return 'another process';
  }
}

function pidPath(path: string): string {
  return `${path}.pid`;
}
