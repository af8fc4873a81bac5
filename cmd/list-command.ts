// What `events` and `deliveries` do alike: show some rows by their ids, list, or follow.
import type { Command } from 'commander';
import { AdminError, ask, type Query } from './admin-client.ts';
import { type Feed, type FeedPlace, follow, pauseFor } from './follow.ts';
import { type ListFlags, type Listing, printList, toAdminFlags, toEndlessPrinter, toJson } from './list.ts';
import { toLimit } from './narrowing.ts';
import { stopSignal } from './signals.ts';
import { systemClock } from './system-clock.ts';
import type { Terminal } from './terminal.ts';
import { describeUnknownProvider } from './unknown-provider.ts';

/** One such command; `Shown` is a row with all that is known of it. */
export interface ListCommand<Row, Shown, Flags extends ListFlags> extends Listing<Row> {
  readonly thing: 'delivery' | 'event';
  readonly describe: (shown: Shown, nowMs: number) => readonly string[];
  readonly toQuery: (flags: Flags) => Query;
  readonly openFeed: (flags: Flags, place: FeedPlace) => Feed<Row>;
}

interface Call<Flags extends ListFlags> {
  /** Ids, with or without the word `show` before them. */
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly command: Command;
  readonly terminal: Terminal;
}

/** Runs it as it was called. */
export async function runListCommand<Row, Shown, Flags extends ListFlags>(
  list: ListCommand<Row, Shown, Flags>,
  call: Call<Flags>,
): Promise<void> {
  const { words, flags, command, terminal } = call;
  const ids = words[0] === 'show' ? words.slice(1) : words;
  if (words.length > 0 && ids.length === 0) command.error(`error: name the ${list.thing} to show`);
  if (ids.length > 0) return show(list, ids, call);
  if (flags.follow === true) return followUntilStopped(list, call);
  await printList(list, list.toQuery(flags), flags, terminal);
}

async function show<Row, Shown, Flags extends ListFlags>(
  list: ListCommand<Row, Shown, Flags>,
  ids: readonly string[],
  { flags, terminal }: Call<Flags>,
): Promise<void> {
  const document: Shown[] = [];
  for (const id of ids) {
    const shown = (await ask(toAdminFlags(flags), toPath(list.path, id)).catch(async (error: unknown) => {
      throw await recognise(list, id, flags, error);
    })) as Shown;
    if (flags.output === 'json') document.push(shown);
    else terminal.print(flags.output === 'table' ? list.describe(shown, terminal.nowMs()).join('\n') : toJson(shown, flags.output));
  }
  // One document, whole or not at all.
  if (flags.output === 'json') terminal.print(toJson(document.length === 1 ? document[0] : { items: document }, flags.output));
}

function toPath(path: string, id: string): string {
  return `${path}/${encodeURIComponent(id)}`;
}

/** Ids of events and deliveries look alike: one of the other kind is told from one that nobody knows. */
async function recognise<Row, Shown, Flags extends ListFlags>(
  { thing }: ListCommand<Row, Shown, Flags>,
  id: string,
  flags: Flags,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof AdminError) || error.code !== 'not-found') return error;
  const [otherPath, hint] =
    thing === 'delivery'
      ? ['/api/v1/events', `${id} is an event: "tocsin deliveries --event ${id}" lists what was owed for it`]
      : ['/api/v1/deliveries', `${id} is a delivery: "tocsin deliveries ${id}" shows it, "tocsin explain ${id}" its event`];
  const isOther = await ask(toAdminFlags(flags), toPath(otherPath, id)).then(
    () => true,
    // Then what was said first stands.
    () => false,
  );
  return isOther ? new AdminError(hint, { cause: error, code: error.code }) : error;
}

async function followUntilStopped<Row, Shown, Flags extends ListFlags>(
  list: ListCommand<Row, Shown, Flags>,
  { flags, terminal }: Call<Flags>,
): Promise<void> {
  const place = { flags: toAdminFlags(flags), first: list.toQuery(flags), limit: toLimit(flags), clock: systemClock, signal: stopSignal() };
  const { target } = place.first;
  // It may be about to be created.
  const unknown = typeof target === 'string' ? await describeUnknownProvider(place.flags, target) : undefined;
  if (unknown !== undefined) terminal.note(unknown);
  const feed = list.openFeed(flags, place);
  const printer = toEndlessPrinter(list, flags, terminal);
  await follow({ ...place, feed, printer, note: (text) => terminal.note(text), pause: pauseFor });
}
