// The admin API's token: 0600, kept over restarts so that a script may hold on to it.
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartupError } from './listen.ts';
import { type StoreLocation, tokenPath } from './store-location.ts';

const TOKEN = /^[0-9a-f]{64}$/;

/** Reads the token of a store, or writes a new one when there is none or it is not one of ours. */
export async function ensureAdminToken(store: StoreLocation): Promise<string> {
  const path = tokenPath(store);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const existing = await readToken(path);
    if (existing !== undefined) await chmod(path, 0o600);
    return existing ?? (await writeToken(path));
  } catch (cause) {
    throw new StartupError(`cannot keep the admin token in ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function readToken(path: string): Promise<string | undefined> {
  const text = (await readFile(path, 'utf8').catch(() => '')).trim();
  return TOKEN.test(text) ? text : undefined;
}

/** Two servers of one database may start at once on one machine: the file appears whole, and whoever comes second takes it. */
async function writeToken(path: string): Promise<string> {
  const token = randomBytes(32).toString('hex');
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${token}\n`, { mode: 0o600, flag: 'wx' });
    await link(draft, path);
    return token;
  } catch (error) {
    if (!isTaken(error)) throw error;
    const other = await readToken(path);
    if (other !== undefined) return other;
    // What is there is no token of ours.
    await rm(path);
    return await writeToken(path);
  } finally {
    await rm(draft, { force: true });
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
