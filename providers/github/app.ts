// A GitHub App's installation token: a JWT signed with the App's key buys it, and it is kept until it expires.
import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { ConfigFault, type ResolvedConfig, type SendContext } from '../../internal/sdk/provider.ts';
import { ForgeRefusal } from '../../internal/sdk/git/forge-answer.ts';
import { asked, isNotFound, UnusableAnswer } from './answer.ts';
import { createClient } from './client.ts';

const PUBLIC_API = 'https://api.github.com';
/** Backdated, because GitHub refuses a token from the future and clocks differ. */
const ISSUED_BEFORE_S = 30;
/** GitHub allows 10 minutes; the token is used at once. */
const LIFETIME_S = 120;
/** How long GitHub's installation tokens live; used when the answer does not say. */
const TOKEN_LIFETIME_MS = 3_600_000;

interface App {
  readonly apiBase: string;
  readonly id: string;
  readonly key: KeyObject;
  readonly installation: { readonly id: number } | { readonly owner: string };
}

/** The token of the installation; throws ConfigFault for App details that cannot work, and the client's error for a refusal. */
export async function installationToken(context: SendContext, config: ResolvedConfig): Promise<string> {
  const app = toApp(config.secret);
  return context.token(cacheKey(config.secret), () => requestToken(context, app));
}

/** What an installation may do. */
export interface Installation {
  /** From names such as `statuses` to `read` or `write`. */
  readonly permissions: Readonly<Record<string, string>>;
  readonly isSuspended: boolean;
}

/** Asks what the installation may do; throws as `installationToken` does. */
export async function readInstallation(context: SendContext, config: ResolvedConfig): Promise<Installation> {
  const app = toApp(config.secret);
  const client = createClient(context, app.apiBase, toJwt(app, context.clock.nowMs()));
  const id = 'id' in app.installation ? app.installation.id : await findInstallation(client, app.installation.owner);
  const { data } = await asked(() => client.request('GET /app/installations/{installation_id}', { installation_id: id }));
  return { permissions: { ...data?.permissions }, isSuspended: typeof data?.suspended_at === 'string' };
}

/** The login under which the App writes comments. */
export async function appLogin(context: SendContext, config: ResolvedConfig): Promise<string> {
  const app = toApp(config.secret);
  const client = createClient(context, app.apiBase, toJwt(app, context.clock.nowMs()));
  const { data, status } = await asked(() => client.rest.apps.getAuthenticated());
  if (typeof data?.slug !== 'string' || data.slug === '') throw new UnusableAnswer(status, 'the answer names no app');
  return `${data.slug}[bot]`;
}

/** What tells one set of App details from another. */
export function appIdentity({ secret }: ResolvedConfig): string {
  return cacheKey(secret);
}

/** True when the Secret describes an App. */
export function hasApp(config: ResolvedConfig): boolean {
  return (config.secret['githubAppID'] ?? '') !== '';
}

async function requestToken(context: SendContext, app: App): Promise<{ value: string; expiresAtMs: number }> {
  const nowMs = context.clock.nowMs();
  const client = createClient(context, app.apiBase, toJwt(app, nowMs));
  const id = 'id' in app.installation ? app.installation.id : await findInstallation(client, app.installation.owner);
  // A body of its own, because the content type announces one; GitHub reads null as no restrictions.
  const { data, status } = await asked(() =>
    client.request('POST /app/installations/{installation_id}/access_tokens', { installation_id: id, data: 'null' }),
  );
  if (typeof data?.token !== 'string') throw new UnusableAnswer(status, 'the answer holds no token');
  const expiresAtMs = Date.parse(data.expires_at ?? '');
  return { value: data.token, expiresAtMs: Number.isNaN(expiresAtMs) ? nowMs + TOKEN_LIFETIME_MS : expiresAtMs };
}

async function findInstallation(client: ReturnType<typeof createClient>, owner: string): Promise<number> {
  let refusal: ForgeRefusal;
  try {
    return installationOf(await asked(() => client.request('GET /orgs/{org}/installation', { org: owner })));
  } catch (error) {
    if (!(error instanceof ForgeRefusal)) throw error;
    refusal = error;
  }
  try {
    return installationOf(await asked(() => client.request('GET /users/{username}/installation', { username: owner })));
  } catch (error) {
    // What was said of the organisation is worth more than that there is no such user.
    if (!isNotFound(error)) throw error;
    if (!isNotFound(refusal)) throw refusal;
    throw new ConfigFault('the app has no installation at the githubAppInstallationOwner, neither an organisation nor a user', {
      cause: error,
    });
  }
}

function installationOf({ data, status }: { readonly data: { readonly id?: unknown } | undefined; readonly status: number }): number {
  if (typeof data?.id !== 'number') throw new UnusableAnswer(status, 'the answer names no installation');
  return data.id;
}

function toApp(secret: ResolvedConfig['secret']): App {
  const id = toNumber(secret['githubAppID']);
  if (id === undefined) throw new ConfigFault('app ID must be provided to use github app authentication');
  const base = (secret['githubAppBaseURL'] ?? '').replace(/\/+$/, '');
  if (base !== '' && !/^https?:$/.test(URL.parse(base)?.protocol ?? ''))
    throw new ConfigFault('githubAppBaseURL must be an http or https URL');
  return {
    apiBase: base || PUBLIC_API,
    id: String(id),
    key: toKey(secret['githubAppPrivateKey'] ?? ''),
    installation: toInstallation(secret),
  };
}

function toInstallation(secret: ResolvedConfig['secret']): App['installation'] {
  const id = secret['githubAppInstallationID'] ?? '';
  const owner = secret['githubAppInstallationOwner'] ?? '';
  if (id !== '' && owner !== '') {
    throw new ConfigFault('only one of app installation owner or ID must be provided to use github app authentication');
  }
  const number = toNumber(id);
  if (number !== undefined) return { id: number };
  if (owner !== '') return { owner };
  throw new ConfigFault('app installation owner or ID must be provided to use github app authentication');
}

/** As Flux takes numbers: with leading zeros or a sign, but neither zero nor anything else. */
function toNumber(text = ''): number | undefined {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  return number === 0 || !Number.isSafeInteger(number) ? undefined : number;
}

function toKey(pem: string): KeyObject {
  if (pem === '') throw new ConfigFault('private key must be provided to use github app authentication');
  const key = parseKey(pem);
  if (key?.asymmetricKeyType !== 'rsa') throw new ConfigFault('could not parse private key: it must be a PEM encoded RSA key');
  return key;
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // What the parser says could quote the key, so it is not kept.
    return undefined;
  }
}

function toJwt(app: App, nowMs: number): string {
  const nowS = Math.floor(nowMs / 1000);
  const claims = { iat: nowS - ISSUED_BEFORE_S, exp: nowS + LIFETIME_S, iss: app.id };
  const unsigned = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${unsigned}.${sign('RSA-SHA256', Buffer.from(unsigned), app.key).toString('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** One entry per set of App details; a digest, because keys of caches are shown where values are not. */
function cacheKey(secret: ResolvedConfig['secret']): string {
  const parts = ['githubAppBaseURL', 'githubAppID', 'githubAppInstallationID', 'githubAppInstallationOwner', 'githubAppPrivateKey'].map(
    (name) => secret[name] ?? '',
  );
  return `github-app:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}
