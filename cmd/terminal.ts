// Where commands print, and what they know of the outside; injected so that a command is driven in a test.
import { createInterface } from 'node:readline/promises';

export interface Terminal {
  /** One line or block to standard output. */
  print(text: string): void;
  /** One line to standard error: remarks and progress, which belong in no pipe. */
  note(text: string): void;
  /** A person reads standard error. */
  readonly isWatched: boolean;
  /** That person can answer. */
  readonly isInteractive: boolean;
  /** Asks that person; anything but a clear yes is a no. */
  confirm(question: string): Promise<boolean>;
  nowMs(): number;
}

/** The terminal, pipe or file that this process was started with. */
export const systemTerminal: Terminal = {
  print: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
  isWatched: process.stderr.isTTY,
  isInteractive: process.stdin.isTTY && process.stderr.isTTY,
  confirm,
  nowMs: () => Date.now(),
};

async function confirm(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and the end of the input are answers too.
  const left = new Promise<string>((resolve) => {
    reader.once('close', () => resolve(''));
    reader.once('SIGINT', () => {
      process.stderr.write('\n');
      reader.close();
    });
  });
  const answer = await Promise.race([reader.question(`${question} [y/N] `).catch(() => ''), left]);
  reader.close();
  return /^y(es)?$/i.test(answer.trim());
}
