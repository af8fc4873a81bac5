// Where the outbox lies when no flag says it: where TOCSIN_STORE says, beside whoever starts the program, or in a pod where one
// can write. There it is found by the commands that are run in the pod, too.
import { accessSync, constants } from 'node:fs';

/** The default as help shows it. */
export const DEFAULT_STORE_WORDS =
  '$TOCSIN_STORE, or sqlite:.tocsin/outbox.db; in a pod sqlite:/data/outbox.db, or below /tmp where /data cannot be written';

/** The address of a database comes from a Secret, which a pod's command line is no place for. */
export function defaultStore(variables: NodeJS.ProcessEnv, isWritable?: (directory: string) => boolean): string {
  return variables['TOCSIN_STORE'] || `sqlite:${defaultFile(variables, isWritable)}`;
}

/** In a pod the working directory is part of a read-only image, and /tmp may be all that there is. */
export function defaultFile(variables: NodeJS.ProcessEnv, isWritable: (directory: string) => boolean = canWrite): string {
  if (!variables['KUBERNETES_SERVICE_HOST']) return '.tocsin/outbox.db';
  return isWritable('/data') ? '/data/outbox.db' : '/tmp/tocsin/outbox.db';
}

function canWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    // Not there, or somebody else's.
    return false;
  }
}
