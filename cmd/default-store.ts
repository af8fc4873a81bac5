// Where the outbox lies when no flag says it: where TOCSIN_STORE says, beside whoever starts the program, or in a pod where one
// can write. There it is found by the commands that are run in the pod, too.
import { accessSync, constants, readFileSync } from 'node:fs';

/** The default as help shows it. */
export const DEFAULT_STORE_WORDS =
  '$TOCSIN_STORE, or sqlite:.tocsin/outbox.db; in a pod sqlite:/data/outbox.db, or below /tmp where no volume at /data can be written';

/** The address of a database comes from a Secret, which a pod's command line is no place for. */
export function defaultStore(variables: NodeJS.ProcessEnv, isVolume?: (directory: string) => boolean): string {
  return variables['TOCSIN_STORE'] || `sqlite:${defaultFile(variables, isVolume)}`;
}

/** In a pod the working directory is part of a read-only image, and /tmp may be all that there is. */
export function defaultFile(variables: NodeJS.ProcessEnv, isVolume: (directory: string) => boolean = isWritableVolume): string {
  if (!variables['KUBERNETES_SERVICE_HOST']) return '.tocsin/outbox.db';
  return isVolume('/data') ? '/data/outbox.db' : '/tmp/tocsin/outbox.db';
}

/** The image's own folder goes with each restart of the container; /tmp, which pods mount, only with the pod. */
function isWritableVolume(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return isMountPoint(directory, readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    // Not there, or somebody else's.
    return false;
  }
}

/** Whether something is mounted just there; `mounts` in the form of proc(5). */
export function isMountPoint(directory: string, mounts: string): boolean {
  return mounts.split('\n').some((line) => line.split(' ')[4] === directory);
}
