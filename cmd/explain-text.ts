// The words of `tocsin explain`: verdicts nearest to a match first, what would have passed, what is owed and what to do.
import type { Event } from '../internal/event/event.ts';
import type { Delivery, StoredEvent, TargetState } from '../internal/outbox/store.ts';
import type { Explained } from '../internal/routing/explain.ts';
import type { Verdict } from '../internal/routing/route.ts';
import { adviceFor } from './advice.ts';
import { describeDelivery } from './delivery-text.ts';
import type { Outlook } from './outlook.ts';
import { printable, shorten, toObjectWords, toWords } from './words.ts';

/** What every Alert says of an event now. */
export interface Present {
  readonly verdicts: readonly Explained[];
  readonly revision: string;
}

/** An event that is stored, with all that is known of it. */
export interface ExplainedStored extends StoredEvent {
  readonly deliveries: readonly Delivery[];
  readonly now: Present;
  readonly targets: readonly TargetState[];
}

/** An event that somebody asks about before it happens. */
export interface ExplainedAhead {
  readonly event: Event;
  readonly now: Present;
  /** The stored event of which it would be a duplicate. */
  readonly equal?: { readonly id: string; readonly acceptedAtMs: number; readonly untilMs: number } | null;
  /** Paused Providers. */
  readonly targets?: readonly TargetState[];
  /** What a match would send; known where the folder is at hand. */
  readonly outlooks?: readonly Outlook[];
  /** Manifests that are not used. */
  readonly faults?: readonly { readonly file: string; readonly line: number; readonly object: string; readonly message: string }[];
}

export interface TextOptions {
  readonly nowMs: number;
  /** Lists also the Alerts that have nothing to do with the event. */
  readonly all: boolean;
}

const MESSAGE_CHARS = 200;
/** As many Alerts that do not match are listed one by one unless all are asked for. */
const LISTED = 20;

/** A stored event in lines for people. */
export function describeStored(explained: ExplainedStored, options: TextOptions): string[] {
  const { now, deliveries } = explained;
  const verdicts = explained.verdicts.filter((verdict) => !isStandIn(verdict));
  const decided = verdicts.length < explained.verdicts.length ? 'once the Alerts were known' : 'on arrival';
  const remedies = new Map(now.verdicts.map((verdict) => [routeName(verdict), verdict]));
  const known = new Set(verdicts.map(routeName));
  const others = now.verdicts.filter((verdict) => !known.has(routeName(verdict)));
  const hasChanged = explained.revision !== now.revision;
  const arrival = verdicts.map((verdict) => withRemedy(verdict, remedies.get(routeName(verdict))));
  return [
    ...describeEvent(explained.event, `accepted ${toWords(explained.acceptedAtMs, options.nowMs)}`),
    '',
    `Decided ${decided} (configuration ${explained.revision}):`,
    ...orNone(arrival.flatMap(describeVerdict), 'no Alert names this kind and namespace'),
    '',
    `Every other Alert, as configured ${hasChanged ? `now (${now.revision}: changed since)` : 'then and now'}:`,
    ...orNone(describeVerdicts(others, options.all), 'there is none'),
    ...(hasChanged
      ? ['', 'What has changed since:', ...orNone(describeChanges(verdicts, now.verdicts), 'nothing that changes a verdict')]
      : []),
    '',
    'Deliveries:',
    ...orNone(
      deliveries.flatMap((delivery) => describeOwed(delivery, explained.targets, options.nowMs)).map((line) => `  ${line}`),
      'nothing was owed',
    ),
  ];
}

/** What was said of all Alerts while none was known; their own verdicts have taken its place. */
function isStandIn(verdict: Verdict): boolean {
  return verdict.kind === 'dropped' && verdict.route.name === '';
}

/** An event that has not happened, in lines for people. */
export function describeAhead(ahead: ExplainedAhead, options: TextOptions): string[] {
  const { event, now, equal, outlooks = [], faults = [], targets = [] } = ahead;
  const lines = [...describeEvent(event, `as configured now (${now.revision})`), ''];
  if (equal) {
    lines.push(
      `Duplicate: an equal event was accepted ${toWords(equal.acceptedAtMs, options.nowMs)} as ${equal.id}. Posted again it is answered 429 and dropped`,
      `  → an event counts as a new one ${toWords(equal.untilMs, options.nowMs)}, or with another message, revision or token`,
      '',
    );
  }
  for (const { file, line, object, message } of faults) lines.push(`Not used: ${object || file} (${file}:${line}): ${printable(message)}`);
  if (faults.length > 0) lines.push('');
  const matched = now.verdicts.filter(({ kind }) => kind === 'matched');
  const others = now.verdicts.filter(({ kind }) => kind !== 'matched');
  const paused = new Map(targets.map((target) => [target.key, target]));
  lines.push(
    'Would be sent by:',
    ...orNone(
      matched.flatMap((verdict) => {
        const target = paused.get(verdict.targetKey);
        const held = target === undefined ? [] : [`           ${describePause(target, options.nowMs)}`];
        const outlook = outlooks.find(({ alert }) => alert === routeName(verdict));
        return [...describeVerdict(verdict), ...held, ...(outlook === undefined ? [] : describeOutlook(outlook))];
      }),
      'no Alert',
    ),
    '',
    'Every other Alert, the nearest to a match first:',
    ...orNone(describeVerdicts(others, options.all), 'there is none'),
  );
  return lines;
}

/** What happened to which object, as it was told. */
export function describeEvent({ id, subject, flux }: Event, what: string): string[] {
  return [
    printable(`Event ${id}: ${flux.severity} ${flux.reason} of ${toObjectWords(subject)}, ${what}`),
    `  ${shorten(flux.message, MESSAGE_CHARS)}`,
  ];
}

/** A verdict without a route stands for all of them: the event came before any configuration was loaded. */
function routeName({ route }: Verdict): string {
  return route.name === '' ? '*' : `${route.namespace}/${route.name}`;
}

/** What a stored verdict would have needed, as long as it still says the same. */
function withRemedy(stored: Verdict, now: Explained | undefined): Explained {
  const isSame = now !== undefined && stateOf(stored) === stateOf(now);
  return { ...stored, closeness: 1, ...(isSame && now.remedy !== undefined ? { remedy: now.remedy } : {}) };
}

function stateOf(verdict: Verdict): string {
  return 'reason' in verdict ? `${verdict.kind} (${verdict.reason})` : verdict.kind;
}

function describeVerdicts(verdicts: readonly Explained[], all: boolean): string[] {
  const near = verdicts.length <= LISTED ? verdicts.length : verdicts.filter(({ closeness }) => closeness >= 1).length;
  const shown = all ? verdicts : verdicts.slice(0, Math.min(near, LISTED));
  const rest = verdicts.slice(shown.length);
  const lines = shown.flatMap(describeVerdict);
  if (rest.length === 0) return lines;
  const reasons = [...Map.groupBy(rest, stateOf)].map(([state, same]) => `${same.length} ${state}`);
  return [...lines, `  and ${rest.length} more: ${reasons.join(', ')}; --all lists them`];
}

/** What an Alert said, and what would have passed. */
export function describeVerdict(verdict: Verdict & { readonly remedy?: string }): string[] {
  const detail = verdict.detail ? `: ${printable(verdict.detail)}` : '';
  const remedy = verdict.remedy === undefined ? [] : [`           → ${printable(verdict.remedy)}`];
  switch (verdict.kind) {
    case 'matched':
      return [`  matched  Alert ${routeName(verdict)}${detail}`];
    case 'held':
      return [`  held     Alert ${routeName(verdict)} in ${verdict.bucket}${detail}`];
    case 'dropped':
    case 'muted':
    case 'pending':
      return [`  ${verdict.kind.padEnd(8)} Alert ${routeName(verdict)} (${verdict.reason})${detail}`, ...remedy];
    default:
      return verdict satisfies never;
  }
}

/** Alerts that say something else of the event than they did when it came. */
function describeChanges(then: readonly Verdict[], now: readonly Explained[]): string[] {
  const before = new Map(then.map((verdict) => [routeName(verdict), verdict]));
  const present = new Set(now.map(routeName));
  const changed = now.flatMap((verdict) => {
    const old = before.get(routeName(verdict));
    if (old === undefined) return verdict.kind === 'matched' ? [`  Alert ${routeName(verdict)}: not a candidate then, matched now`] : [];
    return stateOf(old) === stateOf(verdict) ? [] : [`  Alert ${routeName(verdict)}: ${stateOf(old)} then, ${stateOf(verdict)} now`];
  });
  const gone = then.filter((verdict) => verdict.route.name !== '' && !present.has(routeName(verdict)));
  return [...changed, ...gone.map((verdict) => `  Alert ${routeName(verdict)}: ${stateOf(verdict)} then, does not exist now`)];
}

function describeOwed(delivery: Delivery, targets: readonly TargetState[], nowMs: number): string[] {
  const { dialect, tenant, namespace, name } = delivery.target;
  const isWaiting = delivery.state === 'waiting' || delivery.state === 'leased';
  const target = isWaiting ? targets.find(({ key }) => key === `${dialect}/${tenant}/${namespace}/${name}`) : undefined;
  const advice = adviceFor(delivery);
  return [
    ...describeDelivery(delivery, nowMs),
    ...(target === undefined || target.pausedUntilMs === null ? [] : [`  ${describePause(target, nowMs)}`]),
    ...(advice === undefined ? [] : [`  → ${advice}`]),
  ];
}

function describePause({ key, failures, pausedUntilMs, waiting }: TargetState, nowMs: number): string {
  const name = key.split('/').slice(2).join('/');
  return `circuit open: Provider ${name} failed ${failures} times in a row and is paused with ${waiting} waiting; the next probe is ${toWords(pausedUntilMs ?? nowMs, nowMs)}`;
}

function describeOutlook({ provider, type, requests, fault, hint }: Outlook): string[] {
  const lines = requests.map(({ method, url }) => `           to ${type} ${provider}: ${method} ${url}`);
  if (requests.length === 0) lines.push(`           to ${type} ${provider}`);
  if (fault !== undefined) lines.push(`           but cannot be sent (${fault.reason}): ${printable(fault.message)}`);
  if (hint !== undefined) lines.push(`           → ${printable(hint)}`);
  return lines;
}

function orNone(lines: readonly string[], none: string): readonly string[] {
  return lines.length > 0 ? lines : [`  ${none}`];
}
