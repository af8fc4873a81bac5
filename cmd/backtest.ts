// `tocsin backtest --alert FILE --since 7d`: what an edited Alert would have sent for the events that happened, compared with
// what was sent. Reads a running server, or an exported file of events.
import { type Command, Option } from 'commander';
import { catalog } from '../internal/catalog/catalog.ts';
import { type Comparison, createBacktest, type Totals } from '../internal/preview/backtest.ts';
import type { Event } from '../internal/event/event.ts';
import type { DecideContext } from '../internal/routing/decide.ts';
import { tryRoute } from '../internal/routing/explain.ts';
import type { Route, Snapshot, Target } from '../internal/routing/route.ts';
import { emptySnapshot, nextSnapshot } from '../internal/routing/snapshot.ts';
import { toKey } from '../internal/sdk/target.ts';
import { type AdminFlags, ask, withAdminFlags } from './admin-client.ts';
import { exportedEvents, type Happened, storedEvents } from './event-history.ts';
import { InputError, nameInput } from './event-input.ts';
import { parseCount } from './flags.ts';
import { type OpenFolder, openFolder } from './folder.ts';
import { type FolderFlags, hasFolder, withFolderFlags } from './folder-flags.ts';
import { toAge } from './narrowing.ts';
import { createProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { shorten, toCount, toTable } from './words.ts';

interface BacktestFlags extends AdminFlags, FolderFlags {
  readonly alert: string;
  readonly events?: string;
  readonly since: number;
  readonly limit: number;
  readonly strict: boolean;
}

const HELP = `
--events takes what "tocsin events --output json" prints, or event bodies, as one JSON document or one per line. Of bodies
nobody knows what was sent: with --manifests they are compared with the Alert of the same name that is there.
Exit codes: 0 compared, 1 failure (with --strict also: something would be sent that was not, or the other way round), 2 wrong usage.

Examples:
  tocsin backtest --alert edited.yaml --since 7d
  tocsin backtest --alert edited.yaml --events events.json --manifests clusters/prod          (a pull request check)
`;
const DAY_MS = 86_400_000;
const MESSAGE_CHARS = 60;

/** Adds the command to the program. */
export function addBacktest(program: Command, terminal: Terminal): void {
  const command = program.command('backtest').description('show what an edited Alert would have sent, compared with what was sent');
  withFolderFlags(withAdminFlags(command), 'whose Providers, labels and present Alerts are used')
    .requiredOption('--alert <file>', 'the edited Alert, or several')
    .option('--events <file>', 'events of a file instead of those of a running server; - reads standard input')
    .addOption(
      new Option('--since <time>', 'how far back the stored events go: 12h or 7d ago, or 2026-01-31T15:04:05Z')
        .argParser(toAge(() => terminal.nowMs()))
        .default(7 * DAY_MS, '7d'),
    )
    .option('--limit <count>', 'differences that are listed at most', parseCount, 50)
    .option('--strict', 'fail when there is a difference', false)
    .addHelpText('after', HELP)
    .action((flags: BacktestFlags) => backtest(flags, terminal));
}

async function backtest(flags: BacktestFlags, terminal: Terminal): Promise<void> {
  const routes = await readAlerts(flags);
  const folder = hasFolder(flags) ? await openFolder(flags) : undefined;
  const snapshot = nextSnapshot(emptySnapshot(), {
    upsertRoutes: routes,
    upsertTargets: await findTargets(flags, folder, routes),
    removeRoutes: [],
    removeTargets: [],
  });
  const context = folder?.context ?? { labels: { lookup: () => ({ state: 'unknown' }) }, noCrossNamespaceRefs: flags.noCrossNamespaceRefs };
  const differences: Comparison[] = [];
  const run = createBacktest({
    snapshot,
    context,
    onComparison: (comparison) => {
      if (comparison.change !== 'same' && differences.length < flags.limit) differences.push(comparison);
    },
  });
  const source =
    flags.events === undefined
      ? storedEvents(flags, flags.since, routes)
      : exportedEvents(flags.events, terminal, (event) => (route) => presentOf(event, route, folder));
  const seconds = await feed(source, (event, before) => run.add(event, before), terminal);
  const { totals } = run;
  if (totals.events === 0)
    terminal.note(
      `There is no event ${flags.events === undefined ? 'in that time' : `in ${nameInput(flags.events)}`}: nothing was compared.`,
    );
  const differs = totals.added + totals.removed + totals.changed > 0;
  if (flags.strict && differs) process.exitCode = 1;
  const eventsPerSecond = toRate(totals.events, seconds);
  if (flags.output === 'json') return terminal.print(JSON.stringify({ totals, seconds, eventsPerSecond, differences }, null, 2));
  terminal.print(describe(totals, differences, { seconds, eventsPerSecond }));
}

async function readAlerts(flags: BacktestFlags): Promise<readonly Route[]> {
  const { snapshot, faults } = await openFolder({ manifests: [flags.alert], noCrossNamespaceRefs: flags.noCrossNamespaceRefs });
  const [fault] = faults;
  if (fault !== undefined) {
    const field = fault.field === '' ? '' : `${fault.field}: `;
    throw new InputError(`${fault.file}:${fault.line}: ${field}${fault.message}. ${fault.hint}`);
  }
  if (snapshot.routes.size === 0) throw new InputError(`there is no Alert in ${flags.alert}`);
  return [...snapshot.routes.values()];
}

/** The Providers of the folder, else those that the server knows, else stand-ins that take every event. */
async function findTargets(flags: BacktestFlags, folder: OpenFolder | undefined, routes: readonly Route[]): Promise<readonly Target[]> {
  if (folder !== undefined) return [...folder.snapshot.targets.values()];
  if (flags.events !== undefined)
    return [...new Map(routes.map(({ targetKey, ref }) => [targetKey, standIn(ref.namespace, targetKey, anyType())])).values()];
  const { items } = (await ask(flags, '/api/v1/providers')) as { items: readonly Provider[] };
  return items.map(({ key, namespace, type, suspended }) => ({ ...standIn(namespace, key, type), suspended }));
}

interface Provider {
  readonly key: string;
  readonly namespace: string;
  readonly type: string;
  readonly suspended: boolean;
}

/** A type that takes whatever there is, for a Provider of which only the name is known. */
function anyType(): string {
  return catalog.types.find((type) => catalog.get(type)?.capabilities.commitStatusUpdates === true && takesEvents(type)) ?? '';
}

function takesEvents(type: string): boolean {
  return catalog.get(type)?.capabilities.accepts.includes('event') === true;
}

function standIn(namespace: string, key: string, type: string): Target {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const ref = { dialect: 'flux', tenant: '', namespace, name, uid: '' };
  const object = { apiVersion: '', kind: 'Provider', metadata: { namespace, name, uid: '' } };
  const definition = catalog.get(type) ?? null;
  return {
    ref,
    key,
    type,
    definition,
    spec: { type },
    annotations: {},
    suspended: false,
    timeoutMs: 0,
    statusExpression: null,
    object,
    hash: type,
  };
}

/** What the Alert of the same name in the folder says, where there is a folder. */
function presentOf(event: Event, route: Route, folder: OpenFolder | undefined): ReturnType<Happened['before']> {
  if (folder === undefined) return undefined;
  const { snapshot, context }: { snapshot: Snapshot; context: DecideContext } = folder;
  const present = snapshot.routes.get(toKey(route.ref));
  if (present === undefined) return {};
  const { verdict, delivery } = tryRoute(event, present, snapshot, context);
  if (delivery === null) return { verdict };
  return { verdict, delivery: { targetKey: verdict.targetKey, metadata: delivery.metadata, state: 'sent as configured now' } };
}

/** Hands every event on and says how far it is; resolves with the seconds that it took. */
async function feed(
  source: AsyncGenerator<Happened>,
  add: (event: Event, before: Happened['before']) => void,
  terminal: Terminal,
): Promise<number> {
  const startedMs = terminal.nowMs();
  const seconds = (): number => (terminal.nowMs() - startedMs) / 1000;
  const progress = createProgress(terminal);
  let events = 0;
  for await (const { event, before } of source) {
    add(event, before);
    events += 1;
    progress(() => `${toCount(events, 'event')} compared, ${toCount(toRate(events, seconds()))} a second`);
  }
  return seconds();
}

function toRate(events: number, seconds: number): number {
  return Math.round(events / Math.max(seconds, 0.001));
}

interface Speed {
  readonly seconds: number;
  readonly eventsPerSecond: number;
}

function describe(totals: Totals, differences: readonly Comparison[], { seconds, eventsPerSecond }: Speed): string {
  const { events, sends, sent, added, removed, changed, same, unknown } = totals;
  const lines = [
    `Compared ${toCount(events, 'event')} in ${seconds.toFixed(1)} s (${toCount(eventsPerSecond)} a second).`,
    `The edited Alert sends ${toCount(sends)}; before it was ${toCount(sent)}: ${toCount(added)} added, ${toCount(removed)} removed, ${toCount(changed)} changed, ${toCount(same)} the same.`,
    ...(unknown === 0 ? [] : [`Of ${toCount(unknown)} nobody can say: labels or Providers are not known; --manifests gives them.`]),
  ];
  if (differences.length === 0) return lines.join('\n');
  const rows = differences.map(({ change, alert, object, severity, reason, message, now, before, eventId }) => [
    change,
    alert,
    object,
    `${severity} ${reason}`,
    shorten(message, MESSAGE_CHARS),
    now,
    before,
    eventId,
  ]);
  const hidden = added + removed + changed + unknown - differences.length;
  const more = hidden > 0 ? [`and ${toCount(hidden)} more; --limit lists them`] : [];
  return [...lines, '', toTable(['CHANGE', 'ALERT', 'OBJECT', 'EVENT', 'MESSAGE', 'NOW', 'BEFORE', 'ID'], rows), ...more].join('\n');
}
