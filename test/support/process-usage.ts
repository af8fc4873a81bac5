// What a process uses, read from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessUsage {
  readonly rssMb: number;
  /** The most it ever had. */
  readonly peakRssMb: number;
  readonly sockets: number;
  readonly files: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
}

const TICKS_PER_SECOND = 100;

/** Linux only. */
export function readUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number => Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024);
  const descriptors = readdirSync(`/proc/${pid}/fd`).map((descriptor) => targetOf(`/proc/${pid}/fd/${descriptor}`));
  // The fields after the command, which stands in parentheses and may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return {
    rssMb: megabytes('VmRSS'),
    peakRssMb: megabytes('VmHWM'),
    sockets: descriptors.filter((target) => target.startsWith('socket:')).length,
    files: descriptors.length,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed between listing and reading.
    return '';
  }
}

/** Looks every `everyMs` until stopped. */
export function watchUsage(pid: number, everyMs: number): { stop(): readonly ProcessUsage[] } {
  const samples: ProcessUsage[] = [];
  const timer = setInterval(() => {
    try {
      samples.push(readUsage(pid));
    } catch {
      // The process has ended; what was seen before stays.
      clearInterval(timer);
    }
  }, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return samples;
    },
  };
}
