// Parsing of flag values in Go's syntax, as notification-controller's flags take them.
import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** A Go duration such as `5m`, `1h30m` or `750ms`, in milliseconds; `d` is not a unit. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (!DURATION.test(text)) throw new InvalidArgumentError('write a duration such as 30s, 5m or 1h30m.');
  const total = [...text.matchAll(PART)].reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  return text.startsWith('-') ? -total : total;
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** A pflag boolean: `--flag`, `--flag=true`, `--flag=false`. */
export function parseBoolean(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new InvalidArgumentError('write true or false.');
}

/** A whole number of at least zero. */
export function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('write a whole number, 0 or more.');
  return Number(text);
}

/** Any number, such as 50, 0.5 or -1. */
export function parseNumber(text: string): number {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text)) throw new InvalidArgumentError('write a number.');
  return Number(text);
}

export interface ListenAddress {
  /** Empty = every interface. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `:port` or `[v6]:port`; port 0 lets the system choose. */
export function parseAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new InvalidArgumentError('write host:port or :port, such as 127.0.0.1:9090.');
  return { host: match[1] ?? match[2] ?? '', port };
}

/** The same text where it is an address, for a flag that is handed on as it was written. */
export function checkAddress(text: string): string {
  parseAddress(text);
  return text;
}

/** Flux's feature gates, all off by default. */
const FEATURE_GATES = ['CacheSecretsAndConfigMaps', 'DisableConfigWatchers', 'ObjectLevelWorkloadIdentity'] as const;
export type FeatureGates = Readonly<Record<(typeof FEATURE_GATES)[number], boolean>>;

/** `name=true,other=false`; an unknown gate is an error, as in Flux. */
export function parseFeatureGates(text: string): FeatureGates {
  const gates = { CacheSecretsAndConfigMaps: false, DisableConfigWatchers: false, ObjectLevelWorkloadIdentity: false };
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [name = '', value = ''] = pair.split('=').map((part) => part.trim());
    const known = FEATURE_GATES.find((gate) => gate === name);
    if (!known) throw new InvalidArgumentError(`there is no feature gate "${name}"; known are ${FEATURE_GATES.join(', ')}.`);
    gates[known] = parseBoolean(value);
  }
  return gates;
}

/** Adds a value to a flag that may be repeated or hold a comma-separated list. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...text.split(',').filter((part) => part !== '')];
}
