// A real Gitea in a directory of its own: the program under the name in GITEA, or one that is built as a Go module. The module
// brings templates and locales, but not the built pages, so only its API is of use.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFreePort } from '../support/free-port.ts';

/** The newest that the Go module proxy has together with everything that it needs. */
const VERSION = '1.26.0';
const MODULE = `code.gitea.io/gitea@v${VERSION}`;
const ADMIN = 'flux-bot';
const PASSWORD = 'only-for-tests-1';
const START_MS = 60_000;
const BUILD_MS = 1_800_000;
const run = promisify(execFile);

export interface Gitea {
  /** Without a slash at its end. */
  readonly address: string;
  readonly version: string;
  /** The user whose tokens these are. */
  readonly login: string;
  /** A new user without rights of its own. */
  createUser(name: string): Promise<void>;
  /** A token with these scopes. */
  createToken(user: string, scopes: readonly string[]): Promise<string>;
  /** Asks the API as the administrator; fails for a refusal. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

interface Program {
  readonly file: string;
  /** Where templates and locales are; inside the program when absent. */
  readonly assets?: string;
}

/** Starts it and resolves once its API answers. */
export async function startGitea(directory: string, note: (line: string) => void): Promise<Gitea> {
  const program = await findProgram(note);
  const port = await findFreePort();
  const address = `http://127.0.0.1:${port}`;
  const config = join(directory, 'app.ini');
  writeFileSync(config, toConfig({ directory, port, ...program }));
  // Its environment is ours without what would send it elsewhere.
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, GITEA_WORK_DIR: directory };
  const command = async (...words: readonly string[]): Promise<string> =>
    (await run(program.file, ['--config', config, ...words], { env })).stdout.trim();
  await command('migrate');
  const createUser = async (name: string, ...flags: readonly string[]): Promise<void> => {
    const words = ['--username', name, '--password', PASSWORD, '--email', `${name}@example.com`, '--must-change-password=false'];
    await command('admin', 'user', 'create', ...words, ...flags);
  };
  let tokens = 0;
  const createToken = async (user: string, scopes: readonly string[]): Promise<string> => {
    tokens += 1;
    const words = ['--username', user, '--token-name', `token-${tokens}`, '--scopes', scopes.join(','), '--raw'];
    return (await command('admin', 'user', 'generate-access-token', ...words)).split('\n').at(-1) ?? '';
  };
  await createUser(ADMIN, '--admin');
  const authorization = `token ${await createToken(ADMIN, ['all'])}`;
  const log = openSync(join(directory, 'gitea.log'), 'a');
  const child = spawn(program.file, ['--config', config, 'web'], { stdio: ['ignore', log, log], env });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await fetch(`${address}/api/v1${path}`, { method, headers, redirect: 'manual', ...content });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} is answered ${answer.status}: ${text.slice(0, 200)}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  return {
    address,
    version: await untilAnswering(ask, directory),
    login: ADMIN,
    createUser: async (name) => await createUser(name),
    createToken,
    ask,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

async function findProgram(note: (line: string) => void): Promise<Program> {
  const named = process.env['GITEA'];
  if (named !== undefined) return { file: named };
  const { stdout } = await run('go', ['mod', 'download', '-json', MODULE], { timeout: BUILD_MS });
  const { Dir: assets } = JSON.parse(stdout) as { readonly Dir: string };
  const folder = join(tmpdir(), `tocsin-gitea-${VERSION}`);
  const file = join(folder, 'gitea');
  if (existsSync(file)) return { file, assets };
  note(`building ${MODULE}, which takes ten minutes on two cores`);
  mkdirSync(folder, { recursive: true });
  const words = ['build', '-mod=readonly', '-trimpath', '-tags', 'sqlite sqlite_unlock_notify', '-ldflags', `-X main.Version=${VERSION}`];
  await run('go', [...words, '-o', file, '.'], { cwd: assets, timeout: BUILD_MS, maxBuffer: 64 * 1024 * 1024 });
  return { file, assets };
}

function toConfig({ directory, port, assets }: { directory: string; port: number; assets?: string }): string {
  const lines = [
    'RUN_MODE = prod',
    `WORK_PATH = ${directory}`,
    // It refuses otherwise where the tests run as root; it listens on loopback and ends with them.
    'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true',
    '[server]',
    'HTTP_ADDR = 127.0.0.1',
    `HTTP_PORT = ${port}`,
    `ROOT_URL = http://127.0.0.1:${port}/`,
    ...(assets === undefined ? [] : [`STATIC_ROOT_PATH = ${assets}`]),
    `APP_DATA_PATH = ${join(directory, 'data')}`,
    'DISABLE_SSH = true',
    'OFFLINE_MODE = true',
    '[database]',
    'DB_TYPE = sqlite3',
    `PATH = ${join(directory, 'gitea.db')}`,
    '[repository]',
    `ROOT = ${join(directory, 'repositories')}`,
    '[security]',
    'INSTALL_LOCK = true',
    'SECRET_KEY = only-for-tests',
    '[log]',
    'LEVEL = Warn',
    `ROOT_PATH = ${join(directory, 'log')}`,
    '[cron]',
    'ENABLED = false',
    '[indexer]',
    'ISSUE_INDEXER_TYPE = db',
  ];
  return `${lines.join('\n')}\n`;
}

async function untilAnswering(ask: Gitea['ask'], directory: string): Promise<string> {
  for (const endMs = Date.now() + START_MS; Date.now() < endMs; await sleep(100)) {
    const answer = await ask('GET', '/version').catch(() => undefined);
    if (answer !== undefined) return (answer as { readonly version: string }).version;
  }
  throw new Error(`Gitea does not answer; its log is in ${directory}`);
}
