#!/usr/bin/env node
// The program. Exit codes: 0 fine, 1 findings or failure, 2 usage.
import { Command, CommanderError } from 'commander';
import { ListenError } from '../internal/intake/http-listener.ts';
import { StoreError } from '../internal/outbox/store.ts';
import { ConfigFault } from '../internal/sdk/provider.ts';
import { AdminError } from './admin-client.ts';
import { addBacktest } from './backtest.ts';
import { addCheck } from './check.ts';
import { addDemo } from './demo.ts';
import { addDeliveries } from './deliveries.ts';
import { InputError } from './event-input.ts';
import { addExplain } from './explain.ts';
import { addLint } from './lint.ts';
import { StartupError } from './listen.ts';
import { addProviders } from './providers.ts';
import { addRender } from './render.ts';
import { addSend } from './send.ts';
import { addServe } from './serve.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

const terminal: Terminal = { print: (text) => process.stdout.write(`${text}\n`), nowMs: () => Date.now() };

/** Errors whose message tells a person what to do; any other is a bug and shows its stack. */
const MENDABLE = [AdminError, ConfigFault, InputError, ListenError, StartupError, StoreError];

// Whoever reads the output may stop early, as `| head` does: that is no failure, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = new Command('tocsin')
  .description('Carries GitOps events to people and pull requests, and never loses one.')
  .version(VERSION, '--version', 'print the version')
  .showHelpAfterError('(tocsin --help lists the commands)')
  .exitOverride();
addServe(program);
addDemo(program, terminal);
addDeliveries(program, terminal);
addExplain(program, terminal);
addRender(program, terminal);
addSend(program, terminal);
addCheck(program, terminal);
addBacktest(program, terminal);
addLint(program, terminal);
addProviders(program, terminal);
program
  .command('version')
  .description('print the version')
  .action(() => terminal.print(VERSION));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = toExitCode(error);
}

function toExitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  const isExpected = MENDABLE.some((kind) => error instanceof kind);
  process.stderr.write(`tocsin: ${isExpected || !(error instanceof Error) ? message : (error.stack ?? message)}\n`);
  return 1;
}
