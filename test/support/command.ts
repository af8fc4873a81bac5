// Runs the program's commands as processes, the way a person or a pipeline does.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PROGRAM } from './product.ts';

/** How a command ended and what it said. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tocsin …` in a pipe, with colours asked for as far as the environment can. */
export async function runTocsin(...args: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', TZ: 'UTC', FORCE_COLOR: '1', TERM: 'xterm-256color' };
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [PROGRAM, ...args], { env, maxBuffer: 64 * 1024 * 1024 })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Ran;
    return { code, stdout, stderr };
  }
}
