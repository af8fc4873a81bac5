// Where the objects of cases lie: in a folder, or in a cluster.
import { join } from 'node:path';
import { writeManifests } from './manifests.ts';
import type { CaseResult, PreparedCase } from './run-case.ts';
import { whyNotInFolder, type Vector } from './vector.ts';

/** How a program is told of the objects. */
export interface Laid {
  readonly manifests: readonly string[];
  readonly flags: readonly string[];
}

export interface Ground {
  /** Why this ground cannot show a case, or undefined when it can. */
  whyNot(vector: Vector): string | undefined;
  /** Puts the objects there; `directory` is empty. */
  lay(vectors: readonly Vector[], directory: string): Promise<Laid>;
  /** True when a verdict that waits for this stays as it is. */
  staysPending(reason: string): boolean;
  /** What differs beside answers and requests, by the case's name, while the program still runs. */
  judge(cases: readonly PreparedCase[], results: readonly CaseResult[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** A verdict that waits for an object that is not there is as final as it can be in a folder. */
const STAYS_PENDING: ReadonlySet<string> = new Set(['provider-missing', 'labels-unknown']);

export const folderGround: Ground = {
  whyNot: whyNotInFolder,
  lay: async (vectors, directory) => {
    const manifests = join(directory, 'manifests');
    writeManifests(manifests, vectors);
    return { manifests: [manifests], flags: [] };
  },
  staysPending: (reason) => STAYS_PENDING.has(reason),
  judge: () => Promise.resolve(new Map()),
};
