// Events that are made up for an object: what they say, and how people name objects.
import { type Command, Option } from 'commander';

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What a made-up event says. */
export interface EventWords {
  readonly severity: string;
  readonly reason: string;
  readonly message: string;
  /** As in `main@sha1:…`; commit statuses need it. */
  readonly revision?: string;
}

/** What Flux says of an object that is fine. */
export const APPLIED = { reason: 'ReconciliationSucceeded', message: 'Applied revision: main' };

/** Flux's own severities; a mistyped one would be one more that no Alert asks for. */
const SEVERITIES = ['info', 'error', 'trace'];

/** Flux's own kinds and the apiVersion of their events; any other kind is of no group. */
const API_VERSIONS: Readonly<Record<string, string>> = {
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2',
  GitRepository: 'source.toolkit.fluxcd.io/v1',
  OCIRepository: 'source.toolkit.fluxcd.io/v1',
  HelmRepository: 'source.toolkit.fluxcd.io/v1',
  HelmChart: 'source.toolkit.fluxcd.io/v1',
  Bucket: 'source.toolkit.fluxcd.io/v1',
  ImageRepository: 'image.toolkit.fluxcd.io/v1',
  ImagePolicy: 'image.toolkit.fluxcd.io/v1',
  ImageUpdateAutomation: 'image.toolkit.fluxcd.io/v1',
};

/** Adds the flags that say what a made-up event says. */
export function withEventWords(command: Command, { reason, message }: Pick<EventWords, 'reason' | 'message'>): Command {
  return command
    .addOption(new Option('--severity <severity>', 'of the event that is made up for an object').choices(SEVERITIES).default('info'))
    .option('--reason <reason>', 'of the event that is made up for an object', reason)
    .option('--message <text>', 'of the event that is made up for an object', message)
    .option('--revision <revision>', 'of the event that is made up, such as main@sha1:<commit>');
}

/** Flux's kind as Flux writes it, in whatever letters a person did; any other as it is. */
export function toKind(word: string): string {
  return Object.keys(API_VERSIONS).find((kind) => kind.toLowerCase() === word.toLowerCase()) ?? word;
}

/** The apiVersion of events about a kind; empty for one that is not Flux's. */
export function apiVersionOf(kind: string): string {
  return API_VERSIONS[kind] ?? '';
}
