// Every command, in the order in which help lists them: tocsin.ts runs them, and their reference is written from them.
import { Command } from 'commander';
import { addBacktest } from './backtest.ts';
import { addCancel } from './cancel.ts';
import { addCheck } from './check.ts';
import { addDeliveries } from './deliveries.ts';
import { addDemo } from './demo.ts';
import { addEvents } from './events.ts';
import { addExplain } from './explain.ts';
import { addLint } from './lint.ts';
import { addProviders } from './providers.ts';
import { addRender } from './render.ts';
import { addReplay } from './replay.ts';
import { addSend } from './send.ts';
import { addServe } from './serve.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

/** The program with all its commands; nothing runs until it is given arguments. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('tocsin')
    .description('Carries GitOps events to people and pull requests, and never loses one.')
    .version(VERSION, '--version', 'print the version')
    .showHelpAfterError('(tocsin --help lists the commands)')
    .configureOutput({ outputError: (text, write) => write(joinSentences(text)) })
    .exitOverride();
  addServe(program);
  addDemo(program, terminal);
  addEvents(program, terminal);
  addDeliveries(program, terminal);
  addReplay(program, terminal);
  addCancel(program, terminal);
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
    .addHelpText('after', '\nExit codes: 0 fine, 2 wrong usage.\n\nExamples:\n  tocsin version\n')
    .action(() => terminal.print(VERSION));
  for (const command of program.commands) {
    // Who is wrong about the command at all needs the list of them.
    if (command.name() !== 'serve') command.showHelpAfterError(`(tocsin ${command.name()} --help lists its flags)`);
  }
  return program;
}

/** Commander writes a sentence before what a flag's parser says. */
function joinSentences(text: string): string {
  return text.replace(/ is invalid\. (?=\p{Ll})/u, ' is invalid: ');
}
