// `tocsin serve`: the server, until it is told to stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { type Application, startApplication } from './application.ts';
import { hasCluster } from './cluster-configuration.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { StartupError } from './listen.ts';
import { addServeFlags, type ServeSettings } from './serve-flags.ts';
import { firstSignal, untilStopped } from './signals.ts';
import { suggest } from '../internal/dialects/flux/finding.ts';
import { thisBuild } from './build.ts';

const HELP = `
Flags of notification-controller keep name and default. This command is meant when only flags are given.
Exit codes: 0 stopped by SIGTERM or Ctrl-C, 1 it cannot start, or lost its store, 2 wrong usage.

Examples:
  tocsin serve --manifests clusters/prod
`;

/** Adds the command; it is the one that runs when only flags are given, as notification-controller's image is started. */
export function addServe(program: Command): void {
  addServeFlags(program.command('serve', { isDefault: true }).description('take events, decide, deliver'))
    .addHelpText('after', HELP)
    .allowExcessArguments()
    .action(serve);
}

async function serve(settings: ServeSettings, command: Command): Promise<void> {
  if (command.args.length > 0) command.error(describeWords(command));
  const environment = await readEnvironment(process.env);
  const misuse = findMisuse(settings, environment);
  if (misuse !== undefined) command.error(misuse);
  requireGates(settings);
  boundHeapGrowth();
  // From now on, because it takes events before all of it has started.
  const stopped = firstSignal();
  const application = await startWithin(startApplication(settings, environment, thisBuild), stopped, settings.gracePeriod);
  void application.failed.then((error) => endAtOnce(application, error));
  const signal = await untilStopped(stopped);
  application.log.info({ signal }, 'stopping');
  await application.stop();
  application.log.info({}, 'stopped');
  // A connection on which nobody answers would keep the process.
  process.exit();
}

/** A start that is told to stop has the grace period to come to where it can; what it has taken by then is stored. */
async function startWithin(starting: Promise<Application>, stopped: Promise<unknown>, graceMs: number): Promise<Application> {
  const giveUp = stopped.then(() => sleep(graceMs, undefined, { ref: false }));
  const application = await Promise.race([starting, giveUp]);
  return application ?? process.exit(0);
}

/** The first word is no command, or it stands behind `serve`, which takes flags alone. */
function describeWords({ args: [word = ''], parent }: Command): string {
  if (parent?.args[0] === 'serve') return `error: serve takes no arguments; name the folder with --manifests ${word}`;
  const near = suggest(word, parent?.commands.map((one) => one.name()) ?? []);
  return `error: there is no command "${word}"${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** What to say when the flags leave open where configuration comes from. */
function findMisuse(settings: ServeSettings, environment: Environment): string | undefined {
  const hasFolder = settings.manifests.length > 0;
  if (hasFolder && settings.kubeconfig !== undefined)
    return 'error: name either a folder with --manifests or a cluster with --kubeconfig, not both';
  if (hasFolder || hasCluster(settings, environment)) return undefined;
  return 'error: name the folder of Provider, Alert and Secret manifests with --manifests DIR, or a cluster with --kubeconfig FILE';
}

/** A default that nothing may use would seem to work; notification-controller ends with 1 as well. */
function requireGates({ defaultServiceAccount, featureGates }: ServeSettings): void {
  if (defaultServiceAccount === '' || featureGates.ObjectLevelWorkloadIdentity) return;
  throw new StartupError('--default-service-account needs --feature-gates=ObjectLevelWorkloadIdentity=true');
}

/**
 * What is being sent could not be settled and what arrives could not be stored: a new process, which whoever watches over
 * this one starts, takes up both.
 */
function endAtOnce({ log }: Application, error: Error): void {
  log.error({ error }, 'the store is lost to this process, which ends so that a new one can open it');
  process.exit(1);
}

/**
 * Left alone, the heap of a loaded process grows to several times what lives in it, which costs 150 MB and saves no time:
 * nearly everything of an event dies young. What little survives is collected sooner by one thread than shared out to many.
 */
function boundHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=100');
  setFlagsFromString('--no-parallel-scavenge');
}
