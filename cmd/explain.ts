// `tocsin explain`: what every Alert says of an event, stored or not, what would have passed, and what became of it.
import { type Command, InvalidArgumentError } from 'commander';
import type { Delivery, StoredEvent } from '../internal/outbox/store.ts';
import { AdminError, type AdminFlags, ask, post, withAdminFlags } from './admin-client.ts';
import { nameInput, parseObjectName, readEventBody, toInputEvent, toTestBody } from './event-input.ts';
import { APPLIED, type EventWords, type ObjectName, withEventWords } from './event-words.ts';
import { describeAhead, describeStored, type ExplainedAhead, type ExplainedStored } from './explain-text.ts';
import { parseCount } from './flags.ts';
import { type FolderFlags, hasFolder, withFolderFlags } from './folder-flags.ts';
import type { Terminal } from './terminal.ts';

interface ExplainFlags extends AdminFlags, FolderFlags, EventWords {
  readonly event?: string;
  readonly last: number;
  readonly all: boolean;
}

const HELP = `
With --manifests or --kubeconfig no server is needed. Without, the running server is asked: of a stored event by its id, which is the
Tocsin-Event header of the answer to its sender, by the id of one of its deliveries, or by its object; or of one that has not
happened, with --event.
Exit codes: 0 explained, 1 not found or no answer, 2 wrong usage.

Examples:
  tocsin explain Kustomization/apps/web
  tocsin explain 019a0000-0000-7000-8000-000000000000
  tocsin explain --event event.json --manifests clusters/prod
  tocsin explain Kustomization/apps/web --severity error --manifests clusters/prod
`;

/** As many as one page of the admin API holds. */
const MAX_LAST = 500;

/** Adds the command to the program. */
export function addExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command('explain')
    .description('say what every Alert makes of an event, what would have passed, and what was sent');
  withFolderFlags(withAdminFlags(command), 'to ask instead of a running server')
    .argument('[what]', 'the id of a stored event or of a delivery, or an object as Kind/namespace/name')
    .option('--event <file>', 'an event that need not have happened, as JSON; - reads standard input');
  withEventWords(command, APPLIED)
    .option('--last <count>', 'how many stored events of an object, the newest first', parseLast, 3)
    .option('--all', 'list also the Alerts that have nothing to do with the event', false)
    .addHelpText('after', HELP)
    .action(async (what: string | undefined, flags: ExplainFlags) => {
      if ((what === undefined) === (flags.event === undefined))
        command.error('error: name an event id, an object or --event FILE, and one of them only');
      await explain(what, flags, terminal);
    });
}

function parseLast(text: string): number {
  const count = parseCount(text);
  if (count < 1 || count > MAX_LAST) throw new InvalidArgumentError(`write a number from 1 to ${MAX_LAST}.`);
  return count;
}

async function explain(what: string | undefined, flags: ExplainFlags, terminal: Terminal): Promise<void> {
  if (what === undefined) return printAhead(await aheadOfFile(flags.event ?? '-', flags, terminal), flags, terminal);
  const object = parseObjectName(what);
  if (object === undefined) {
    const stored = await storedOfAny(what, flags);
    return terminal.print(flags.output === 'json' ? JSON.stringify(stored, null, 2) : toText([stored], flags, terminal));
  }
  if (hasFolder(flags)) return printAhead(await aheadOfObject(object, flags, terminal), flags, terminal);
  const { items } = (await ask(flags, '/api/v1/events', { ...object, limit: flags.last })) as { items: readonly StoredEvent[] };
  if (items.length === 0) {
    if (flags.output === 'table') terminal.print(`No event of ${what} is stored. What one of it would meet:\n`);
    return printAhead(await aheadOfObject(object, flags, terminal), flags, terminal);
  }
  const explained: ExplainedStored[] = [];
  for (const { event } of items) explained.push(await storedOf(event.id, flags));
  terminal.print(flags.output === 'json' ? JSON.stringify({ items: explained }, null, 2) : toText(explained, flags, terminal));
}

/** The event of this id, or the one that a delivery of this id was owed for. */
async function storedOfAny(id: string, flags: AdminFlags): Promise<ExplainedStored> {
  try {
    return await storedOf(id, flags);
  } catch (error) {
    if (!(error instanceof AdminError) || error.code !== 'not-found') throw error;
    const delivery = (await ask(flags, `/api/v1/deliveries/${encodeURIComponent(id)}`).catch(() => {
      // It is neither; the event is what was asked for.
      throw error;
    })) as Delivery;
    return storedOf(delivery.eventId, flags);
  }
}

async function storedOf(id: string, flags: AdminFlags): Promise<ExplainedStored> {
  return (await ask(flags, `/api/v1/events/${encodeURIComponent(id)}/explanation`)) as ExplainedStored;
}

async function aheadOfFile(path: string, flags: ExplainFlags, terminal: Terminal): Promise<ExplainedAhead> {
  return aheadOf(await readEventBody(path), nameInput(path), flags, terminal);
}

async function aheadOfObject(object: ObjectName, flags: ExplainFlags, terminal: Terminal): Promise<ExplainedAhead> {
  return aheadOf(toTestBody(object, flags, terminal.nowMs()), 'the made-up event', flags, terminal);
}

async function aheadOf(body: string, source: string, flags: ExplainFlags, terminal: Terminal): Promise<ExplainedAhead> {
  const event = toInputEvent(body, source, terminal);
  if (!hasFolder(flags)) return (await post(flags, '/api/v1/explanations', body)) as ExplainedAhead;
  // Whoever asks a server does not wait for what reads manifests.
  const { explainInFolder } = await import('./explain-folder.ts');
  return explainInFolder(event, flags, terminal.nowMs());
}

function printAhead(ahead: ExplainedAhead, flags: ExplainFlags, terminal: Terminal): void {
  if (flags.output === 'json') return terminal.print(JSON.stringify(ahead, null, 2));
  terminal.print(describeAhead(ahead, { nowMs: terminal.nowMs(), all: flags.all }).join('\n'));
}

function toText(explained: readonly ExplainedStored[], { all }: ExplainFlags, terminal: Terminal): string {
  const options = { nowMs: terminal.nowMs(), all };
  return explained.map((one) => describeStored(one, options).join('\n')).join('\n\n');
}
