// How commands ask a running server: its admin API on loopback, with the token that lies beside the store, or one of the cluster.
import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { type Command, Option } from 'commander';
import { DEFAULT_STORE_WORDS, defaultStore } from './default-store.ts';
import { parseAddress, parseStore } from './flags.ts';

interface AdminErrorOptions extends ErrorOptions {
  readonly code?: string;
}

/** The request failed; `message` says what to do. */
export class AdminError extends Error {
  /** The server's stable code, or `unreachable` where none answers. */
  readonly code: string;

  constructor(message: string, options: AdminErrorOptions = {}) {
    super(message, options);
    this.name = 'AdminError';
    this.code = options.code ?? 'failed';
  }
}

export interface AdminFlags {
  readonly adminAddr: string;
  readonly store: string;
  readonly tokenFile?: string;
  readonly output: 'json' | 'table';
}

export const DEFAULT_ADMIN_ADDRESS = '127.0.0.1:9797';

/** Where a store's admin token lies. */
export function tokenPath(storePath: string): string {
  return `${storePath}.admin-token`;
}

/** Adds the flags that every asking command has. */
export function withAdminFlags(command: Command, formats: readonly string[] = ['json', 'table']): Command {
  return command
    .option('--admin-addr <address>', "address of the running server's admin API", DEFAULT_ADMIN_ADDRESS)
    .addOption(
      new Option('--store <store>', "the running server's --store; its admin token lies beside it").default(
        defaultStore(process.env),
        DEFAULT_STORE_WORDS,
      ),
    )
    .option('--token-file <file>', 'file of a token of the cluster that the server runs in, to ask as its user instead')
    .addOption(new Option('--output <format>', 'how to print the answer').choices(formats).default('table'));
}

/** Parameters of a question; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Asks the admin API; the answer's JSON, or AdminError with the server's own words. */
export async function ask(flags: AdminFlags, path: string, query: Query = {}, signal?: AbortSignal): Promise<unknown> {
  const url = toUrl(flags, path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return exchange(flags, url, { method: 'GET', ...(signal === undefined ? {} : { signal }) });
}

/** Hands the admin API a body; the answer's JSON, or AdminError with the server's own words. */
export async function post(flags: AdminFlags, path: string, body = ''): Promise<unknown> {
  return exchange(flags, toUrl(flags, path), { method: 'POST', body });
}

function toUrl(flags: AdminFlags, path: string): URL {
  const { host, port } = parseAddress(flags.adminAddr);
  return new URL(`http://${host.includes(':') ? `[${host}]` : host || '127.0.0.1'}:${port}${path}`);
}

interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly signal?: AbortSignal;
}

async function exchange(flags: AdminFlags, url: URL, options: Exchange): Promise<unknown> {
  const { status, text } = await exchangeText(url, options, await readToken(flags)).catch((cause: unknown) => {
    const message = `no server answers at ${flags.adminAddr}; start one with "tocsin serve", or name its address with --admin-addr`;
    throw new AdminError(message, { cause, code: 'unreachable' });
  });
  const body = parseObject(text);
  if (body === undefined) {
    throw new AdminError(`what answers at ${flags.adminAddr} is no admin API of Tocsin; name the server's --admin-addr`);
  }
  if (status === 200) return body;
  const { code, detail } = body;
  if (code === 'unauthorized') {
    throw new AdminError(describeRefusal(flags), { code });
  }
  throw new AdminError(typeof detail === 'string' ? detail : `the server answered ${status}`, typeof code === 'string' ? { code } : {});
}

async function exchangeText(url: URL, options: Exchange, token: string): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { authorization: `Bearer ${token}`, ...(options.body === undefined ? {} : { 'content-type': 'application/json' }) };
  const { statusCode, body } = await request(url, { ...options, headers });
  return { status: statusCode, text: await body.text() };
}

function describeRefusal({ adminAddr, store, tokenFile }: AdminFlags): string {
  const server = `the server at ${adminAddr}`;
  if (tokenFile !== undefined)
    return `${server} does not know whose token ${tokenFile} holds; it takes tokens of the cluster that it runs in`;
  return `${server} does not take the token of ${store}; name its own store with --store`;
}

async function readToken({ store, tokenFile }: AdminFlags): Promise<string> {
  const path = tokenFile ?? tokenPath(parseStore(store));
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    if (tokenFile !== undefined) throw new AdminError(`cannot read the token in ${tokenFile}`, { cause });
    throw new AdminError(`cannot read the admin token ${path}; name the running server's store with --store`, { cause });
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // The caller says what it wanted.
    return undefined;
  }
}
