// `tocsin events`: what was taken in and what the Alerts made of it, from a running server; and their export for `backtest`.
import { type Command, Option } from 'commander';
import { EVENT_VERDICTS, type EventVerdict, type StoredEvent } from '../internal/outbox/store.ts';
import type { Query } from './admin-client.ts';
import { createEventFeed } from './event-feed.ts';
import { describeShownEvent, EVENT_HEADER, type ShownEvent, toEventCells } from './event-text.ts';
import { type ListFlags, withListFlags } from './list.ts';
import { type ListCommand, runListCommand } from './list-command.ts';
import { type AgeFlags, toAgeNarrowing, withAgeFlags, withFollowFlag, withPageFlags } from './narrowing.ts';
import type { Terminal } from './terminal.ts';

interface EventFlags extends ListFlags, AgeFlags {
  readonly severity?: string;
  readonly reason?: string;
  readonly verdict?: EventVerdict;
}

const EVENTS: ListCommand<StoredEvent, ShownEvent, EventFlags> = {
  thing: 'event',
  path: '/api/v1/events',
  header: EVENT_HEADER,
  toCells: toEventCells,
  none: 'No events match.',
  describe: describeShownEvent,
  toQuery,
  openFeed: ({ verdict, since: _since, until: _until, ...places }, place) =>
    createEventFeed({ ...place, places: toQuery(places), verdict }),
};

const HELP = `
The list has the newest first; --follow shows the last ones of it in the order in which they came and goes on with what is new
or is decided later, until Ctrl-C. "events show ID", or just its ID, tells what the Alerts made of it and what was owed.
What --output json or jsonl writes, "tocsin backtest --events" reads; "tocsin explain --event" reads it where it is one event.
Exit codes: 0 fine, 1 there is no such event, or the request failed, 2 wrong usage.

Examples:
  tocsin events --verdict unmatched --since 24h
  tocsin events show 019a0000-0000-7000-8000-000000000000
  tocsin events --object Kustomization/apps --severity error --follow
  tocsin events --since 7d --limit 0 --output jsonl > events.jsonl
`;

/** Adds the command to the program. */
export function addEvents(program: Command, terminal: Terminal): void {
  const command = program.command('events').description('list stored events, follow them, export them, or show one with its deliveries');
  withAgeFlags(withListFlags(command), () => terminal.nowMs());
  withFollowFlag(withPageFlags(command))
    .argument('[id...]', 'show these events with their verdicts and deliveries')
    .option('--severity <severity>', 'only of this severity, such as error')
    .option('--reason <reason>', "only with this reason of the sender's, such as BuildFailed")
    .addOption(
      new Option('--verdict <verdict>', 'only where some Alert said so; unmatched: decided, and no Alert took it').choices(EVENT_VERDICTS),
    )
    .addHelpText('after', HELP)
    .action((words: readonly string[], flags: EventFlags) => runListCommand(EVENTS, { words, flags, command, terminal }));
}

function toQuery({ severity, reason, verdict, ...age }: EventFlags): Query {
  return { ...toAgeNarrowing(age), severity, reason, verdict };
}
