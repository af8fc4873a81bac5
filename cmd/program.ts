// Every command, in the order in which help lists them: tocsin.ts runs them, and their reference is written from them.
import type { Command } from 'commander';
import { type Add, ASKING, assembleProgram } from './asking-program.ts';
import { addBacktest } from './backtest.ts';
import { addCheck } from './check.ts';
import { addDemo } from './demo.ts';
import { addLint } from './lint.ts';
import { addProviders } from './providers.ts';
import { addRender } from './render.ts';
import { addServe } from './serve.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

const { events, deliveries, replay, cancel, explain, send } = ASKING;
const COMMANDS: readonly Add[] = [
  addServe,
  addDemo,
  events,
  deliveries,
  replay,
  cancel,
  explain,
  addRender,
  send,
  addCheck,
  addBacktest,
  addLint,
  addProviders,
  addVersion,
];

/** The program with all its commands; nothing runs until it is given arguments. */
export function createProgram(terminal: Terminal): Command {
  return assembleProgram(COMMANDS, terminal);
}

function addVersion(program: Command, terminal: Terminal): void {
  program
    .command('version')
    .description('print the version')
    .addHelpText('after', '\nExit codes: 0 fine, 2 wrong usage.\n\nExamples:\n  tocsin version\n')
    .action(() => terminal.print(VERSION));
}
