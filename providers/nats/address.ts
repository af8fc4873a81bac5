// Which servers an address names: one, or several with commas between them, each with or without a scheme.
import type { SessionEndpoint } from '../../internal/sdk/session.ts';
import { ConfigFault } from '../../internal/sdk/provider.ts';

const DEFAULT_PORT = 4222;

export interface Server extends SessionEndpoint {
  /** `tls://`: nothing is said to a server that does not speak TLS. */
  readonly requiresTls: boolean;
  /** What stands before the `@`; without a password it is a token. */
  readonly userInfo: { readonly user: string; readonly password: string } | { readonly token: string } | undefined;
}

/** The servers in the order in which they are tried; throws ConfigFault, which does not show the address. */
export function toServers(address: string): readonly [Server, ...Server[]] {
  const [first, ...others] = address
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(toServer);
  if (first === undefined) throw new ConfigFault('NATS server (address) cannot be empty');
  return [first, ...others];
}

function toServer(entry: string): Server {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(entry)?.[1]?.toLowerCase();
  // To Flux's client only these two differ from nats and tls; whatever else is written, such as tcp, stands for nats.
  if (scheme === 'ws' || scheme === 'wss')
    throw new ConfigFault(`invalid NATS server URL: unsupported scheme '${scheme}', use nats or tls`);
  const authority = scheme === undefined ? entry : entry.slice(scheme.length + 3);
  const url = /[\s\\?#]/.test(authority) ? null : URL.parse(`http://${authority}`);
  if (url === null || url.hostname === '') throw new ConfigFault('invalid NATS server URL: invalid host or port');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: portOf(authority, url),
    requiresTls: scheme === 'tls',
    userInfo: userInfoOf(url),
  };
}

/** The parser drops port 80, which is http's own. */
function portOf(authority: string, url: URL): number {
  const hasPort80 = /:0*80\/*$/.test(authority);
  return url.port !== '' ? Number(url.port) : hasPort80 ? 80 : DEFAULT_PORT;
}

function userInfoOf(url: URL): Server['userInfo'] {
  const user = decode(url.username);
  const password = decode(url.password);
  if (password !== '') return { user, password };
  return user === '' ? undefined : { token: user };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is taken as it stands.
    return text;
  }
}
