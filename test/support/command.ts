// Runs the program's commands as processes, the way a person or a pipeline does.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CommanderError } from 'commander';
import { createProgram } from '../../cmd/program.ts';
import type { Terminal } from '../../cmd/terminal.ts';
import { PROGRAM, type Product } from './product.ts';

/** How a command ended and what it said. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The flags by which a command finds this server; `store` is its file. */
export function flagsToAsk({ addresses: { admin } }: Pick<Product, 'addresses'>, store: string): string[] {
  return ['--store', `sqlite:${store}`, '--admin-addr', `${admin.host}:${admin.port}`];
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

/** The same in this process, for tables of cases that would else spend their time on starting processes; nobody can be asked. */
export function runHere(...args: readonly string[]): Promise<Ran> {
  return runOn({}, ...args);
}

/** The same on a terminal of one's own, such as one on which somebody answers. */
export async function runOn(terminal: Partial<Terminal>, ...args: readonly string[]): Promise<Ran> {
  const [out, errors]: [string[], string[]] = [[], []];
  const program = createProgram({
    print: (text) => void out.push(`${text}\n`),
    note: (text) => void errors.push(`${text}\n`),
    isWatched: false,
    isInteractive: false,
    confirm: async () => false,
    nowMs: () => Date.now(),
    ...terminal,
  });
  for (const command of program.commands) {
    command.configureOutput({ writeOut: (text) => void out.push(text), writeErr: (text) => void errors.push(text) });
  }
  const codeBefore = process.exitCode;
  process.exitCode = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    const usageCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
    process.exitCode = error instanceof CommanderError ? usageCode : 1;
    if (!(error instanceof CommanderError)) errors.push(`${String(error)}\n`);
  }
  const code: number = process.exitCode;
  process.exitCode = codeBefore;
  return { code, stdout: out.join(''), stderr: errors.join('') };
}
