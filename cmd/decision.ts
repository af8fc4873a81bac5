// What replay and cancel have in common: which deliveries are meant, looking before acting, one page at a time.
import { hostname, userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import type { Delivery, DeliveryState } from '../internal/outbox/store.ts';
import { AdminError, type AdminFlags, post, withAdminFlags } from './admin-client.ts';
import { describeDone, describePlan, toDecisionJson } from './decision-text.ts';
import { type PlaceFlags, stateOption, toNarrowing, withPlaceFlags } from './narrowing.ts';
import { createProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { refuseUnknownProvider } from './unknown-provider.ts';
import { toCount } from './words.ts';

/** Deliveries of one request. */
const STEP = 500;
const MAX_NAME_CHARS = 100;

export interface DecisionFlags extends AdminFlags, PlaceFlags {
  readonly state?: readonly DeliveryState[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly by?: string;
}

/** One delivery as it was found, and what became of the decision. */
export interface Decided {
  readonly id: string;
  readonly result: string;
  readonly delivery?: Pick<Delivery, 'state' | 'reason' | 'eventId' | 'target' | 'route' | 'subject' | 'createdAtMs'>;
}

/** One of the two decisions in words. */
export interface Decision {
  readonly path: string;
  readonly verb: 'replay' | 'cancel';
  readonly past: string;
  /** Those that can be meant. */
  readonly states: readonly DeliveryState[];
  /** The result that was asked for. */
  readonly done: string;
  /** Why another result came of it, in words. */
  readonly explain: (decided: Decided) => string;
  /** What else to say of those that were decided. */
  readonly remarks: (decided: readonly Decided[]) => readonly string[];
}

/** Adds the arguments and flags of a decision. */
export function withDecisionFlags(command: Command, { verb, states }: Decision, terminal: Terminal): Command {
  withAdminFlags(command).argument('[ids...]', 'the deliveries, as "tocsin deliveries" lists them; or the flags that narrow say which');
  withPlaceFlags(command, () => terminal.nowMs());
  return command
    .addOption(stateOption('only those that are', states))
    .addOption(new Option('--dry-run', 'only say how many and which they are').conflicts('yes'))
    .option('--yes', `${verb} all that the flags name without asking first`)
    .option('--by <name>', 'who decides this, kept with each delivery; the user of this machine when absent');
}

interface Parts {
  readonly command: Command;
  readonly terminal: Terminal;
}

/** Acts on what is named by its id; looks first, and asks, where flags name it. */
export async function decide(decision: Decision, ids: readonly string[], flags: DecisionFlags, parts: Parts): Promise<void> {
  const { command, terminal } = parts;
  const run: Run = { decision, question: toQuestion(decision, ids, flags, command), flags, terminal, dryRun: flags.dryRun === true };
  if (run.dryRun) return printPlan(run, await inSteps(run));
  const isNamed = ids.length > 0;
  if (isNamed || flags.yes === true) return printDone(run, await inSteps(run), isNamed);
  if (!terminal.isInteractive || flags.output === 'json') {
    command.error(`error: nobody can be asked here: --dry-run says which deliveries are meant, --yes will ${decision.verb} them`);
  }
  await askFirst(run);
}

async function askFirst(run: Run): Promise<void> {
  const { decision, terminal } = run;
  const plan = await inSteps({ ...run, dryRun: true });
  printPlan(run, plan);
  // What was shown is what is decided: the list may have grown while the person read it.
  const ids = plan.filter(({ result }) => result === decision.done).map(({ id }) => id);
  if (ids.length === 0) return;
  if (await terminal.confirm(`${decision.verb} ${toCount(ids.length, 'delivery')}?`)) {
    return printDone(run, await inSteps({ ...run, question: { ids } }), false);
  }
  terminal.note('Nothing was done.');
  process.exitCode = 1;
}

type Question = { readonly ids: readonly string[] } | { readonly select: object };

function toQuestion(decision: Decision, ids: readonly string[], flags: DecisionFlags, command: Command): Question {
  const { since, until, reason, state, ...places } = flags;
  const isPlaced = [places.target, places.alert, places.object, places.event].some((place) => place !== undefined);
  const isNarrowed = isPlaced || [since, until, reason, state].some((flag) => flag !== undefined);
  if (ids.length > 0 && isNarrowed) command.error('error: name deliveries by their ids or by flags, not both');
  if (ids.length > 0) return { ids: [...new Set(ids)] };
  if (!isPlaced) command.error(`error: name what to ${decision.verb}: ids, or --target, --alert, --object or --event`);
  return { select: { ...toNarrowing(flags), ...(state === undefined ? {} : { states: state }) } };
}

interface Run {
  readonly decision: Decision;
  readonly question: Question;
  readonly flags: DecisionFlags;
  readonly terminal: Terminal;
  readonly dryRun: boolean;
}

async function inSteps(run: Run): Promise<readonly Decided[]> {
  const { decision, question, terminal, dryRun } = run;
  const progress = createProgress(terminal);
  const decided: Decided[] = [];
  try {
    for await (const items of 'ids' in question ? stepsOfIds(run, question.ids) : stepsOfSelection(run, question.select)) {
      decided.push(...items.map(withoutMore));
      progress(() => `${toCount(decided.length, 'delivery')} ${dryRun ? 'looked at' : 'decided'} so far ...`);
    }
  } catch (error) {
    if (!(error instanceof AdminError) || dryRun || decided.length === 0) throw error;
    const done = decided.filter(({ result }) => result === decision.done).length;
    throw new AdminError(`${error.message}; ${toCount(done, 'delivery')} had been ${decision.past} before`, {
      cause: error,
      code: error.code,
    });
  }
  if (decided.length === 0 && run.flags.target !== undefined) await refuseUnknownProvider(run.flags, run.flags.target);
  return decided;
}

/** There may be a hundred thousand of them. */
function withoutMore({ id, result, delivery }: Decided): Decided {
  if (delivery === undefined) return { id, result };
  const { state, reason, eventId, target, route, subject, createdAtMs } = delivery;
  return { id, result, delivery: { state, ...(reason === undefined ? {} : { reason }), eventId, target, route, subject, createdAtMs } };
}

async function* stepsOfIds(run: Run, ids: readonly string[]): AsyncGenerator<readonly Decided[]> {
  for (let start = 0; start < ids.length; start += STEP) yield (await step(run, { ids: ids.slice(start, start + STEP) })).items;
}

async function* stepsOfSelection(run: Run, select: object): AsyncGenerator<readonly Decided[]> {
  let after: string | null = null;
  do {
    const page: Step = await step(run, { select, limit: STEP, ...(after === null ? {} : { after }) });
    yield page.items;
    after = page.next;
  } while (after !== null);
}

interface Step {
  readonly items: readonly Decided[];
  readonly next: string | null;
}

async function step({ decision, flags, dryRun }: Run, question: object): Promise<Step> {
  const { force, by = whoami() } = flags;
  const body = { ...question, dryRun, by, ...(force === true ? { force } : {}) };
  return (await post(flags, decision.path, JSON.stringify(body))) as Step;
}

function printPlan({ decision, flags, terminal }: Run, plan: readonly Decided[]): void {
  if (flags.output === 'json') return terminal.print(toDecisionJson(decision, plan, true));
  terminal.print(describePlan(decision, plan, terminal.nowMs()));
}

/** Where each was named by its id, one that stays as it was is a failure. */
function printDone({ decision, flags, terminal }: Run, decided: readonly Decided[], isNamed: boolean): void {
  if (isNamed && decided.some(({ result }) => result !== decision.done)) process.exitCode = 1;
  if (flags.output === 'json') return terminal.print(toDecisionJson(decision, decided, false));
  const { lines, remarks } = describeDone(decision, decided, isNamed);
  for (const line of lines) terminal.print(line);
  for (const remark of remarks) terminal.note(remark);
}

function whoami(): string {
  return `${userName()}@${hostname()}`.slice(0, MAX_NAME_CHARS);
}

/** A user without an entry in the password file has a number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Common in containers, and no reason not to act.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
