// `tocsin deliveries`: what is owed, what was sent and what came back, from a running server.
import type { Command } from 'commander';
import type { Attempt, Delivery } from '../internal/outbox/store.ts';
import { type AdminFlags, ask, withAdminFlags } from './admin-client.ts';
import { parseDuration } from './flags.ts';
import type { Terminal } from './terminal.ts';
import { printable, toTable, toWords } from './words.ts';

interface ListFlags extends AdminFlags {
  readonly state?: string;
  readonly target?: string;
  readonly alert?: string;
  readonly object?: string;
  readonly reason?: string;
  readonly olderThan?: string;
  readonly since?: string;
  readonly limit: string;
}

/** Adds the command to the program. */
export function addDeliveries(program: Command, terminal: Terminal): void {
  const command = program.command('deliveries').description('list deliveries, newest first, or show one with its attempts');
  withAdminFlags(command)
    .argument('[id]', 'show this delivery with every attempt')
    .option('--state <states>', 'waiting, leased, delivered, superseded, cancelled or dead; several with commas')
    .option('--target <namespace/name>', 'only to this Provider')
    .option('--alert <namespace/name>', 'only from this Alert')
    .option('--object <kind/namespace/name>', 'only about this object')
    .option('--reason <reason>', 'only with this reason, such as auth or timeout')
    .option('--older-than <duration>', 'accepted longer ago than this')
    .option('--since <duration>', 'accepted within this time')
    .option('--limit <count>', 'rows at most', '50')
    .action(async (id: string | undefined, flags: ListFlags) => (id ? show(terminal, flags, id) : list(terminal, flags)));
}

async function list(terminal: Terminal, flags: ListFlags): Promise<void> {
  const [kind, namespace, name] = flags.object?.split('/') ?? [];
  const answer = (await ask(flags, '/api/v1/deliveries', {
    state: flags.state,
    target: flags.target && `flux//${flags.target}`,
    route: flags.alert && `flux//${flags.alert}`,
    kind,
    namespace,
    name,
    reason: flags.reason,
    olderThanMs: toMilliseconds(flags.olderThan),
    youngerThanMs: toMilliseconds(flags.since),
    limit: flags.limit,
  })) as { items: readonly Delivery[] };
  if (flags.output === 'json') return terminal.print(JSON.stringify(answer, null, 2));
  if (answer.items.length === 0) return terminal.print('No deliveries match.');
  const header = ['ID', 'STATE', 'PROVIDER', 'TYPE', 'OBJECT', 'ALERT', 'TRIES', 'ACCEPTED', 'NEXT TRY', 'REASON'];
  terminal.print(
    toTable(
      header,
      answer.items.map((delivery) => toRow(delivery, terminal.nowMs())),
    ),
  );
}

function toMilliseconds(duration: string | undefined): string | undefined {
  return duration === undefined ? undefined : String(parseDuration(duration));
}

function toRow(delivery: Delivery, nowMs: number): string[] {
  const { subject } = delivery;
  return [
    delivery.id,
    delivery.state,
    `${delivery.target.namespace}/${delivery.target.name}`,
    delivery.type,
    `${subject.kind}/${subject.namespace}/${subject.name}`,
    `${delivery.route.namespace}/${delivery.route.name}`,
    String(delivery.attempts),
    toWords(delivery.createdAtMs, nowMs),
    delivery.dueAtMs === null ? '-' : toWords(delivery.dueAtMs, nowMs),
    delivery.reason ?? '-',
  ];
}

async function show(terminal: Terminal, flags: AdminFlags, id: string): Promise<void> {
  const delivery = (await ask(flags, `/api/v1/deliveries/${encodeURIComponent(id)}`)) as Delivery;
  terminal.print(flags.output === 'json' ? JSON.stringify(delivery, null, 2) : describeDelivery(delivery, terminal.nowMs()).join('\n'));
}

/** A delivery and its attempts in lines for people. */
export function describeDelivery(delivery: Delivery, nowMs: number): string[] {
  const reason = delivery.reason ? `, ${delivery.reason}` : '';
  const message = delivery.message ? `: ${printable(delivery.message)}` : '';
  const next = delivery.dueAtMs === null ? '' : `; next try ${toWords(delivery.dueAtMs, nowMs)}`;
  return [
    `${delivery.id}  to ${delivery.type} ${delivery.target.namespace}/${delivery.target.name}, from Alert ${delivery.route.namespace}/${delivery.route.name}`,
    `  ${delivery.state}${reason}${message}${next}`,
    `  accepted ${toWords(delivery.createdAtMs, nowMs)}, ${delivery.attempts} ${delivery.attempts === 1 ? 'try' : 'tries'} so far`,
    ...delivery.history.flatMap((attempt) => describeAttempt(attempt, nowMs)),
  ];
}

function describeAttempt(attempt: Attempt, nowMs: number): string[] {
  const why = [attempt.reason, attempt.message, attempt.note].filter(Boolean).join(', ');
  const head = `  #${attempt.number} ${toWords(attempt.atMs, nowMs)}: ${attempt.outcome}${why ? ` (${printable(why)})` : ''} in ${Math.round(attempt.durationMs)} ms`;
  return [
    head,
    ...attempt.exchanges.map((exchange) => {
      const answer = exchange.status === undefined ? (exchange.error ?? 'no answer') : String(exchange.status);
      const body = exchange.responseBody ? ` ${printable(exchange.responseBody).slice(0, 200)}` : '';
      return `     ${exchange.method} ${exchange.origin} -> ${printable(answer)}${body}`;
    }),
  ];
}
