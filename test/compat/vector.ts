// The recorded cases as data: their shape, how they are read, and which of them a folder can show.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join, matchesGlob } from 'node:path';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** What the recording server answers to requests that fit. */
export interface Reply {
  readonly method: string;
  readonly path: string;
  readonly host?: string;
  readonly query?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly text?: string;
  readonly delayMs?: number;
  readonly close?: boolean;
}

/** A request that is sent as it stands instead of as an event. */
export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly repeat?: { readonly prefix?: string; readonly unit: string; readonly count: number; readonly suffix?: string };
}

export interface Given {
  readonly flags?: readonly string[];
  readonly env?: readonly string[];
  readonly objects?: readonly ManifestObject[];
  readonly patches?: readonly Json[];
  readonly sinkDown?: boolean;
  readonly replies?: readonly Reply[];
  readonly eventGapMs?: number;
  readonly events?: readonly Json[];
  readonly webhooks?: readonly Json[];
  readonly manifest?: Json;
}

export interface ExpectedAck {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProxyUse {
  readonly form: string;
  readonly authorization?: string;
}

export interface ExpectedRequest {
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly form?: Readonly<Record<string, string | readonly string[]>>;
  readonly text?: string;
  readonly base64?: string;
  readonly jsonLines?: readonly Json[];
  readonly otlp?: Json;
  readonly raw?: string;
  readonly proxy?: ProxyUse;
  readonly clientCertificate?: string;
  readonly subject?: string;
  /** The options of a NATS connection. */
  readonly connect?: Readonly<Record<string, Json>>;
}

/** A core/v1 Event on an Alert. */
export interface ExpectedAlertEvent {
  /** `namespace/name` */
  readonly alert: string;
  readonly type: string;
  readonly reason: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Expected {
  readonly acks?: readonly ExpectedAck[];
  readonly requests?: readonly ExpectedRequest[];
  readonly alertEvents?: readonly ExpectedAlertEvent[];
  readonly unordered?: readonly string[];
}

export interface Vector {
  readonly name: string;
  readonly note: string;
  readonly given: Given;
  readonly expected: Expected;
}

/** The areas that must pass whatever the catalog holds. */
export const REQUIRED_AREAS = [
  'intake',
  'match',
  'metadata',
  'commit-status',
  'secrets',
  'generic',
  'generic-hmac',
  'slack',
  'slack-api',
  'github',
] as const;

const CASES = join(import.meta.dirname, 'cases');

export function listAreas(): readonly string[] {
  return readdirSync(CASES)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => basename(file, '.jsonl'))
    .sort();
}

export function readArea(area: string): readonly Vector[] {
  return readFileSync(join(CASES, `${area}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      // Renamed, because a value with a property `then` passes for a promise.
      const { then: expected, ...rest } = JSON.parse(line) as Omit<Vector, 'expected'> & { readonly then: Expected };
      return { ...rest, expected };
    });
}

/** What Tocsin does differently on purpose: a pattern of case names and what happens instead. */
export interface Deviation {
  readonly pattern: string;
  readonly instead: string;
}

export function readDeviations(): readonly Deviation[] {
  return readFileSync(join(CASES, 'deviations.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [pattern = '', instead = ''] = line.split('\t');
      return { pattern, instead };
    });
}

export function findDeviation(name: string, deviations: readonly Deviation[]): Deviation | undefined {
  return deviations.find((deviation) => matchesGlob(name, deviation.pattern));
}

const FOLDER_KINDS: ReadonlySet<string> = new Set(['Provider', 'Alert', 'Receiver', 'Secret']);

/** True when the case speaks to a NATS server. */
export function needsNats({ given }: Vector): boolean {
  return JSON.stringify(given).includes('{{nats}}');
}

/** Why a folder of manifests cannot show this case, or undefined when it can. */
export function whyNotInFolder(vector: Vector): string | undefined {
  const { given } = vector;
  if (given.manifest !== undefined) return 'an API server decides what it accepts';
  if (given.webhooks !== undefined || given.patches !== undefined) return 'acts on objects of a cluster';
  const objects = given.objects ?? [];
  const other = objects.find((object) => !FOLDER_KINDS.has(object.kind));
  if (other !== undefined) return `holds objects of other kinds (${other.kind})`;
  if (objects.some((object) => object.kind === 'Alert' && JSON.stringify(object.spec ?? {}).includes('"matchLabels"'))) {
    return 'looks labels up';
  }
  return undefined;
}

/** Why a real API server cannot show this case, or undefined when it can. */
export function whyNotInCluster({ given, expected }: Vector): string | undefined {
  if (given.manifest !== undefined) return 'sent to the API server as it stands by test/cluster';
  if (given.webhooks !== undefined || given.patches !== undefined) return 'needs Receivers';
  const text = JSON.stringify([expected, given.replies]);
  const isBound = (given.objects ?? []).some(({ metadata, spec }) => HASHES_UID.has(String(spec?.['type'])) || showsUid(metadata, text));
  return isBound ? 'depends on a uid, which an API server chooses itself' : undefined;
}

/** Types whose messages hold a hash of the Provider's uid. */
const HASHES_UID: ReadonlySet<string> = new Set(['bitbucket', 'bitbucketserver', 'opsgenie']);

/** Ids are made of the first part of a uid; expressions were recorded that take the last. */
function showsUid({ uid }: ManifestObject['metadata'], text: string): boolean {
  if (typeof uid !== 'string') return false;
  const parts = uid.split('-');
  return [parts[0], parts.at(-1)].some((part) => part !== undefined && text.includes(part));
}

/** The areas that must pass: those of every program, and each one whose cases use no type but these and can be shown by a folder. */
export function requiredAreas(types: readonly string[]): readonly string[] {
  const required: readonly string[] = REQUIRED_AREAS;
  return [...required, ...listAreas().filter((area) => !required.includes(area) && isShown(area, types))];
}

function isShown(area: string, types: readonly string[]): boolean {
  const vectors = readArea(area);
  const used = vectors.flatMap(({ given }) => given.objects ?? []).filter(({ kind }) => kind === 'Provider');
  return (
    used.every(({ spec }) => types.some((type) => type === spec?.['type'])) && vectors.some((each) => whyNotInFolder(each) === undefined)
  );
}

/** The namespace a case lives in; the same text stands in its fixed repository names. */
export function namespaceOf(vector: Vector): string {
  return vector.name.replace('/', '-');
}
