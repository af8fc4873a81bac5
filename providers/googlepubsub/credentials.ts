// The credentials that a Secret's token holds: JSON as Google hands it out, exchanged for an access token.
// https://developers.google.com/identity/protocols/oauth2/service-account
import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { HttpRequest } from '../../internal/sdk/http.ts';
import { jsonAnswer } from '../../internal/sdk/json-answer.ts';
import { ConfigFault, type SendContext } from '../../internal/sdk/provider.ts';
import { Refused } from './answer.ts';

const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/pubsub';
const LIFETIME_S = 3600;
const DEFAULT_UNIVERSE = 'googleapis.com';

export interface Credentials {
  /** Google's own, or that of a sovereign cloud. */
  readonly universe: string;
  readonly cacheKey: string;
  /** The request for an access token; what it signs is asked for through the cache, which keeps it out of every record. */
  readonly toRequest: (context: SendContext) => Promise<HttpRequest>;
}

/** Throws ConfigFault, which shows nothing of the text. */
export function parseCredentials(text: string): Credentials {
  const json = parseJson(text);
  const type = field(json, 'type');
  const universe = field(json, 'universe_domain') || DEFAULT_UNIVERSE;
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(universe)) throw fault('the universe_domain of the credentials is not a domain');
  const cacheKey = `google:${createHash('sha256').update(text).digest('hex')}`;
  if (type === 'service_account') return { universe, cacheKey, toRequest: serviceAccount(json, cacheKey) };
  if (type === 'authorized_user') return { universe, cacheKey, toRequest: authorizedUser(json) };
  throw fault('the type of the credentials must be service_account or authorized_user');
}

/** An access token, cached until most of its life is over; throws Refused for an answer that holds none. */
export function accessToken(context: SendContext, { cacheKey, toRequest }: Credentials): Promise<string> {
  return context.token(cacheKey, async () => {
    const nowMs = context.clock.nowMs();
    const response = await context.http(await toRequest(context));
    if (response.status !== 200) throw new Refused(response, 'could not get an access token');
    const answer = jsonAnswer(response);
    const value = answer?.['access_token'];
    if (typeof value !== 'string' || value === '' || /\s/.test(value)) throw new Refused(response, 'the answer holds no access token');
    const lifetimeS = Number(answer?.['expires_in']);
    return { value, expiresAtMs: nowMs + (lifetimeS > 0 ? lifetimeS : LIFETIME_S) * 1000 };
  });
}

function serviceAccount(json: Json, cacheKey: string): Credentials['toRequest'] {
  const email = needed(json, 'client_email');
  const key = parseKey(needed(json, 'private_key'));
  const keyId = field(json, 'private_key_id');
  const url = tokenUrl(json);
  const toAssertion = (nowMs: number): string => {
    const issuedAt = Math.floor(nowMs / 1000);
    const header = { alg: 'RS256', typ: 'JWT', ...(keyId === '' ? {} : { kid: keyId }) };
    const claims = { iss: email, scope: SCOPE, aud: url, iat: issuedAt, exp: issuedAt + LIFETIME_S };
    const unsigned = `${encode(header)}.${encode(claims)}`;
    return `${unsigned}.${sign('RSA-SHA256', Buffer.from(unsigned), key).toString('base64url')}`;
  };
  return async (context) => {
    const nowMs = context.clock.nowMs();
    const assertion = await context.token(`${cacheKey} assertion`, async () => ({
      value: toAssertion(nowMs),
      expiresAtMs: nowMs + LIFETIME_S * 1000,
    }));
    return toForm(url, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  };
}

function authorizedUser(json: Json): Credentials['toRequest'] {
  const request = toForm(tokenUrl(json), {
    grant_type: 'refresh_token',
    client_id: needed(json, 'client_id'),
    client_secret: needed(json, 'client_secret'),
    refresh_token: needed(json, 'refresh_token'),
  });
  return async () => request;
}

function toForm(url: string, fields: Readonly<Record<string, string>>): HttpRequest {
  return {
    method: 'POST',
    url,
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    body: new URLSearchParams(fields).toString(),
  };
}

function tokenUrl(json: Json): string {
  const url = field(json, 'token_uri') || TOKEN_URL;
  if (URL.parse(url)?.protocol !== 'https:') throw fault('the token_uri of the credentials must be an https address');
  return url;
}

type Json = Readonly<Record<string, unknown>>;

function parseJson(text: string): Json {
  const json = tryParse(text);
  if (json === undefined) throw fault('the token is not JSON');
  return json;
}

function tryParse(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : undefined;
  } catch {
    // The parser's words quote the text, so they are not kept.
    return undefined;
  }
}

function field(json: Json, name: string): string {
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  return typeof value === 'string' ? value : '';
}

function needed(json: Json, name: string): string {
  const value = field(json, name);
  if (value === '') throw fault(`the credentials hold no ${name}`);
  return value;
}

function parseKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // What the parser says could quote the key.
  }
  throw fault('the private_key of the credentials is not a PEM encoded RSA key');
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function fault(why: string): ConfigFault {
  return new ConfigFault(`pubsub(publisher): ${why}`);
}
