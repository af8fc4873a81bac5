// Where the kube-apiserver of the tests comes from: built once with Go and kept, or the pair of programs that
// KUBEBUILDER_ASSETS names.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { hasGo } from './load-generator.ts';

/** A server that was started; it ends with this process at the latest. */
export interface RunningProgram {
  readonly hasExited: () => boolean;
  /** As a crash would end it. */
  kill(): Promise<void>;
  /** Stands still, connections open, until it is told to go on. */
  freeze(isFrozen: boolean): void;
}

/** Starts an API server on the data of the directory; its log goes to a file there. */
export type StartProgram = (directory: string, flags: readonly string[]) => Promise<RunningProgram>;

const SOURCES = join(import.meta.dirname, 'apiserver');
const BUILD_WITHIN_MS = 20 * 60_000;

/** The program that this machine can run, built if need be; undefined where there is none. */
export function findApiServerProgram(): StartProgram | undefined {
  if (hasGo()) {
    const binary = build();
    return (directory, flags) => Promise.resolve(startOne(binary, [join(directory, 'etcd'), ...flags], directory));
  }
  const assets = process.env['KUBEBUILDER_ASSETS'];
  return assets === undefined ? undefined : (directory, flags) => startPair(assets, directory, flags);
}

/** True where `findApiServerProgram` would find one. */
export function hasApiServerProgram(): boolean {
  return hasGo() || process.env['KUBEBUILDER_ASSETS'] !== undefined;
}

/** Some minutes the first time; kept under a name made from the sources. */
function build(): string {
  const binary = join(cacheDirectory(), `apiserver-${sourceHash()}`);
  if (existsSync(binary)) return binary;
  mkdirSync(cacheDirectory(), { recursive: true });
  const unfinished = `${binary}.${process.pid}`;
  process.stderr.write('building the API server of the tests, which takes some minutes the first time\n');
  execFileSync('go', ['build', '-buildvcs=false', '-ldflags=-s -w', '-o', unfinished, '.'], {
    cwd: SOURCES,
    env: { ...process.env, GOFLAGS: '', GOWORK: 'off' },
    timeout: BUILD_WITHIN_MS,
  });
  renameSync(unfinished, binary);
  return binary;
}

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tocsin');
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(SOURCES).toSorted()) hash.update(`${name}\n`).update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 16);
}

async function startPair(assets: string, directory: string, flags: readonly string[]): Promise<RunningProgram> {
  const [clients, peers] = [`http://127.0.0.1:${await findFreePort()}`, `http://127.0.0.1:${await findFreePort()}`];
  const etcd = startOne(
    join(assets, 'etcd'),
    [
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      '--unsafe-no-fsync',
    ],
    directory,
  );
  const server = startOne(join(assets, 'kube-apiserver'), [...flags, `--etcd-servers=${clients}`], directory);
  return {
    hasExited: () => server.hasExited() || etcd.hasExited(),
    freeze: (isFrozen) => server.freeze(isFrozen),
    kill: async () => {
      await server.kill();
      await etcd.kill();
    },
  };
}

function startOne(program: string, words: readonly string[], directory: string): RunningProgram {
  const log = openSync(logFileOf(directory), 'a');
  const child = spawn(program, words, { stdio: ['pipe', log, log] });
  closeSync(log);
  const killChild = (): void => void child.kill('SIGKILL');
  process.once('exit', killChild);
  let hasExited = false;
  const exited = new Promise<void>((resolve) => {
    const onEnd = (): void => {
      hasExited = true;
      process.off('exit', killChild);
      resolve();
    };
    child.once('error', onEnd).once('exit', onEnd);
  });
  return {
    hasExited: () => hasExited,
    freeze: (isFrozen) => void child.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT'),
    kill: () => {
      killChild();
      return exited;
    },
  };
}

/** What the programs write. */
export function logFileOf(directory: string): string {
  return join(directory, 'apiserver.log');
}
