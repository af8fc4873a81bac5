// The flags that name a folder of manifests, or a cluster, for commands that need no server.
import { type Command, Option } from 'commander';
import { collect, parseBoolean } from './flags.ts';

export interface FolderFlags {
  readonly manifests: readonly string[];
  readonly secrets?: string;
  readonly kubeconfig?: string;
  readonly noCrossNamespaceRefs: boolean;
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
    .option('--kubeconfig <file>', 'instead of --manifests: what is in the cluster of the current context')
    .addOption(crossing);
}

/** True when the flags name a folder or a cluster. */
export function hasFolder({ manifests, kubeconfig }: FolderFlags): boolean {
  return manifests.length > 0 || kubeconfig !== undefined;
}
