// How commands ask a running server: its admin API on loopback, with the token of its store, or one of the cluster.
import { readFile } from 'node:fs/promises';
import { errors, request } from 'undici';
import { type Command, Option } from 'commander';
import { API_HEADER } from '../internal/admin/api-header.ts';
import { checkAddress, parseAddress } from './flags.ts';
import { describeReadError } from './read-error.ts';
import { describeStore, refuseNoStore, type StoreLocation, storeOption, tokenPath } from './store-location.ts';

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
  readonly store: StoreLocation;
  readonly tokenFile?: string;
  readonly output: 'json' | 'table';
}

/** How long an answer may take; a check of a Provider waits for that one's time-outs. */
const ANSWER_MS = { GET: 30_000, POST: 120_000 };
/** What a header of a request may hold. */
const TOKEN = /^[\x21-\x7e]+$/;

export const DEFAULT_ADMIN_ADDRESS = '127.0.0.1:9797';

/** Adds the flags that every asking command has. */
export function withAdminFlags(command: Command, formats: readonly string[] = ['json', 'table']): Command {
  return refuseNoStore(command)
    .option('--admin-addr <address>', "address of the running server's admin API", checkAddress, DEFAULT_ADMIN_ADDRESS)
    .addOption(storeOption("the running server's --store, by which its admin token is found"))
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
  const { status, isOurs, text } = await exchangeText(url, options, await readToken(flags)).catch((cause: unknown) => {
    throw new AdminError(describeSilence(flags, cause), { cause, code: 'unreachable' });
  });
  const body = parseObject(text);
  if (body === undefined || (status === 200 && !isOurs)) {
    throw new AdminError(`what answers at ${flags.adminAddr} is no admin API of Tocsin; name the server's --admin-addr`);
  }
  if (status === 200) return body;
  const { code, detail } = body;
  if (code === 'unauthorized') {
    throw new AdminError(describeRefusal(flags), { code });
  }
  throw new AdminError(typeof detail === 'string' ? detail : `the server answered ${status}`, typeof code === 'string' ? { code } : {});
}

interface Answer {
  readonly status: number;
  /** It says that it is the admin API: another program may answer in JSON as well. */
  readonly isOurs: boolean;
  readonly text: string;
}

async function exchangeText(url: URL, options: Exchange, token: string): Promise<Answer> {
  const authorization = `Bearer ${token}`;
  const type = options.body === undefined ? {} : { 'content-type': 'application/json' };
  const limits = { headersTimeout: ANSWER_MS[options.method], bodyTimeout: ANSWER_MS[options.method] };
  const { statusCode, headers, body } = await request(url, { ...options, ...limits, headers: { authorization, ...type } });
  return { status: statusCode, isOurs: headers[API_HEADER.toLowerCase()] !== undefined, text: await body.text() };
}

function describeSilence({ adminAddr }: AdminFlags, cause: unknown): string {
  if (cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError)
    return `the server at ${adminAddr} takes connections and does not answer; its log may say why`;
  return `no server answers at ${adminAddr}; start one with "tocsin serve", or name its address with --admin-addr`;
}

function describeRefusal({ adminAddr, store, tokenFile }: AdminFlags): string {
  const server = `the server at ${adminAddr}`;
  if (tokenFile !== undefined)
    return `${server} does not know whose token ${tokenFile} holds; it takes tokens of the cluster that it runs in`;
  return `${server} does not take the token of ${describeStore(store)}; name its own store with --store`;
}

async function readToken({ store, tokenFile }: AdminFlags): Promise<string> {
  const path = tokenFile ?? tokenPath(store);
  const token = (
    await readFile(path, 'utf8').catch((cause: unknown) => {
      const why = describeReadError(cause);
      if (tokenFile !== undefined) throw new AdminError(`cannot read the token in ${tokenFile}: ${why}`, { cause });
      throw new AdminError(`cannot read the admin token ${path}: ${why}; name the running server's store with --store`, { cause });
    })
  ).trim();
  if (!TOKEN.test(token))
    throw new AdminError(`${path} holds no token; name the running server's store with --store, or a file of a token with --token-file`);
  return token;
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
