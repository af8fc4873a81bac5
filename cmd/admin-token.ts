// The admin API's token: 0600, beside the store, kept over restarts so that a script may hold on to it.
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { tokenPath } from './admin-client.ts';

const TOKEN = /^[0-9a-f]{64}$/;

/** Reads the token of a store, or writes a new one when there is none or it is not one of ours. */
export async function ensureAdminToken(storePath: string): Promise<string> {
  const path = tokenPath(storePath);
  const existing = await readFile(path, 'utf8').catch(() => '');
  const token = TOKEN.test(existing.trim()) ? existing.trim() : randomBytes(32).toString('hex');
  await writeFile(path, `${token}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
  return token;
}
