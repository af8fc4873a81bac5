// `tocsin deliveries`: what is owed, what was sent and what came back, from a running server.
import type { Command } from 'commander';
import type { Delivery, DeliveryState } from '../internal/outbox/store.ts';
import type { Query } from './admin-client.ts';
import { createDeliveryFeed } from './delivery-feed.ts';
import { DELIVERY_HEADER, describeDelivery, toDeliveryCells } from './delivery-text.ts';
import { type ListFlags, withListFlags } from './list.ts';
import { type ListCommand, runListCommand } from './list-command.ts';
import { type PlaceFlags, stateOption, toNarrowing, withFollowFlag, withPageFlags, withPlaceFlags } from './narrowing.ts';
import type { Terminal } from './terminal.ts';

interface DeliveryFlags extends ListFlags, PlaceFlags {
  readonly state?: readonly DeliveryState[];
}

const DELIVERIES: ListCommand<Delivery, Delivery, DeliveryFlags> = {
  thing: 'delivery',
  path: '/api/v1/deliveries',
  header: DELIVERY_HEADER,
  toCells: toDeliveryCells,
  none: 'No deliveries match.',
  describe: describeDelivery,
  toQuery,
  openFeed: ({ reason, state, since: _since, until: _until, output, ...places }, place) =>
    createDeliveryFeed({
      ...place,
      places: toNarrowing(places),
      matches: (delivery) =>
        (reason === undefined || delivery.reason === reason) && (state === undefined || state.includes(delivery.state)),
      withHistory: output !== 'table',
    }),
};

const HELP = `
The list has the newest first; --follow shows the last ones of it in the order in which they came and goes on with what is new
or has changed, until Ctrl-C. "deliveries show ID", or just its ID, tells every attempt and who replayed or cancelled it.
Exit codes: 0 fine, 1 there is no such delivery or Provider, or the request failed, 2 wrong usage.

Examples:
  tocsin deliveries --state dead --since 24h
  tocsin deliveries show 019a0000-0000-7000-8000-000000000000
  tocsin deliveries --target apps/slack --follow
  tocsin deliveries --limit 0 --output jsonl > deliveries.jsonl
`;

/** Adds the command to the program. */
export function addDeliveries(program: Command, terminal: Terminal): void {
  const command = program.command('deliveries').description('list deliveries, follow them, or show one with its attempts');
  withPlaceFlags(withListFlags(command), () => terminal.nowMs());
  withFollowFlag(withPageFlags(command.addOption(stateOption('only those that are'))))
    .argument('[id...]', 'show these deliveries with every attempt')
    .addHelpText('after', HELP)
    .action((words: readonly string[], flags: DeliveryFlags) => runListCommand(DELIVERIES, { words, flags, command, terminal }));
}

/** People read no attempts in a table, and they are most of what there is. */
function toQuery(flags: DeliveryFlags): Query {
  return { ...toNarrowing(flags), state: flags.state?.join(','), history: flags.output !== 'table' };
}
