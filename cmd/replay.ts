// `tocsin replay`: what ended is sent once more, one delivery or all dead letters of a place.
import type { Command } from 'commander';
import { type Decided, decide, type Decision, type DecisionFlags, withDecisionFlags } from './decision.ts';
import type { Terminal } from './terminal.ts';

const REPLAY: Decision = {
  path: '/api/v1/deliveries/replay',
  verb: 'replay',
  past: 'replayed',
  states: ['dead', 'cancelled', 'superseded', 'delivered'],
  done: 'requeued',
  explain,
  remarks: () => [],
};

const HELP = `
Flags mean dead letters unless --state names others. On a terminal they are shown before anything is done, and you are asked;
elsewhere --yes or --dry-run is needed. They go oldest first and have 24 hours from now. Of a commit status or comment only the
newest is sent again: what is older than the last one delivered ends as superseded, unless --force is given.
Exit codes: 0 fine, 1 one named by its id was not replayed, there is no such Provider, you said no, or the request failed, 2 wrong usage.

Examples:
  tocsin replay 019a0000-0000-7000-8000-000000000000
  tocsin replay --target apps/slack --since 24h --dry-run
  tocsin replay --target apps/slack --since 24h --yes
`;

/** Adds the command to the program. */
export function addReplay(program: Command, terminal: Terminal): void {
  const command = program
    .command('replay')
    .description('send ended deliveries once more: some by their ids, or all dead letters of a place');
  withDecisionFlags(command, REPLAY, terminal)
    .option('--force', 'also a status or comment that is older than the last one delivered')
    .addHelpText('after', HELP)
    .action((ids: string[], flags: DecisionFlags) => decide(REPLAY, ids, flags, { command, terminal }));
}

function explain({ result, delivery }: Decided): string {
  switch (result) {
    case 'outdated':
      return 'a newer one of its commit status or comment is known; --force sends it all the same';
    case 'live':
      return `it has not ended: it is ${delivery?.state ?? 'waiting'}, and is tried by itself`;
    case 'unknown':
      return 'no delivery has this id; it may have been pruned, or it is the id of an event: --event names that';
    default:
      return result;
  }
}
