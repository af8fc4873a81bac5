// How commands ask a running server: its admin API on loopback, with the token that lies beside the store.
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { type Command, Option } from 'commander';
import { parseAddress, parseStore } from './flags.ts';

/** The request failed; `message` says what to do. */
export class AdminError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AdminError';
  }
}

export interface AdminFlags {
  readonly adminAddr: string;
  readonly store: string;
  readonly output: 'json' | 'table';
}

export const DEFAULT_STORE = 'sqlite:.tocsin/outbox.db';
export const DEFAULT_ADMIN_ADDRESS = '127.0.0.1:9797';

/** Where a store's admin token lies. */
export function tokenPath(storePath: string): string {
  return `${storePath}.admin-token`;
}

/** Adds the flags that every asking command has. */
export function withAdminFlags(command: Command): Command {
  return command
    .option('--admin-addr <address>', "address of the running server's admin API", DEFAULT_ADMIN_ADDRESS)
    .option('--store <store>', "the running server's --store; its admin token lies beside it", DEFAULT_STORE)
    .addOption(new Option('--output <format>', 'how to print the answer').choices(['json', 'table']).default('table'));
}

/** Asks the admin API; the answer's JSON, or AdminError with the server's own words. */
export async function ask(flags: AdminFlags, path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<unknown> {
  const url = toUrl(flags, path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return exchange(flags, url, { method: 'GET' });
}

/** Hands the admin API a body; the answer's JSON, or AdminError with the server's own words. */
export async function post(flags: AdminFlags, path: string, body = ''): Promise<unknown> {
  return exchange(flags, toUrl(flags, path), { method: 'POST', body });
}

function toUrl(flags: AdminFlags, path: string): URL {
  const { host, port } = parseAddress(flags.adminAddr);
  return new URL(`http://${host.includes(':') ? `[${host}]` : host || '127.0.0.1'}:${port}${path}`);
}

async function exchange(
  flags: AdminFlags,
  url: URL,
  options: { readonly method: 'GET' | 'POST'; readonly body?: string },
): Promise<unknown> {
  const token = await readToken(flags.store);
  const headers = { authorization: `Bearer ${token}`, ...(options.body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await request(url, { ...options, headers }).catch((cause: unknown) => {
    throw new AdminError(`no server answers at ${flags.adminAddr}; start one with "tocsin serve", or name its address with --admin-addr`, {
      cause,
    });
  });
  const body = toRecord(await answer.body.json());
  if (answer.statusCode === 200) return body;
  throw new AdminError(typeof body['detail'] === 'string' ? body['detail'] : `the server answered ${answer.statusCode}`);
}

async function readToken(store: string): Promise<string> {
  const path = tokenPath(parseStore(store));
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new AdminError(`cannot read the admin token ${path}; name the running server's store with --store`, { cause });
  }
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
