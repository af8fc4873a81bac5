// What a Secret says about the login: a credentials file, else the seed of an nkey, else user name and password.
// What is read here has been tried out, so that a broken key is a fault of configuration and not a refused login.
import { ConfigFault, type ResolvedConfig } from '../../internal/sdk/provider.ts';
import type { Server } from './address.ts';
import type { NatsClient } from './client.ts';

/** The part of CONNECT that says who connects; a nonce that the server sent is signed. */
export type Login = (nonce: string | undefined) => Readonly<Record<string, string>>;

/** How to log in, in Flux's order of precedence; user info in the address stands beside a key and replaces user name and password. */
export function toLogin(client: NatsClient, config: ResolvedConfig, { userInfo }: Server): Login {
  const withKey = toKeyLogin(client, config.secret);
  const plain = toPlainLogin(config, userInfo, withKey !== undefined);
  return (nonce) => ({ ...plain, ...withKey?.(nonce) });
}

function toPlainLogin(
  { username, password }: ResolvedConfig,
  userInfo: Server['userInfo'],
  hasKey: boolean,
): Readonly<Record<string, string>> {
  if (userInfo !== undefined)
    return 'token' in userInfo ? { auth_token: userInfo.token } : { user: userInfo.user, pass: userInfo.password };
  return hasKey || username === '' || password === '' ? {} : { user: username, pass: password };
}

function toKeyLogin(client: NatsClient, secret: ResolvedConfig['secret']): Login | undefined {
  const creds = secret['creds'] ?? '';
  if (creds !== '') {
    const { jwt, seed } = readCredentialsFile(creds);
    const key = toKey(client, seed, 'error signing nonce: unable to extract key pair from bytes');
    return (nonce) => ({ jwt, sig: signature(client, key, nonce) });
  }
  const seed = secret['nkey'] ?? '';
  if (seed === '') return undefined;
  const key = toKey(client, seed.trim(), 'error parsing nkey seed');
  return (nonce) => ({ nkey: key.getPublicKey(), sig: signature(client, key, nonce) });
}

type Key = ReturnType<NatsClient['nkeys']['fromSeed']>;

function toKey(client: NatsClient, seed: string, what: string): Key {
  const key = parseKey(client, seed);
  // Only a user may log in.
  if (key === undefined || !key.getPublicKey().startsWith('U')) throw new ConfigFault(`${what}: it is not the seed of a user`);
  return key;
}

function parseKey(client: NatsClient, seed: string): Key | undefined {
  try {
    return client.nkeys.fromSeed(new TextEncoder().encode(seed));
  } catch {
    // What the parser says could quote the seed, so it is not kept.
    return undefined;
  }
}

function signature(client: NatsClient, key: Key, nonce: string | undefined): string {
  // A server that asks for no proof sends no nonce.
  return nonce === undefined ? '' : client.nkeys.encode(key.sign(new TextEncoder().encode(nonce)));
}

/** A JWT and a seed, each between two lines of dashes, as `nsc` writes them. */
function readCredentialsFile(text: string): { readonly jwt: string; readonly seed: string } {
  const blocks = [...text.matchAll(/^\s*-{3,}[^\n]*-{3,}\s*\n\s*(\S+)\s*\n\s*-{3,}[^\n]*-{3,}\s*$/gm)].map((match) => match[1] ?? '');
  const [jwt, seed] = blocks;
  if (jwt === undefined || seed === undefined) {
    throw new ConfigFault('error signing nonce: unable to extract key pair from bytes: the creds hold no JWT with an nkey seed');
  }
  return { jwt, seed };
}
