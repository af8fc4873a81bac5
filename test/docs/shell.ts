// One bash for many commands, with what each printed and how it ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

const END = 'end of step';
const STEP_MS = 60_000;
const CLOSE_MS = 10_000;

export interface Shell {
  /** Runs the lines of a file in the shell itself, so that variables and jobs stay; `$?` is `before` at first. */
  source(file: string, before: number): Promise<{ readonly code: number; readonly output: string }>;
  /** Ends the shell and all that it left running. */
  close(): Promise<void>;
}

/** Programs of `bin` come before all others. */
export function startShell({ bin, home }: { readonly bin: string; readonly home: string }): Shell {
  const env = { PATH: `${bin}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, HOME: home, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
  const child = spawn('bash', ['--noprofile', '--norc'], { cwd: home, env, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  child.stdin.write('exec 2>&1\n');
  const output = new Output(child.stdout.setEncoding('utf8'));
  return {
    source: async (file, before) => {
      output.clear();
      child.stdin.write(`(exit ${before}); source '${file}' </dev/null; printf '\\n${END} %s\\n' $?\n`);
      const [printed = '', code] = await output.until(new RegExp(`^([^]*?)\n${END} (\\d+)\n`), STEP_MS);
      // A shell that ended in the middle of the file says no code of its own.
      return { output: printed, code: code === undefined ? 1 : Number(code) };
    },
    close: () => endGroup(child),
  };
}

/** What a stream has said since it was last cleared. */
class Output {
  #text = '';
  #hasEnded = false;
  #onChange: () => void = () => undefined;

  constructor(stream: Readable) {
    stream.on('data', (text: string) => {
      this.#text += text;
      this.#onChange();
    });
    stream.once('end', () => {
      this.#hasEnded = true;
      this.#onChange();
    });
  }

  clear(): void {
    this.#text = '';
  }

  /** The groups of the pattern; all of the text and nothing else when the stream ends first. */
  async until(pattern: RegExp, limitMs: number): Promise<readonly (string | undefined)[]> {
    const signal = AbortSignal.timeout(limitMs);
    while (!signal.aborted) {
      const match = pattern.exec(this.#text);
      if (match !== null) return match.slice(1);
      if (this.#hasEnded) return [this.#text];
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    throw new Error(`it has not ended after ${limitMs / 1000} s:\n${this.#text}`);
  }
}

/** As closing the terminal would. */
async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  const endMs = performance.now() + CLOSE_MS;
  signalGroup(pid, 'SIGTERM');
  while (signalGroup(pid, 0) && performance.now() < endMs) await pause(20);
  signalGroup(pid, 'SIGKILL');
  await exited;
}

/** Whether there was anybody to tell. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    // Nothing of the group is left.
    return false;
  }
}
