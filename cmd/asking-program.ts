// The commands that do nothing but ask a running server. They are asked often, by people who wait and by scripts, and start
// in a third of the time without the parts that serve, read manifests and know every Provider type.
import { Command } from 'commander';
import { addCancel } from './cancel.ts';
import { addDeliveries } from './deliveries.ts';
import { addEvents } from './events.ts';
import { addExplain } from './explain.ts';
import { addReplay } from './replay.ts';
import { addSend } from './send.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

/** Adds a command to the program. */
export type Add = (program: Command, terminal: Terminal) => void;

/** Each by its name. */
export const ASKING = {
  events: addEvents,
  deliveries: addDeliveries,
  replay: addReplay,
  cancel: addCancel,
  explain: addExplain,
  send: addSend,
} satisfies Readonly<Record<string, Add>>;

/** Whether the first word of a command line names one of them. */
export function isAsking(word: string | undefined): boolean {
  return word !== undefined && Object.hasOwn(ASKING, word);
}

/** The program as far as these commands need it. */
export function createAskingProgram(terminal: Terminal): Command {
  return assembleProgram(Object.values(ASKING), terminal);
}

/** The program with these commands; nothing runs until it is given arguments. */
export function assembleProgram(commands: readonly Add[], terminal: Terminal): Command {
  const program = new Command('tocsin')
    .description('Carries GitOps events to people and pull requests, and never loses one.')
    .version(VERSION, '--version', 'print the version')
    .showHelpAfterError('(tocsin --help lists the commands)')
    .configureOutput({ outputError: (text, write) => write(joinSentences(text)) })
    .exitOverride();
  for (const add of commands) add(program, terminal);
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
