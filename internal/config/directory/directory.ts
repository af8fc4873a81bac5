// Configuration from folders of manifests: reads them, follows their changes and hands out Snapshots, Secrets and labels.
//
// One bad document costs nobody else anything, a folder that is away for a moment changes nothing, and what did not
// change stays the very same object from one Snapshot to the next.
import type { SecretData, SecretSource } from '../../credentials/source.ts';
import type { LabelSource, Snapshot, SnapshotSource } from '../../routing/route.ts';
import { emptySnapshot, nextSnapshot } from '../../routing/snapshot.ts';
import type { Clock, Logger } from '../../sdk/ports.ts';
import { ConfigFault } from '../../sdk/provider.ts';
import type { ManifestDialect, ManifestFault } from '../manifest.ts';
import type { Secret } from './secret.ts';
import { createPace } from '../pace.ts';
import { secretsOf } from '../secret-names.ts';
import { type FileState, readManifestFile } from './file-reader.ts';
import { changesBetween, EMPTY_INVENTORY, type Inventory, takeInventory } from './inventory.ts';
import { ManifestLabels } from './labels.ts';
import { readSecretFiles, type SecretFiles } from './secret-files.ts';
import { findFile, isManifestName, listTree, type Tree, type UnreadablePlace } from './tree.ts';
import { type FolderWatch, watchFolders } from './watch.ts';

const DEBOUNCE_MS = 100;
/** A folder that never comes to rest is read at least this often. */
const MAX_DEBOUNCE_MS = 1_000;
const POLL_MS = 60_000;
const CONCURRENT_READS = 16;

export interface DirectoryOptions {
  /** Folders of manifests, or single files; the first definition of an object counts. */
  readonly paths: readonly string[];
  /** Folder of `<namespace>/<name>/<key>` files; they win over Secret manifests. */
  readonly secretsPath?: string;
  readonly dialect: ManifestDialect;
  readonly clock: Clock;
  readonly log: Logger;
  readonly watch: boolean;
}

export interface Directory {
  readonly snapshots: SnapshotSource;
  readonly secrets: SecretSource;
  readonly labels: LabelSource;
  /** Everything that is wrong now, by file and line. */
  faults(): readonly ManifestFault[];
  /** Reads every file again, whatever its time stamp says; resolves when the result is in use. */
  reload(): Promise<void>;
  close(): void;
}

/** Reads the folders for the first time; rejects with ConfigFault when one of them cannot be read. */
export async function openDirectory(options: DirectoryOptions): Promise<Directory> {
  const source = new ManifestSource(options);
  await source.start();
  return source;
}

type Listener = (snapshot: Snapshot, changedTargets: readonly string[]) => void;

/** What has changed, as far as is known: everything, or these paths. */
type Scope = { readonly kind: 'paths'; readonly paths: Set<string> } | { readonly kind: 'all'; readonly isForced: boolean };

class ManifestSource implements Directory {
  readonly #options: DirectoryOptions;
  readonly #listeners = new Set<Listener>();
  readonly #timers = new Set<() => void>();
  #files = new Map<string, FileState>();
  #unreadable: readonly UnreadablePlace[] = [];
  #secretFiles: SecretFiles | undefined;
  #inventory: Inventory = EMPTY_INVENTORY;
  #secrets: ReadonlyMap<string, Secret> = new Map();
  #snapshot: Snapshot | null = null;
  #faults: readonly ManifestFault[] = [];
  #watch: FolderWatch | undefined;
  #changed = new Set<string>();
  #changedEverywhere = false;
  #firstChangeMs: number | undefined;
  #cancelDebounce: (() => void) | undefined;
  /** Scans run one after the other. */
  #scans: Promise<void> = Promise.resolve();
  #isClosed = false;

  readonly snapshots: SnapshotSource = {
    current: () => this.#snapshot,
    subscribe: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };

  readonly secrets: SecretSource = { get: async (namespace, name) => this.#getSecret(`${namespace}/${name}`) };

  readonly labels = new ManifestLabels();

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { paths, secretsPath, watch, log } = this.#options;
    const tree = await listTree(paths);
    const missing = tree.unreadable.find(({ path }) => paths.includes(path));
    if (missing !== undefined) throw new ConfigFault(`cannot read the manifests in ${missing.path}: ${missing.message}`);
    if (secretsPath !== undefined) {
      const [problem] = (await readSecretFiles(secretsPath, undefined)).faults.filter(({ file }) => file === secretsPath);
      if (problem !== undefined) throw new ConfigFault(`cannot read the secrets in ${secretsPath}: ${problem.message}`);
    }
    if (watch) {
      const roots = secretsPath === undefined ? paths : [...paths, secretsPath];
      this.#watch = watchFolders({ roots, log, onChange: (path) => this.#onChange(path) });
      this.#watch.retain([]);
      this.#schedulePoll();
    }
    await this.#enqueue({ kind: 'all', isForced: true });
  }

  faults(): readonly ManifestFault[] {
    return this.#faults;
  }

  async reload(): Promise<void> {
    await this.#enqueue({ kind: 'all', isForced: true });
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#listeners.clear();
  }

  async #getSecret(key: string): Promise<SecretData | undefined> {
    const secret = this.#secrets.get(key);
    if (secret !== undefined) return secret.data;
    const reason = this.#inventory.brokenSecrets.get(key);
    if (reason !== undefined) throw new ConfigFault(reason);
    return undefined;
  }

  #onChange(path: string | null): void {
    if (this.#isClosed) return;
    if (path === null) this.#changedEverywhere = true;
    else this.#changed.add(path);
    const nowMs = this.#options.clock.monotonicMs();
    this.#firstChangeMs ??= nowMs;
    this.#cancelDebounce?.();
    const delayMs = Math.min(DEBOUNCE_MS, Math.max(0, this.#firstChangeMs + MAX_DEBOUNCE_MS - nowMs));
    this.#cancelDebounce = this.#after(delayMs, () => {
      const scope: Scope = this.#changedEverywhere ? { kind: 'all', isForced: false } : { kind: 'paths', paths: this.#changed };
      this.#changed = new Set();
      this.#changedEverywhere = false;
      this.#firstChangeMs = undefined;
      void this.#enqueue(scope);
    });
  }

  #schedulePoll(): void {
    this.#after(POLL_MS, () => {
      this.#schedulePoll();
      void this.#enqueue({ kind: 'all', isForced: false });
    });
  }

  #after(delayMs: number, callback: () => void): () => void {
    const cancel = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  #enqueue(scope: Scope): Promise<void> {
    const scan = this.#scans.then(() => (this.#isClosed ? undefined : this.#scan(scope)));
    this.#scans = scan.catch((cause: unknown) => this.#options.log.error({ error: cause }, 'reading the manifests failed'));
    return scan;
  }

  async #scan(scope: Scope): Promise<void> {
    const didFollow = scope.kind === 'paths' && (await this.#readPaths(scope.paths));
    if (!didFollow) await this.#readTree(scope.kind === 'all' && scope.isForced);
    if (!this.#isClosed) this.#apply();
  }

  /** Reads only the files that are named; false when that is not enough to know what has changed. */
  async #readPaths(paths: ReadonlySet<string>): Promise<boolean> {
    const names = [...paths];
    if (names.some((path) => !this.#files.has(path) || !isManifestName(path.slice(path.lastIndexOf('/') + 1)))) return false;
    const found = await Promise.all(names.map(findFile));
    if (found.includes(undefined)) return false;
    const pace = createPace(() => this.#options.clock.monotonicMs());
    for (const file of found) {
      const state = file && (await readManifestFile(file, this.#files.get(file.path), this.#options.dialect, pace));
      if (state === undefined) return false;
      this.#files.set(state.path, state);
    }
    return true;
  }

  async #readTree(isForced: boolean): Promise<void> {
    const { paths, secretsPath } = this.#options;
    const tree = await listTree(paths);
    if (secretsPath !== undefined) this.#secretFiles = await readSecretFiles(secretsPath, this.#secretFiles);
    this.#watch?.retain([...tree.directories, ...(this.#secretFiles?.directories ?? [])]);
    this.#unreadable = tree.unreadable;
    this.#files = await this.#readFiles(tree, isForced);
  }

  async #readFiles(tree: Tree, isForced: boolean): Promise<Map<string, FileState>> {
    const pace = createPace(() => this.#options.clock.monotonicMs());
    const states = new Map<string, FileState>();
    // What lies below a place that cannot be read now stays as it was.
    for (const [path, state] of this.#files) if (tree.unreadable.some((place) => isBelow(path, place.path))) states.set(path, state);
    for (let start = 0; start < tree.files.length; start += CONCURRENT_READS) {
      const read = tree.files.slice(start, start + CONCURRENT_READS).map(async (file) => {
        const known = this.#files.get(file.path);
        if (!isForced && known?.stamp === file.stamp) return known;
        return readManifestFile(file, known, this.#options.dialect, pace);
      });
      for (const state of await Promise.all(read)) if (state !== undefined) states.set(state.path, state);
    }
    return states;
  }

  #apply(): void {
    const previous = { inventory: this.#inventory, secrets: this.#secrets, faults: this.#faults };
    const files = [...this.#files.values()];
    this.#inventory = takeInventory(files, previous.inventory);
    this.labels.replace(files);
    this.#secrets = new Map([...this.#inventory.secrets, ...(this.#secretFiles?.secrets ?? [])]);
    this.#faults = [...this.#placeFaults(), ...(this.#secretFiles?.faults ?? []), ...this.#hiddenSecrets(), ...this.#inventory.faults];
    this.#logFaults(previous.faults);
    const changes = changesBetween(previous.inventory, this.#inventory);
    const changedTargets = new Set([...changes.upsertTargets.map(({ key }) => key), ...changes.removeTargets]);
    const hasChanges = changedTargets.size + changes.upsertRoutes.length + changes.removeRoutes.length > 0;
    const snapshot = this.#snapshot === null || hasChanges ? nextSnapshot(this.#snapshot ?? emptySnapshot(), changes) : this.#snapshot;
    for (const key of this.#targetsOfChangedSecrets(previous.secrets, snapshot)) changedTargets.add(key);
    if (snapshot === this.#snapshot && changedTargets.size === 0) return;
    this.#snapshot = snapshot;
    const counts = { routes: snapshot.routes.size, targets: snapshot.targets.size, secrets: this.#secrets.size };
    this.#options.log.info({ ...counts, faults: this.#faults.length, changedTargets: changedTargets.size }, 'manifests are in use');
    for (const listener of this.#listeners) listener(snapshot, [...changedTargets]);
  }

  #targetsOfChangedSecrets(previous: ReadonlyMap<string, Secret>, snapshot: Snapshot): string[] {
    const changed = new Set<string>();
    for (const [key, secret] of this.#secrets) if (previous.get(key)?.digest !== secret.digest) changed.add(key);
    for (const key of previous.keys()) if (!this.#secrets.has(key)) changed.add(key);
    if (changed.size === 0) return [];
    return [...snapshot.targets.values()].filter((target) => secretsOf(target).some((key) => changed.has(key))).map(({ key }) => key);
  }

  #placeFaults(): ManifestFault[] {
    return this.#unreadable.map(({ path, message, hint }) => ({
      file: path,
      line: 0,
      column: 0,
      object: '',
      field: '',
      message,
      hint,
      severity: 'error',
    }));
  }

  /** Secrets of manifests that files of `--secrets` stand in for. */
  #hiddenSecrets(): ManifestFault[] {
    const hidden = [...(this.#secretFiles?.secrets.keys() ?? [])].filter((key) => this.#inventory.secrets.has(key));
    return hidden.map((key) => ({
      file: this.#inventory.kept.get(`/Secret/${key}`)?.file ?? '',
      line: 0,
      column: 0,
      object: `Secret/${key}`,
      field: '',
      message: `Secret/${key} is also given as files, which are used instead`,
      hint: 'Remove one of the two.',
      severity: 'warning',
    }));
  }

  /** Says each fault once, when it appears. */
  #logFaults(previous: readonly ManifestFault[]): void {
    const known = new Set(previous.map(faultKey));
    for (const fault of this.#faults) {
      if (known.has(faultKey(fault))) continue;
      const { severity, ...fields } = fault;
      if (severity === 'error') this.#options.log.error(fields, 'a manifest is not used');
      else this.#options.log.warn(fields, 'a manifest has a fault');
    }
    if (previous.length > 0 && this.#faults.length === 0) this.#options.log.info({}, 'all manifests are fine again');
  }
}

function faultKey({ file, object, field, message }: ManifestFault): string {
  return JSON.stringify([file, object, field, message]);
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
