// A folder of manifests for commands that need no server: read once, watched by nobody.
import { type Command, Option } from 'commander';
import { catalog } from '../internal/catalog/catalog.ts';
import { type Directory, openDirectory } from '../internal/config/directory/directory.ts';
import { createResolver } from '../internal/credentials/resolver.ts';
import { createFluxDialect } from '../internal/dialects/flux/dialect.ts';
import type { DecideContext } from '../internal/routing/decide.ts';
import type { Snapshot, Target } from '../internal/routing/route.ts';
import { emptySnapshot } from '../internal/routing/snapshot.ts';
import type { ResolvedTarget } from '../internal/sdk/credentials.ts';
import type { Logger } from '../internal/sdk/ports.ts';
import type { Redactor } from '../internal/sdk/transport.ts';
import { createRedactor } from '../internal/telemetry/redactor.ts';
import { collect, parseBoolean } from './flags.ts';
import { systemClock } from './system-clock.ts';

export interface FolderFlags {
  readonly manifests: readonly string[];
  readonly secrets?: string;
  readonly noCrossNamespaceRefs: boolean;
}

/** What a folder says, as a server that serves it would know it. */
export interface OpenFolder {
  readonly snapshot: Snapshot;
  readonly context: DecideContext;
  /** Objects that are not used, because of what is wrong with them. */
  readonly faults: ReturnType<Directory['faults']>;
  readonly redactor: Redactor;
  resolve(target: Target): Promise<ResolvedTarget>;
  /** Names of the keys of a Secret; undefined when there is none. */
  secretKeys(namespace: string, name: string): Promise<readonly string[] | undefined>;
}

/** Adds the flags that name a folder; `needed` says what it is for. */
export function withFolderFlags(command: Command, needed: string): Command {
  const crossing = new Option('--no-cross-namespace-refs [boolean]', 'as the server: refuse Alerts for objects of another namespace')
    .default(false)
    .preset('true')
    .argParser(parseBoolean);
  // commander reads a leading --no- as the negation of another flag.
  crossing.negate = false;
  return command
    .addOption(new Option('--manifests <dir>', `folder of manifests, ${needed}; may be repeated`).argParser(collect).default([], 'none'))
    .option('--secrets <dir>', 'with --manifests: Secrets as files: <namespace>/<name>/<key>')
    .addOption(crossing);
}

/** Reads the folder; rejects with ConfigFault when it cannot be read. */
export async function openFolder(flags: FolderFlags): Promise<OpenFolder> {
  const directory = await openDirectory({
    paths: flags.manifests,
    ...(flags.secrets === undefined ? {} : { secretsPath: flags.secrets }),
    dialect: createFluxDialect({ catalog }),
    clock: systemClock,
    log: SILENT,
    watch: false,
  });
  directory.close();
  const redactor = createRedactor();
  const { secrets, labels } = directory;
  const resolver = createResolver({ secrets, redactor, featureGates: { objectLevelWorkloadIdentity: true } });
  return {
    snapshot: directory.snapshots.current() ?? emptySnapshot(),
    context: { labels, noCrossNamespaceRefs: flags.noCrossNamespaceRefs },
    faults: directory.faults().filter(({ severity }) => severity === 'error'),
    redactor,
    resolve: (target) => resolver.resolve(target),
    secretKeys: async (namespace, name) => {
      // A Secret that is broken is told of by whoever resolves it.
      const data = await secrets.get(namespace, name).catch(() => undefined);
      return data === undefined ? undefined : Object.keys(data);
    },
  };
}

function ignore(): void {}

/** What is wrong with the manifests is reported by `faults`, where a command wants to. */
export const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => SILENT };
