// `tocsin explain EVENT-ID`: what every Alert said of a stored event, and what became of it.
import type { Command } from 'commander';
import type { Delivery, StoredEvent } from '../internal/outbox/store.ts';
import type { Verdict } from '../internal/routing/route.ts';
import { type AdminFlags, ask, withAdminFlags } from './admin-client.ts';
import type { Terminal } from './terminal.ts';
import { describeDelivery } from './deliveries.ts';
import { printable, toWords } from './words.ts';

interface Explained extends StoredEvent {
  readonly deliveries: readonly Delivery[];
  readonly now: { readonly verdicts: readonly Verdict[]; readonly revision: string };
}

/** Adds the command to the program. */
export function addExplain(program: Command, terminal: Terminal): void {
  withAdminFlags(program.command('explain').description('say what every Alert made of an event, and what was sent'))
    .argument('<event-id>', 'the id of a stored event, as in the Tocsin-Event header of its answer')
    .action(async (id: string, flags: AdminFlags) => {
      const explained = (await ask(flags, `/api/v1/events/${encodeURIComponent(id)}/explanation`)) as Explained;
      terminal.print(flags.output === 'json' ? JSON.stringify(explained, null, 2) : describe(explained, terminal.nowMs()).join('\n'));
    });
}

function describe(explained: Explained, nowMs: number): string[] {
  const { event } = explained;
  const { kind, namespace, name } = event.subject;
  const decided = new Set(explained.verdicts.map((verdict) => routeName(verdict)));
  const others = explained.now.verdicts.filter((verdict) => !decided.has(routeName(verdict)));
  const changed = explained.revision !== explained.now.revision;
  return [
    `Event ${event.id}: ${event.flux.severity} ${event.flux.reason} of ${kind}/${namespace}/${name}, accepted ${toWords(explained.acceptedAtMs, nowMs)}`,
    `  ${printable(event.flux.message).slice(0, 200)}`,
    '',
    `Decided on arrival (configuration ${explained.revision}):`,
    ...orNone(explained.verdicts.map(describeVerdict), 'no Alert names this kind and namespace'),
    '',
    `Every other Alert, as configured ${changed ? `now (${explained.now.revision}: changed since)` : 'then and now'}:`,
    ...orNone(others.map(describeVerdict), 'there is none'),
    '',
    'Deliveries:',
    ...orNone(
      explained.deliveries.flatMap((delivery) => describeDelivery(delivery, nowMs)).map((line) => `  ${line}`),
      'nothing was owed',
    ),
  ];
}

/** A verdict without a route stands for all of them: the event came before any configuration was loaded. */
function routeName({ route }: Verdict): string {
  return route.name === '' ? '*' : `${route.namespace}/${route.name}`;
}

function describeVerdict(verdict: Verdict): string {
  const detail = verdict.detail ? `: ${printable(verdict.detail)}` : '';
  switch (verdict.kind) {
    case 'matched':
      return `  matched  Alert ${routeName(verdict)}${detail}`;
    case 'held':
      return `  held     Alert ${routeName(verdict)} in ${verdict.bucket}${detail}`;
    case 'dropped':
    case 'muted':
    case 'pending':
      return `  ${verdict.kind.padEnd(8)} Alert ${routeName(verdict)} (${verdict.reason})${detail}`;
    default:
      return verdict satisfies never;
  }
}

function orNone(lines: readonly string[], none: string): readonly string[] {
  return lines.length > 0 ? lines : [`  ${none}`];
}
