#!/usr/bin/env node
// The program. Exit codes: 0 fine, 1 findings or failure, 2 usage.
import { type Command, CommanderError } from 'commander';
import { ListenError } from '../internal/intake/http-listener.ts';
import { StoreError } from '../internal/outbox/store.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';
import { AdminError } from './admin-client.ts';
import { createAskingProgram, isAsking } from './asking-program.ts';
import { InputError } from './event-input.ts';
import { StartupError } from './listen.ts';
import { concealStore } from './store-location.ts';
import { systemTerminal } from './terminal.ts';

/** Errors whose message tells a person what to do; any other is a bug and shows its stack. */
const MENDABLE = [AdminError, ConfigFault, InputError, ListenError, StartupError, StoreError];

// Everybody on this machine may read the command lines of its processes.
const concealed = concealStore(process.argv.slice(2));
if (concealed !== undefined) process.title = `tocsin ${concealed}`;

// Whoever reads the output may stop early, as `| head` does: that is no failure, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`tocsin: the output cannot be written: ${error.message}\n`);
  process.exit(1);
});

try {
  await (await openProgram(process.argv[2])).parseAsync();
} catch (error) {
  process.exitCode = toExitCode(error);
}

/** What a command does not need is not loaded. */
async function openProgram(word: string | undefined): Promise<Command> {
  if (isAsking(word)) return createAskingProgram(systemTerminal);
  const { createProgram } = await import('./program.ts');
  return createProgram(systemTerminal);
}

function toExitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  const isExpected = MENDABLE.some((kind) => error instanceof kind);
  process.stderr.write(`tocsin: ${isExpected || !(error instanceof Error) ? message : (error.stack ?? message)}\n`);
  return 1;
}
