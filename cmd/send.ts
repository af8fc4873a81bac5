// `tocsin send`: a test event on the real way of a running server, followed until it has arrived or somebody says why not.
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { type Delivery, DELIVERY_STATES, type DeliveryState } from '../internal/outbox/store.ts';
import { type AdminFlags, ask, post, withAdminFlags } from './admin-client.ts';
import { nameInput, parseObjectName, readEventBody, toTestBody, toUnique } from './event-input.ts';
import { type EventWords, withEventWords } from './event-words.ts';
import { describeStored, type ExplainedStored } from './explain-text.ts';
import { parseDuration } from './flags.ts';
import type { Terminal } from './terminal.ts';

interface SendFlags extends AdminFlags, EventWords {
  readonly event?: string;
  readonly wait: number;
}

const POLL_MS = 150;
const UNFINISHED: ReadonlySet<DeliveryState> = new Set(['waiting', 'leased']);
const HELP = `
The event gets a token of its own, so that it is never dropped as a duplicate. It is stored, matched and delivered like any
other: whoever receives messages about this object receives this one.
Exit codes: 0 everything that matched has arrived, 1 nothing matched, or something has not arrived, 2 wrong usage.

Examples:
  tocsin send Kustomization/apps/web --severity error
  tocsin send --event event.json
`;

/** Adds the command to the program. */
export function addSend(program: Command, terminal: Terminal): void {
  const command = program.command('send').description('send a test event through a running server and follow it to its outcome');
  withAdminFlags(command)
    .argument('[object]', 'make up an event about this Kind/namespace/name')
    .option('--event <file>', 'the event as JSON; - reads standard input');
  withEventWords(command, { reason: 'TestEvent', message: 'This is a test, sent by "tocsin send".' })
    .addOption(new Option('--wait <duration>', 'how long its outcome is waited for').argParser(parseDuration).default(30_000, '30s'))
    .addHelpText('after', HELP)
    .action(async (what: string | undefined, flags: SendFlags) => {
      const object = what === undefined ? undefined : parseObjectName(what);
      if (what !== undefined && object === undefined) command.error(`error: ${what} is not an object; write Kind/namespace/name`);
      if ((object === undefined) === (flags.event === undefined))
        command.error('error: name an object or --event FILE, and one of them only');
      const body = object === undefined ? await readEventBody(flags.event ?? '-') : toTestBody(object, flags, terminal.nowMs());
      await send(toUnique(body, flags.event === undefined ? 'the made-up event' : nameInput(flags.event)), flags, terminal);
    });
}

async function send(body: string, flags: SendFlags, terminal: Terminal): Promise<void> {
  const { eventId } = (await post(flags, '/api/v1/test-events', body)) as { eventId: string };
  const followed = await follow(eventId, flags, terminal);
  const counts = countStates(followed.deliveries);
  if (followed.deliveries.length === 0 || counts.delivered < followed.deliveries.length) process.exitCode = 1;
  if (flags.output === 'json') return terminal.print(JSON.stringify({ ...followed, counts }, null, 2));
  terminal.print([...describeStored(followed, { nowMs: terminal.nowMs(), all: false }), '', toSentence(counts, followed)].join('\n'));
}

/** Until nothing is pending and every delivery was tried: one that failed waits for hours. */
async function follow(eventId: string, flags: SendFlags, terminal: Terminal): Promise<ExplainedStored> {
  const path = `/api/v1/events/${eventId}`;
  const endMs = terminal.nowMs() + flags.wait;
  for (;;) {
    const { pending, deliveries } = (await ask(flags, path)) as Pick<ExplainedStored, 'pending' | 'deliveries'>;
    const isTried = deliveries.every(({ state, history }) => !UNFINISHED.has(state) || (state === 'waiting' && history.length > 0));
    // What every Alert says costs more than what became of the event, so it is asked once.
    if ((!pending && isTried) || terminal.nowMs() >= endMs) return (await ask(flags, `${path}/explanation`)) as ExplainedStored;
    await pause(POLL_MS);
  }
}

function countStates(deliveries: readonly Delivery[]): Record<DeliveryState, number> {
  const counts = Object.fromEntries(DELIVERY_STATES.map((state) => [state, 0])) as Record<DeliveryState, number>;
  for (const { state } of deliveries) counts[state] += 1;
  return counts;
}

function toSentence(counts: Record<DeliveryState, number>, { deliveries, pending }: ExplainedStored): string {
  if (deliveries.length === 0)
    return pending ? 'It is not decided yet; ask again with "tocsin explain".' : 'No Alert matched, so nothing was sent.';
  if (counts.delivered === deliveries.length) return `Arrived: ${counts.delivered} of ${deliveries.length}.`;
  const rest = DELIVERY_STATES.filter((state) => state !== 'delivered' && counts[state] > 0).map(
    (state) => `${counts[state]} ${state === 'leased' ? 'being sent' : state}`,
  );
  return `Arrived: ${counts.delivered} of ${deliveries.length}; ${rest.join(', ')}.`;
}
