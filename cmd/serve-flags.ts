// The flags of `tocsin serve`: all of notification-controller's, with name and default, and ours.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_ADMIN_ADDRESS } from './admin-client.ts';
import {
  collect,
  type FeatureGates,
  type ListenAddress,
  parseAddress,
  parseBoolean,
  parseCount,
  parseDuration,
  parseFeatureGates,
  parseNumber,
} from './flags.ts';
import { refuseNoStore, type StoreLocation, storeOption } from './store-location.ts';

export interface ServeSettings {
  readonly manifests: readonly string[];
  readonly secrets?: string;
  readonly kubeconfig?: string;
  readonly store: StoreLocation;
  readonly storePasswordFile?: string;
  readonly eventsAddr: ListenAddress;
  readonly metricsAddr: ListenAddress;
  readonly healthAddr: ListenAddress;
  readonly adminAddr: ListenAddress;
  readonly receiverAddr: ListenAddress;
  readonly egressDeny: readonly string[];
  readonly egressAllow: readonly string[];
  readonly gracePeriod: number;
  readonly retention: number;
  readonly rateLimitInterval: number;
  readonly exportHttpPathMetrics: boolean;
  readonly exportObjectMetrics: boolean;
  readonly otlpEndpoint: string;
  readonly watchAllNamespaces: boolean;
  readonly watchConfigsLabelSelector: string;
  readonly noCrossNamespaceRefs: boolean;
  readonly logEncoding: 'json' | 'console';
  readonly logLevel: 'trace' | 'debug' | 'info' | 'error';
  readonly featureGates: FeatureGates;
  readonly tokenCacheMaxSize: number;
  readonly tokenCacheMaxDuration: number;
  readonly defaultServiceAccount: string;
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  readonly enableLeaderElection: boolean;
  readonly leaderElectionReleaseOnCancel: boolean;
  readonly leaderElectionLeaseDuration: number;
  readonly leaderElectionRenewDeadline: number;
  readonly leaderElectionRetryPeriod: number;
}

/** A flag whose value is text, read by `parse`; the default is written as a user would write it. */
function flag(syntax: string, description: string, text: string, parse: (text: string) => unknown): Option {
  return new Option(syntax, description).default(parse(text), text || 'none').argParser(parse);
}

/** A boolean flag in pflag's syntax: present alone it is true. */
function toggle(name: string, description: string, value: boolean): Option {
  const option = new Option(`${name} [boolean]`, description).default(value).preset('true').argParser(parseBoolean);
  // commander reads a leading --no- as the negation of another flag; Flux's is a flag of its own.
  option.negate = false;
  return option;
}

const OURS: readonly Option[] = [
  new Option('--manifests <dir>', 'folder of Provider, Alert and Secret manifests, watched; may be repeated')
    .argParser(collect)
    .default([], 'none'),
  new Option('--secrets <dir>', 'Secrets as files: <namespace>/<name>/<key>'),
  new Option(
    '--kubeconfig <file>',
    'instead of --manifests: the cluster of the current context; in a pod its own cluster is used without it',
  ),
  storeOption('the durable outbox: sqlite:PATH, or postgres://USER@HOST/DATABASE for several replicas'),
  new Option(
    '--store-password-file <file>',
    'the password of the database, read for every connection; $PGPASSWORD and ~/.pgpass do as well',
  ),
  flag('--admin-addr <address>', 'the admin API; always needs the token of the store', DEFAULT_ADMIN_ADDRESS, parseAddress),
  new Option('--egress-deny <list>', 'CIDRs and names that are never sent to; may be repeated').argParser(collect).default([], 'none'),
  new Option('--egress-allow <list>', 'CIDRs and names that are sent to although denied; may be repeated')
    .argParser(collect)
    .default([], 'none'),
  flag('--grace-period <duration>', 'time for sends in flight after SIGTERM', '8s', parseDuration),
  flag('--retention <duration>', 'how long delivered messages stay listed', '168h', parseDuration),
  toggle('--export-object-metrics', 'count deliveries by Alert and Provider as well, in at most 1,000 series', false),
  flag(
    '--otlp-endpoint <url>',
    'OpenTelemetry collector (OTLP over HTTP) that gets a span of every event; none when empty',
    '',
    toEndpoint,
  ),
];

const FLUX: readonly Option[] = [
  flag('--events-addr <address>', 'where events are taken', ':9090', parseAddress),
  flag('--metrics-addr <address>', 'where Prometheus metrics are served', ':8080', parseAddress),
  flag('--health-addr <address>', 'where health probes are answered', ':9440', parseAddress),
  flag('--rate-limit-interval <duration>', 'time in which a repeated event is a duplicate', '5m', parseDuration),
  toggle('--export-http-path-metrics', 'use the request path as the handler label', false),
  toggle('--watch-all-namespaces', 'look at all namespaces; false: only at $RUNTIME_NAMESPACE', true),
  toggle('--no-cross-namespace-refs', 'refuse Alerts for objects of another namespace', false),
  flag('--log-encoding <encoding>', 'how the log is written: json or console', 'json', (text) => choice(text, ['json', 'console'])),
  flag('--log-level <level>', 'the least that is logged: trace, debug, info or error', 'info', toLogLevel),
  flag('--feature-gates <list>', 'features to switch, as in name=true,other=false', '', parseFeatureGates),
  flag('--token-cache-max-size <count>', 'tokens kept; 0 keeps none', '100', parseCount),
  flag('--token-cache-max-duration <duration>', 'time a token is kept at most', '1h', (text) => Math.min(parseDuration(text), 3_600_000)),
  new Option('--default-service-account <name>', 'used for workload identity when a Provider names none').default(''),
];

/** Flags of notification-controller that mean something only in a cluster; taken, so that its manifests start us unchanged. */
const CLUSTER: readonly Option[] = [
  flag('--receiverAddr <address>', 'where webhooks arrive; this release knows no Receivers and answers 404', ':9292', parseAddress),
  flag('--concurrent <count>', 'no effect on a folder', '4', parseCount),
  flag(
    '--watch-configs-label-selector <selector>',
    'Secrets whose changes are seen at once; empty = all of them',
    'reconcile.fluxcd.io/watch=Enabled',
    String,
  ),
  flag(
    '--kube-api-qps <count>',
    'requests a second to an API server without Priority and Fairness, watches not counted; 0 or less: no limit',
    '50',
    parseNumber,
  ),
  flag('--kube-api-burst <count>', 'requests that may go at once before --kube-api-qps holds', '300', parseCount),
  toggle('--enable-leader-election', 'only the leader writes status; events are taken and delivered by all', false),
  toggle('--leader-election-release-on-cancel', 'hand the lease over at the end instead of letting it run out', true),
  flag('--leader-election-lease-duration <duration>', 'how long others respect a leader that is silent', '35s', parseDuration),
  flag('--leader-election-renew-deadline <duration>', 'how long a leader that cannot renew goes on', '30s', parseDuration),
  flag('--leader-election-retry-period <duration>', 'pause between tries to lead', '5s', parseDuration),
  flag('--min-retry-delay <duration>', 'no effect on a folder', '750ms', parseDuration),
  flag('--max-retry-delay <duration>', 'no effect on a folder', '15m', parseDuration),
];

/** Adds every flag to the command. */
export function addServeFlags(command: Command): Command {
  for (const option of [...OURS, ...FLUX, ...CLUSTER]) command.addOption(option);
  return refuseNoStore(command);
}

/** Empty, or an address that spans can be posted to. */
function toEndpoint(text: string): string {
  if (text !== '' && !/^https?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw new InvalidArgumentError('write an address such as http://collector:4318.');
  }
  return text;
}

function choice<T extends string>(text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (!found) throw new InvalidArgumentError(`write ${values.join(' or ')}.`);
  return found;
}

/** notification-controller ignores a level that it does not know; so do we. */
function toLogLevel(text: string): ServeSettings['logLevel'] {
  return (['trace', 'debug', 'info', 'error'] as const).find((level) => level === text) ?? 'info';
}
