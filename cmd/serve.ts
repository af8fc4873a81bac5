// `tocsin serve`: the server, until it is told to stop.
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { type Application, startApplication } from './application.ts';
import { readEnvironment } from './environment.ts';
import { addServeFlags, type ServeSettings } from './serve-flags.ts';
import { untilStopped } from './signals.ts';
import { thisBuild } from './build.ts';

/** Adds the command; it is the one that runs when only flags are given, as notification-controller's image is started. */
export function addServe(program: Command): void {
  addServeFlags(program.command('serve', { isDefault: true }).description('take events, decide, deliver')).action(serve);
}

async function serve(settings: ServeSettings, command: Command): Promise<void> {
  if (settings.manifests.length === 0) command.error('name the folder of Provider, Alert and Secret manifests with --manifests DIR');
  boundHeapGrowth();
  const application = await startApplication(settings, await readEnvironment(process.env), thisBuild);
  void application.failed.then((error) => endAtOnce(application, error));
  const signal = await untilStopped();
  application.log.info({ signal }, 'stopping');
  await application.stop();
  application.log.info({}, 'stopped');
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
 * nearly everything of an event dies young.
 */
function boundHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=100');
}
