// `tocsin cancel`: what has not been delivered yet is not sent any more.
import type { Command } from 'commander';
import { type Decided, decide, type Decision, type DecisionFlags, withDecisionFlags } from './decision.ts';
import type { Terminal } from './terminal.ts';
import { toCount } from './words.ts';

const CANCEL: Decision = {
  path: '/api/v1/deliveries/cancel',
  verb: 'cancel',
  past: 'cancelled',
  states: ['waiting', 'leased'],
  done: 'cancelled',
  explain,
  remarks,
};

const HELP = `
Flags mean everything that has not ended unless --state says which. On a terminal they are shown before anything is done, and
you are asked; elsewhere --yes or --dry-run is needed. What is being sent at that moment may still arrive. A cancelled delivery
can be replayed.
Exit codes: 0 fine, 1 one named by its id was not cancelled, there is no such Provider, you said no, or the request failed, 2 wrong usage.

Examples:
  tocsin cancel 019a0000-0000-7000-8000-000000000000
  tocsin cancel --target apps/pager --older-than 30m --dry-run
  tocsin cancel --target apps/pager --older-than 30m --yes
`;

/** Adds the command to the program. */
export function addCancel(program: Command, terminal: Terminal): void {
  const command = program.command('cancel').description('stop deliveries that have not ended: some by their ids, or all of a place');
  withDecisionFlags(command, CANCEL, terminal)
    .addHelpText('after', HELP)
    .action((ids: string[], flags: DecisionFlags) => decide(CANCEL, ids, flags, { command, terminal }));
}

function remarks(decided: readonly Decided[]): readonly string[] {
  const leased = decided.filter(({ delivery }) => delivery?.state === 'leased').length;
  return leased === 0 ? [] : [`${toCount(leased)} of them ${leased === 1 ? 'was' : 'were'} being sent at that moment and may still arrive`];
}

function explain({ result, delivery }: Decided): string {
  switch (result) {
    case 'ended':
      return `it has ended: it is ${delivery?.state ?? 'over'}`;
    case 'unknown':
      return 'no delivery has this id; it may have been pruned, or it is the id of an event: --event names that';
    default:
      return result;
  }
}
