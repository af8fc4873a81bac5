// Secrets of the cluster, read when an attempt needs them. What was read serves whoever asks within a second; when the API
// server is away the last value, however old, serves for a while, so that its restart stops no message.
import type { SecretData, SecretSource } from '../../credentials/source.ts';
import { SecretUnavailable } from '../../sdk/credentials.ts';
import type { Clock } from '../../sdk/ports.ts';
import { type ClusterObject, type ClusterReader, type ClusterResource, messageOf, statusOf } from './ports.ts';

const FRESH_MS = 1_000;
const LAST_VALUE_MS = 15 * 60_000;
const LONGEST_READ_MS = 10_000;
/** Where a last value serves, nobody waits long, and not each time, for an API server that did not answer before. */
const BRIEF_READ_MS = 1_000;
const ASK_AGAIN_MS = 5_000;
/** Values that nobody asked for lately are forgotten, the oldest first. */
const MAX_KEPT = 20_000;

/** The core kind, which every API server has. */
export const SECRETS: ClusterResource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

export interface ClusterSecretsOptions {
  readonly cluster: Pick<ClusterReader, 'get'>;
  readonly clock: Clock;
  /** The version that is in the cluster now, where somebody follows all Secrets; undefined = not known. */
  readonly currentVersion?: (key: string) => string | undefined;
  /** Told when a read finds another version than the one that everybody was given before. */
  readonly onChanged?: (key: string) => void;
}

interface Kept {
  /** null = there was no such Secret. */
  readonly data: SecretData | null;
  readonly version: string;
  readonly readMs: number;
  /** It cannot be read again: since when, and when that was tried last. */
  readonly failure?: { readonly sinceMs: number; readonly lastMs: number };
}

/** The version that a Secret which is not there has. */
const NO_VERSION = '';

/** Reads Secrets through the API server. */
export class ClusterSecrets implements SecretSource {
  readonly #options: ClusterSecretsOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #reading = new Map<string, Promise<Kept>>();

  constructor(options: ClusterSecretsOptions) {
    this.#options = options;
  }

  async get(namespace: string, name: string): Promise<SecretData | undefined> {
    const key = `${namespace}/${name}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && (this.#isFresh(key, kept) || this.#hasJustFailed(kept))) return kept.data ?? undefined;
    return (await this.#readOrLast(key, namespace, name)).data ?? undefined;
  }

  /** What everybody was given last; undefined = nobody asked lately. */
  lastVersion(key: string): string | undefined {
    return this.#kept.get(key)?.version;
  }

  /** Reads it now, whether or not somebody needs it. Rejects when it cannot be read. */
  async look(namespace: string, name: string): Promise<void> {
    await this.#read(`${namespace}/${name}`, namespace, name);
  }

  /** The next one who asks gets what is there then. */
  expire(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    const { failure: _, ...rest } = kept;
    this.#kept.set(key, { ...rest, readMs: kept.readMs - FRESH_MS });
  }

  #isFresh(key: string, kept: Kept): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const current = this.#options.currentVersion?.(key);
    if (current === undefined) return nowMs - kept.readMs < FRESH_MS;
    if (current !== kept.version) return false;
    this.#kept.set(key, { ...kept, readMs: nowMs });
    return true;
  }

  async #readOrLast(key: string, namespace: string, name: string): Promise<Kept> {
    try {
      return await this.#read(key, namespace, name);
    } catch (error) {
      const last = isAway(error) ? this.#lastValue(key) : undefined;
      if (last !== undefined) return last;
      throw new SecretUnavailable(`failed to get secret '${key}': ${messageOf(error)}`, { cause: error });
    }
  }

  /** What was read last, until it could not be read for too long. */
  #lastValue(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || !this.#mayServe(kept)) return undefined;
    const nowMs = this.#options.clock.monotonicMs();
    this.#kept.set(key, { ...kept, failure: { sinceMs: kept.failure?.sinceMs ?? nowMs, lastMs: nowMs } });
    return kept;
  }

  #hasJustFailed(kept: Kept): boolean {
    const { failure } = kept;
    return failure !== undefined && this.#mayServe(kept) && this.#options.clock.monotonicMs() - failure.lastMs < ASK_AGAIN_MS;
  }

  /** That there was no Secret is nothing that could serve. */
  #mayServe({ data, failure }: Kept): boolean {
    return data !== null && (failure === undefined || this.#options.clock.monotonicMs() - failure.sinceMs <= LAST_VALUE_MS);
  }

  /** Whoever asks meanwhile shares the request. */
  #read(key: string, namespace: string, name: string): Promise<Kept> {
    const running = this.#reading.get(key);
    if (running !== undefined) return running;
    const reading = this.#request(key, namespace, name).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  async #request(key: string, namespace: string, name: string): Promise<Kept> {
    const { clock, cluster } = this.#options;
    const limit = new AbortController();
    const kept = this.#kept.get(key);
    const limitMs = kept?.failure !== undefined && this.#mayServe(kept) ? BRIEF_READ_MS : LONGEST_READ_MS;
    const cancel = clock.schedule(limitMs, () => limit.abort(new Error('the API server did not answer in time')));
    try {
      const object = await cluster.get(SECRETS, { namespace, name }, { signal: limit.signal });
      const version = object === undefined ? NO_VERSION : versionOf(object);
      const old = this.#kept.get(key);
      // The same bytes stay the same object, which spares everybody comparing them.
      const data = old !== undefined && old.version === version ? old.data : object === undefined ? null : toSecretData(object);
      const read = this.#keep(key, { data, version, readMs: clock.monotonicMs() });
      if (old !== undefined && old.version !== version) this.#options.onChanged?.(key);
      return read;
    } finally {
      cancel();
    }
  }

  #keep(key: string, kept: Kept): Kept {
    this.#kept.delete(key);
    const oldest = this.#kept.size < MAX_KEPT ? undefined : this.#kept.keys().next().value;
    if (oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, kept);
    return kept;
  }
}

/** Tells two states of an object apart, also two objects of one name. */
export function versionOf({ metadata }: Pick<ClusterObject, 'metadata'>): string {
  return `${metadata.uid ?? ''}/${metadata.resourceVersion ?? ''}`;
}

/** The API server did not answer, or answered that it cannot now. */
function isAway(error: unknown): boolean {
  const status = statusOf(error);
  return status === 0 || status === 429 || status >= 500;
}

function toSecretData({ data }: ClusterObject): SecretData {
  const values = Object.create(null) as Record<string, Uint8Array>;
  if (typeof data !== 'object' || data === null) return values;
  for (const [key, text] of Object.entries(data)) if (typeof text === 'string') values[key] = Buffer.from(text, 'base64');
  return values;
}
