// The flags that say which deliveries or events are meant, the same words for every command, checked before anything is asked.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FLUX_DIALECT } from '../internal/event/flux.ts';
import { DELIVERY_STATES, type DeliveryState } from '../internal/outbox/store.ts';
import { type Reason, REASONS } from '../internal/sdk/outcome.ts';
import { toKey } from '../internal/sdk/target.ts';
import type { Query } from './admin-client.ts';
import { toKind } from './event-words.ts';
import { parseCount, parseDuration } from './flags.ts';

const DAY_MS = 86_400_000;

/** An object as a person names it; a part that is left out may be anything. */
export interface ObjectWords {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface AgeFlags {
  readonly object?: ObjectWords;
  readonly since?: number;
  readonly until?: number;
}

export interface PlaceFlags extends AgeFlags {
  readonly target?: string;
  readonly alert?: string;
  readonly event?: string;
  readonly reason?: Reason;
}

/** Adds `--object`, `--since` and `--until`; a moment counts from `nowMs`. */
export function withAgeFlags(command: Command, nowMs: () => number): Command {
  return command
    .addOption(
      new Option('--object <kind/namespace/name>', 'only about this object; a part that is * or left out may be anything').argParser(
        parseObject,
      ),
    )
    .addOption(new Option('--since <time>', 'accepted since then: 30m, 2h or 7d ago, or 2026-01-31T15:04:05Z').argParser(toAge(nowMs)))
    .addOption(new Option('--older-than, --until <time>', 'accepted before then, in the same words').argParser(toAge(nowMs)));
}

/** Adds the flags that narrow deliveries. */
export function withPlaceFlags(command: Command, nowMs: () => number): Command {
  command
    .addOption(new Option('--target <namespace/name>', 'only to this Provider').argParser(parseName))
    .addOption(new Option('--alert <namespace/name>', 'only from this Alert').argParser(parseName))
    .option('--event <id>', 'only of this event')
    .addOption(new Option('--reason <reason>', 'only those that ended, or wait, for this reason').choices(REASONS));
  return withAgeFlags(command, nowMs);
}

/** A list of states with commas, each one of `known`. */
export function stateOption(description: string, known: readonly DeliveryState[] = DELIVERY_STATES): Option {
  return new Option('--state <states>', `${description}: ${known.join(', ')}; several with commas`).argParser((text) => {
    const states = text.split(',');
    const odd = states.find((state) => !known.some((one) => one === state));
    if (odd !== undefined) throw new InvalidArgumentError(`there is no "${odd}" here; write ${known.join(', ')}.`);
    return states;
  });
}

/** The narrowing as the API takes it, in a query or a body. */
export function toNarrowing({ target, alert, event, reason, ...rest }: PlaceFlags): Query {
  return { target, route: alert, event, reason, ...toAgeNarrowing(rest) };
}

/** The narrowing by object and age, as the API takes it. */
export function toAgeNarrowing({ object, since, until }: AgeFlags): Query {
  return { kind: object?.kind, namespace: object?.namespace, name: object?.name, youngerThanMs: since, olderThanMs: until };
}

function parseName(text: string): string {
  const [namespace = '', name = '', ...more] = text.split('/');
  if (namespace === '' || name === '' || more.length > 0) throw new InvalidArgumentError('write namespace/name.');
  return toKey({ dialect: FLUX_DIALECT, tenant: '', namespace, name });
}

function parseObject(text: string): ObjectWords {
  const parts = text.split('/');
  if (parts.includes('') || parts.length > 3) throw new InvalidArgumentError('write Kind/namespace/name, Kind or */namespace.');
  const [kind = '*', namespace = '*', name = '*'] = parts;
  const given = Object.entries({ kind: toKind(kind), namespace, name }).filter(([, word]) => word !== '*');
  if (given.length === 0) throw new InvalidArgumentError('name a kind, namespace or name.');
  return Object.fromEntries(given);
}

/** Reads a time before now, in words or as a moment, as how many milliseconds it is ago. */
export function toAge(nowMs: () => number): (text: string) => number {
  return (text) => {
    const ageMs = /^\d{4}-/.test(text) ? nowMs() - Date.parse(text) : parseDays(text);
    if (Number.isNaN(ageMs)) throw new InvalidArgumentError('write a moment such as 2026-01-31T15:04:05Z.');
    if (ageMs < 0) throw new InvalidArgumentError('this lies in the future.');
    return ageMs;
  };
}

/** A Go duration, or days. */
function parseDays(text: string): number {
  const days = /^(\d+)d$/.exec(text)?.[1];
  if (days !== undefined) return Number(days) * DAY_MS;
  try {
    return parseDuration(text);
  } catch {
    // What it asks for instead knows neither days nor moments.
    throw new InvalidArgumentError('write 30m, 2h or 7d, or a moment such as 2026-01-31T15:04:05Z.');
  }
}

export interface PageFlags {
  readonly limit: number;
  readonly after?: string;
}

/** Adds `--limit` and `--after`. */
export function withPageFlags(command: Command): Command {
  return command
    .option('--limit <count>', 'rows at most; 0 lists all', parseCount, 50)
    .option('--after <id>', 'go on behind this row, the last of the list before');
}

/** Adds `--follow`, which begins at the end of the list. */
export function withFollowFlag(command: Command): Command {
  return command.addOption(
    new Option('--follow', 'go on with what is new or changes; JSON comes one row a line').conflicts(['after', 'until']),
  );
}

/** The limit as a number of rows. */
export function toLimit({ limit }: PageFlags): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
